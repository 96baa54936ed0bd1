"""Kafka's jars from Maven artifacts, laid out so that a class-data archive fits wherever they are put."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

from .cache import Part, Steps

VERSION = "4.3.1"
RECIPE = Path(__file__).resolve().parent.parent / "images" / "kafka"
IN_OWN_NETWORK = ("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "-")


def _make_jars(target: Path, steps: Steps) -> None:
    """target/jars, and target/libs with one jar that names them all.

    An archive of class data holds for one class path only, and the order in which Java expands `libs/*` is the file
    system's: with one jar in libs there is one order. In the official images all jars are in libs; both run with
    `-cp '.../libs/*'`.
    """
    steps.run("download", ["mvn", "-q", "-B", "-f", RECIPE / "pom.xml", "dependency:copy-dependencies",
                           "-DincludeScope=runtime", f"-DoutputDirectory={target / 'jars'}"])
    (target / "libs").mkdir()
    class_path = "Class-Path: " + " ".join(f"../jars/{jar.name}" for jar in sorted((target / "jars").glob("*.jar")))
    # A manifest's lines are at most 72 bytes; one that begins with a blank goes on with the line before.
    lines = [class_path[:70], *(f" {class_path[at:at + 69]}" for at in range(70, len(class_path), 69))]
    with zipfile.ZipFile(target / "libs" / "kafka.jar", "w") as jar:
        jar.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n" + "\n".join(lines) + "\n\n")
        jar.write(RECIPE / "log4j2.properties", "log4j2.properties")


def _make_archive(target: Path, steps: Steps) -> None:
    steps.run("learn classes", [*IN_OWN_NETWORK, RECIPE / "make-archive", f"{JARS.path}/libs/*", target / "kafka.jsa"])


def _java_version() -> str:
    """What the archive depends on: it holds for one build of Java only."""
    try:
        return subprocess.run(["java", "-version"], capture_output=True, text=True, stdin=subprocess.DEVNULL).stderr
    except FileNotFoundError:
        return "no java"


JARS = Part("kafka-jars", (RECIPE / "pom.xml", RECIPE / "log4j2.properties", "1"), _make_jars)
ARCHIVE = Part("kafka-archive", (RECIPE / "make-archive", _java_version()), _make_archive, (JARS,))
