"""Versions of Kafka to run brokers of, and what a broker can do, as it says itself."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from pathlib import Path

from testbed.lib.cache import Part, Steps
from testbed.lib.kafka_parts import ARCHIVE, JARS
from testbed.lib.kafka_parts import RECIPE as CURRENT_RECIPE

RECIPE = Path(__file__).resolve().parent / "releases"
HEAP = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
# Keys of the requests by which a member joins a group of each kind.
CONSUMER_GROUPS, SHARE_GROUPS, STREAMS_GROUPS = 68, 76, 88
API_VERSIONS = 18


@dataclass(frozen=True)
class Release:
    """How to run the classes of one version."""

    options: tuple[str, ...]
    parts: tuple[Part, ...]
    # Older versions know no other quorum than one of voters that are named in the configuration.
    static_quorum: bool = False

    def java(self, *arguments: str) -> list[str]:
        for part in self.parts:
            part.ensure()
        return ["java", *HEAP, *self.options, *arguments]


CURRENT = Release((f"-XX:SharedArchiveFile={ARCHIVE.path / 'kafka.jsa'}", "-Xlog:disable", "-cp", f"{JARS.path}/libs/*"),
                  (JARS, ARCHIVE))


def release(version: str) -> Release:
    def make(target: Path, steps: Steps) -> None:
        steps.run("download", ["mvn", "-q", "-B", "-f", RECIPE / "pom.xml", f"-Dkafka={version}",
                               "dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={target}"])

    jars = Part(f"kafka-{version}", (RECIPE / "pom.xml", version), make)
    return Release((f"-Dlog4j2.configurationFile={CURRENT_RECIPE / 'log4j2.properties'}", "-cp", f"{jars.path}/*"), (jars,),
                   static_quorum=True)


def requests_of(bootstrap: str) -> dict[int, int]:
    """The keys of the requests that the first of these brokers answers, and the newest version of each."""
    host, _, port = bootstrap.partition(",")[0].rpartition(":")
    with socket.create_connection((host, int(port)), 20) as connection:
        request = struct.pack(">hhih", API_VERSIONS, 0, 1, -1)
        connection.sendall(struct.pack(">i", len(request)) + request)
        stream = connection.makefile("rb")
        size, _, error, count = struct.unpack(">iihi", stream.read(14))
        assert error == 0
        rows = struct.iter_unpack(">hhh", stream.read(size - 10))
        found = {key: newest for key, _, newest in rows}
    assert len(found) == count
    return found
