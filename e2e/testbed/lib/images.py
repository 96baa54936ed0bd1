"""The images of the testbed, made from Debian's packages and Maven's artifacts without an image registry."""

from __future__ import annotations

import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import kafka, kafka_parts, oci
from .cache import BuildError, Part, Steps

SUITE = "trixie"
WRITER = Path(oci.__file__)
RECIPES = Path(__file__).resolve().parent.parent / "images"
BASE, PAUSE = f"localhost/debian:{SUITE}", "localhost/pause:1"
KAFKA, WORKLOAD = f"localhost/penstock-kafka:{kafka_parts.VERSION}", "localhost/penstock-workload:1"
SOURCES_VARIABLE = "PENSTOCK_DEBIAN_SOURCES"
EXCLUDED = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*")
COMMON = ("--variant=minbase", *(f"--dpkgopt=path-exclude={path}" for path in EXCLUDED),
          "--dpkgopt=force-unsafe-io",  # a crash in the middle leaves nothing that is used
          '--setup-hook=mkdir -p "$1/usr/share/man/man1"')  # where a Java runtime's installation makes links, excluded or not
CLEAN = '--customize-hook=rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/*'
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def os_release(field: str) -> str:
    """A field of /etc/os-release, such as VERSION_CODENAME."""
    found = re.search(rf'^{field}="?([^"\n]*)', Path("/etc/os-release").read_text(), re.MULTILINE)
    return found[1] if found else ""


def _stanzas(codename: str) -> list[str]:
    """The machine's own apt sources (deb822 stanzas) for its suite, its updates and its security fixes."""
    found = []
    for path in sorted(Path("/etc/apt/sources.list.d").glob("*.sources")):
        text = "\n".join(line for line in path.read_text().splitlines() if not line.startswith("#"))
        for stanza in re.split(r"\n\s*\n", text):
            if re.search(rf"^Suites:.*\s{codename}(-updates|-security)?(\s|$)", stanza, re.MULTILINE):
                found.append(re.sub(r"^Types:.*$", "Types: deb", stanza.strip(), flags=re.MULTILINE))
    return found


def _lines(codename: str) -> list[str]:
    """The same from files of one-line entries."""
    files = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*.list"))]
    lines = [line for path in files if path.exists() for line in path.read_text().splitlines()]
    return [line for line in lines if re.search(rf"^deb\s.*\s{codename}(-updates|-security)?\s", line)]


def _write_sources(folder: Path) -> Path:
    """A file of apt sources for the images' suite: the machine's own with its suite replaced."""
    if own := os.environ.get(SOURCES_VARIABLE):
        return Path(own)
    codename = os_release("VERSION_CODENAME")
    if os_release("ID") == "debian":
        for texts, name, separator in ((_stanzas(codename), "debian.sources", "\n\n"), (_lines(codename), "debian.list", "\n")):
            if texts:
                target = folder / name
                target.write_text(re.sub(rf"\b{codename}\b", SUITE, separator.join(texts)) + "\n")
                return target
    raise BuildError(f"The images are made of Debian {SUITE}'s packages, and this machine has no apt sources of Debian. Set "
                     f"{SOURCES_VARIABLE} to a .sources file for {SUITE} (and install debian-archive-keyring).")


@dataclass(frozen=True)
class Recipe:
    """An image: Debian packages, files of ours, and shell commands that find the root at "$1" and the files at "$content"."""

    name: str
    config: dict[str, Any]
    packages: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()
    content: Callable[[Path], None] = lambda folder: None
    content_inputs: tuple[str | Path, ...] = ()
    needs: tuple[Part, ...] = ()

    def part(self) -> Part:
        inputs = (platform.machine(), WRITER, SUITE, self.name, json.dumps(self.config), *COMMON, *self.packages, *self.hooks)
        return Part(part_name(self.name), (*inputs, *self.content_inputs), self._make, self.needs)

    def _make(self, target: Path, steps: Steps) -> None:
        content, root = target / "content", target / "root.tar"
        content.mkdir()
        self.content(content)
        options = [*(f"--include={package}" for package in self.packages), *(f"--customize-hook={hook}" for hook in self.hooks)]
        steps.run("root file system", ["mmdebstrap", *COMMON, *options, CLEAN, SUITE, root, _write_sources(target)],
                  env={"TMPDIR": str(target), "content": str(content)})
        _finish(target, self.name, root, self.config)


def part_name(image: str) -> str:
    """localhost/NAME:TAG is made by the part image-NAME."""
    return "image-" + image.removeprefix("localhost/").split(":")[0]


def _finish(target: Path, name: str, layer: Path, config: dict[str, Any]) -> None:
    """Writes target/image.tar and removes everything else."""
    oci.write_archive(target / "image.tar", name, layer, config)
    for path in list(target.iterdir()):
        if path.name != "image.tar":
            path.unlink() if path.is_file() else shutil.rmtree(path)


def write_program_image(target: Path, name: str, programs: Sequence[Path]) -> None:
    """An archive of an image that has nothing but programs of this machine, in /usr/bin, and the libraries they are linked to."""
    linked = subprocess.run(["ldd", *programs], check=True, capture_output=True, text=True).stdout
    libraries = set(re.findall(r"^\s+(?:\S+ => )?(/\S+) \(0x", linked, re.MULTILINE))
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        layer = Path(folder) / "root.tar"
        with tarfile.open(layer, "w", dereference=True) as root:
            for library in sorted(libraries):
                root.add(library)
            for program in programs:
                root.add(program, f"usr/bin/{program.name}")
        oci.write_archive(target, name, layer, {"Env": _environment(), "User": "65532:65532"})


def _make_pause(target: Path, steps: Steps) -> None:
    root = target / "root"
    root.mkdir()
    steps.run("compile", ["gcc", "-Os", "-static", "-s", "-o", root / "pause", RECIPES / "pause" / "pause.c"])
    steps.run("root file system", ["tar", "-C", root, "--owner=0", "--group=0", "-cf", target / "root.tar", "pause"])
    _finish(target, PAUSE, target / "root.tar", {"Entrypoint": ["/pause"]})


def _kafka_script(main_class: str, options: str) -> str:
    return f"#!/bin/sh\nexec java {options} -cp '/opt/kafka/libs/*' {main_class} \"$@\"\n"


def _kafka_scripts() -> dict[str, str]:
    """The scripts of the official image that people use, by file name."""
    tool = "${KAFKA_HEAP_OPTS:--Xmx256m} -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dkafka.log.level=WARN"
    scripts = {f"kafka-{name}.sh": _kafka_script(main_class, tool) for name, main_class in kafka.TOOLS.items()}
    scripts["kafka-storage.sh"] = _kafka_script("kafka.tools.StorageTool", tool)
    scripts["kafka-server-start.sh"] = _kafka_script("kafka.Kafka", "${KAFKA_HEAP_OPTS:--Xmx1G -Xms1G}")
    return scripts


def _kafka_content(folder: Path) -> None:
    shutil.copytree(kafka_parts.JARS.path, folder / "kafka")
    (folder / "kafka" / "bin").mkdir()
    for name, text in _kafka_scripts().items():
        script = folder / "kafka" / "bin" / name
        script.write_text(text)
        script.chmod(0o755)
    shutil.copy(kafka_parts.RECIPE / "make-archive", folder)


KAFKA_HOOKS = (
    # -a: a jar's time is part of what the archive checks, and mmdebstrap turns back the times of files newer than its start.
    'cp -a "$content/kafka" "$1/opt/kafka" && cp "$content/make-archive" "$1/tmp"',
    'chroot "$1" useradd --uid 1000 --create-home appuser && chroot "$1" chown -R appuser:root /opt/kafka',
    # The archive takes the place of Java's own, so that no option is needed to use it and none is announced.
    'archive=$(cd "$1" && find usr/lib/jvm -name classes.jsa) && ' + shlex.join(kafka_parts.IN_OWN_NETWORK)
    + """ chroot "$1" /tmp/make-archive '/opt/kafka/libs/*' "/$archive" && rm "$1/tmp/make-archive"
""")


def _workload_content(folder: Path) -> None:
    for program in (RECIPES / "workload").glob("*.py"):
        shutil.copy(program, folder)


WORKLOAD_HOOKS = ('mkdir "$1/app" && cp "$content"/*.py "$1/app" && chmod 755 "$1"/app/*.py',)


def _environment(path: str = PATH) -> list[str]:
    return [f"PATH={path}", "LANG=C.UTF-8"]


ALL = (
    Part(part_name(PAUSE), (platform.machine(), WRITER, RECIPES / "pause"), _make_pause),
    Recipe(BASE, {"Env": _environment(), "Cmd": ["bash"]}).part(),
    Recipe(KAFKA, {"Env": _environment(f"/opt/kafka/bin:{PATH}"), "User": "1000", "WorkingDir": "/", "Cmd": ["bash"]},
           ("openjdk-21-jre-headless", "procps"), KAFKA_HOOKS, _kafka_content,
           (RECIPES / "kafka" / "make-archive", str(_kafka_scripts())), (kafka_parts.JARS,)).part(),
    Recipe(WORKLOAD, {"Env": _environment(), "User": "65534", "WorkingDir": "/app", "Cmd": ["/app/consume.py"]},
           ("python3", "python3-confluent-kafka"), WORKLOAD_HOOKS, _workload_content, (RECIPES / "workload",)).part(),
)
