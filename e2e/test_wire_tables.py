"""Our tables of Kafka's messages against the definitions that Kafka's own classes are generated from."""

from __future__ import annotations

import json
import re
import subprocess
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from harness.programs import built
from testbed.lib.kafka_parts import JARS, VERSION

PRIMITIVES = {"bool", "int8", "int16", "uint16", "int32", "int64", "string", "bytes", "uuid"}
ZERO = {"bool": "false", "string": ""}
# Where we begin with another value than Kafka's: a request without a replica id is a client's, and -1 says so.
OTHER_DEFAULTS = {("ListOffsetsRequest", "ReplicaId"): "-1"}
MESSAGES = ["ApiVersions", "SaslHandshake", "SaslAuthenticate", "Metadata", "FindCoordinator", "ListOffsets", "OffsetFetch",
            "ListGroups", "DescribeGroups", "ConsumerGroupDescribe", "ShareGroupDescribe", "StreamsGroupDescribe",
            "DescribeShareGroupOffsets"]
NAMES = [name + kind for name in MESSAGES for kind in ("Request", "Response")] + ["ConsumerProtocolAssignment"]


def _ours() -> dict[str, Any]:
    output = subprocess.run([built("tests/wire_tables")], capture_output=True, text=True, check=True, timeout=60).stdout
    return {table["message"]: table for table in json.loads(output)}


def _kafkas(name: str) -> dict[str, Any]:
    with zipfile.ZipFile(JARS.path / "jars" / f"kafka-clients-{VERSION}.jar") as jar:
        text = jar.read(f"common/message/{name}.json").decode()
    return json.loads(re.sub(r"(?m)(^|(?<=[\s,]))//[^\n]*$", "", text))  # they have comments


@pytest.fixture(scope="module")
def ours() -> dict[str, Any]:
    JARS.ensure()
    return _ours()


def _within(versions: str, version: int) -> bool:
    """Kafka's notation: 3, 1-4, 2+, none."""
    if versions == "none":
        return False
    first, _, last = versions.partition("-")
    if first.endswith("+"):
        return version >= int(first[:-1])
    return int(first) <= version <= int(last or first)


def _expected(definition: dict[str, Any], version: int) -> Iterator[dict[str, Any]]:
    """Kafka's fields at a version, in order, each before those that it holds."""
    structs = {struct["name"]: struct["fields"] for struct in definition.get("commonStructs", [])}

    def walk(fields: list[dict[str, Any]], above: str) -> Iterator[dict[str, Any]]:
        for field in fields:
            if not _within(field["versions"], version):
                continue
            base = field["type"].removeprefix("[]")
            array = "[]" if field["type"].startswith("[]") else ""
            path = above + field["name"]
            nullable = _within(field.get("nullableVersions", "none"), version)
            tagged = _within(field.get("taggedVersions", "none"), version)
            row = {"path": path, "type": array + (base if base in PRIMITIVES else "struct"), "nullable": nullable,
                   "tag": field["tag"] if tagged else -1}
            # What can be null in some version is an optional of ours, which has no other default than null.
            if not array and base in PRIMITIVES - {"bytes", "uuid"} and "nullableVersions" not in field:
                default = str(field.get("default", ZERO.get(base, "0")))
                row["initial"] = OTHER_DEFAULTS.get((definition["name"], path), default)
            yield row
            if base not in PRIMITIVES:
                yield from walk(field.get("fields") or structs[base], path + ".")

    yield from walk(definition["fields"], "")


def _claimed(table: dict[str, Any], version: int, with_initial: set[str]) -> Iterator[dict[str, Any]]:
    absent: set[str] = set()
    for row in table["fields"]:
        path = row["path"]
        first, last = row["versions"]
        if path.rpartition(".")[0] in absent or not first <= version <= last:
            absent.add(path)
            continue
        field = {"path": path, "type": row["type"], "nullable": row["nullable"][0] <= version <= row["nullable"][1],
                 "tag": row["tag"]}
        yield field | ({"initial": row["initial"]} if path in with_initial else {})


def test_every_message_is_compared(ours: dict[str, Any]) -> None:
    assert sorted(ours) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_table_is_kafkas(ours: dict[str, Any], name: str) -> None:
    table, definition = ours[name], _kafkas(name)
    assert table["key"] == definition.get("apiKey")
    for version in range(table["oldest"], table["newest"] + 1):
        assert _within(definition["validVersions"], version)
        assert (version >= table["flexible"]) == _within(definition["flexibleVersions"], version)
        expected = list(_expected(definition, version))
        with_initial = {row["path"] for row in expected if "initial" in row}
        assert list(_claimed(table, version, with_initial)) == expected, f"{name} v{version}"
