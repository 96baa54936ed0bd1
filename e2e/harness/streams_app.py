"""A Kafka Streams application as a process of this machine: harness/streams/Pipeline.java, started from its source."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import TracebackType

from testbed.lib.cache import Part, Steps
from testbed.lib.kafka_parts import JARS

from .releases import HEAP

RECIPE = Path(__file__).resolve().parent / "streams"


def _make_jar(target: Path, steps: Steps) -> None:
    steps.run("download", ["mvn", "-q", "-B", "-f", RECIPE / "pom.xml", "dependency:copy-dependencies",
                           f"-DoutputDirectory={target}"])


STREAMS_JAR = Part("kafka-streams-jar", (RECIPE / "pom.xml",), _make_jar)


class StreamsApp:
    """A group of one member with a task for each partition of its largest topic, and one for each of its repartition
    topic; as a context, until it has left the group."""

    def __init__(self, folder: Path, bootstrap: str, group: str, protocol: str, repartitions: int, *topics: str) -> None:
        """Protocol: streams or classic."""
        JARS.ensure()
        self._log = folder / f"{group}.log"
        java = ["java", *HEAP, "-cp", f"{JARS.path}/libs/*:{STREAMS_JAR.ensure()}/*"]
        self._process = subprocess.Popen(
            [*java, RECIPE / "Pipeline.java", bootstrap, group, protocol, folder / group, str(repartitions), *topics],
            stdin=subprocess.PIPE, stdout=self._log.open("w"), stderr=subprocess.STDOUT)

    def __enter__(self) -> StreamsApp:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error:
            print(self._log.read_text()[-3000:])
        self.leave()

    def leave(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        try:
            assert self._process.wait(30) == 0, self._log.read_text()[-3000:]
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise
