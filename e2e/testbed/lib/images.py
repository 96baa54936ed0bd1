"""The images of the testbed, made from Debian's packages and Maven's artifacts without an image registry."""

from __future__ import annotations

import os
import platform
import re
import shlex
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from . import kafka, kafka_parts, oci
from .cache import BuildError, Part, Steps

SUITE = "trixie"
RECIPES = Path(__file__).resolve().parent.parent / "images"
BASE, PAUSE = f"localhost/debian:{SUITE}", "localhost/pause:1"
KAFKA, WORKLOAD = f"localhost/penstock-kafka:{kafka_parts.VERSION}", "localhost/penstock-workload:1"
SOURCES_VARIABLE = "PENSTOCK_DEBIAN_SOURCES"
EXCLUDED = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*")
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


def _bootstrap(target: Path, steps: Steps, packages: Sequence[str] = (), hooks: Sequence[str] = ()) -> Path:
    """A root file system of the suite as a tar file; hooks are shell commands that find it at "$1"."""
    root = target / "root.tar"
    sources = _write_sources(target)
    command: list[str | Path] = ["mmdebstrap", "--variant=minbase", *(f"--dpkgopt=path-exclude={path}" for path in EXCLUDED),
                                 # a Java runtime's installation links manual pages, excluded or not
                                 '--setup-hook=mkdir -p "$1/usr/share/man/man1"',
                                 *([f"--include={','.join(packages)}"] if packages else []),
                                 *(f"--customize-hook={hook}" for hook in hooks),
                                 '--customize-hook=rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/*', SUITE, root, sources]
    steps.run("root file system", command, env={"TMPDIR": str(target)})
    return root


def _image(name: str, config: dict[str, Any], inputs: Sequence[str | Path], make_root: Callable[[Path, Steps], Path],
           needs: tuple[Part, ...] = ()) -> Part:
    """A part whose image.tar is the image; make_root returns its layer, a tar file in the part's directory."""
    def make(target: Path, steps: Steps) -> None:
        layer = make_root(target, steps)
        oci.write_archive(target / "image.tar", name, layer, config)
        for path in list(target.iterdir()):
            if path.name != "image.tar":
                path.unlink() if path.is_file() else shutil.rmtree(path)

    short = name.removeprefix("localhost/").split(":")[0]
    return Part(f"image-{short}", (name, str(config), platform.machine(), *inputs), make, needs)


def _pause(target: Path, steps: Steps) -> Path:
    root = target / "root"
    root.mkdir()
    steps.run("compile", ["gcc", "-Os", "-static", "-s", "-o", root / "pause", RECIPES / "pause" / "pause.c"])
    steps.run("root file system", ["tar", "-C", root, "--owner=0", "--group=0", "-cf", target / "root.tar", "pause"])
    return target / "root.tar"


def _kafka_script(main_class: str, options: str) -> str:
    return f"#!/bin/sh\nexec java {options} -cp '/opt/kafka/libs/*' {main_class} \"$@\"\n"


def _kafka_scripts() -> dict[str, str]:
    """The scripts of the official image that people use, by file name."""
    tool = "${KAFKA_HEAP_OPTS:--Xmx256m} -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dkafka.log.level=WARN"
    scripts = {f"kafka-{name}.sh": _kafka_script(main_class, tool) for name, main_class in kafka.TOOLS.items()}
    scripts["kafka-storage.sh"] = _kafka_script("kafka.tools.StorageTool", tool)
    scripts["kafka-server-start.sh"] = _kafka_script("kafka.Kafka", "${KAFKA_HEAP_OPTS:--Xmx1G -Xms1G}")
    return scripts


def _kafka_root(target: Path, steps: Steps) -> Path:
    home = target / "kafka"
    shutil.copytree(kafka_parts.JARS.path, home)
    (home / "bin").mkdir()
    for name, text in _kafka_scripts().items():
        (home / "bin" / name).write_text(text)
        (home / "bin" / name).chmod(0o755)
    shutil.copy(kafka_parts.RECIPE / "make-archive", home / "make-archive")
    # The archive takes the place of Java's own, so that no option is needed to use it and none is announced.
    archive = '"$(chroot "$1" find /usr/lib/jvm -name classes.jsa)"'
    learn = shlex.join(kafka_parts.IN_OWN_NETWORK) + f""" chroot "$1" /opt/kafka/make-archive '/opt/kafka/libs/*' {archive}"""
    hooks = [f'cp -r {shlex.quote(str(home))} "$1/opt/kafka"', 'chroot "$1" useradd --uid 1000 --create-home appuser', learn,
             'rm "$1/opt/kafka/make-archive" && chroot "$1" chown -R appuser:root /opt/kafka']
    return _bootstrap(target, steps, ["openjdk-21-jre-headless", "procps"], hooks)


def _workload_root(target: Path, steps: Steps) -> Path:
    copy = f'mkdir "$1/app" && cp {shlex.quote(str(RECIPES / "workload"))}/*.py "$1/app" && chmod 755 "$1"/app/*.py'
    return _bootstrap(target, steps, ["python3", "python3-confluent-kafka"], [copy])


def _environment(path: str = PATH) -> list[str]:
    return [f"PATH={path}", "LANG=C.UTF-8"]


ALL = (
    _image(PAUSE, {"Entrypoint": ["/pause"]}, [RECIPES / "pause"], _pause),
    _image(BASE, {"Env": _environment(), "Cmd": ["bash"]}, [str(EXCLUDED)], lambda target, steps: _bootstrap(target, steps)),
    _image(KAFKA, {"Env": _environment(f"/opt/kafka/bin:{PATH}"), "User": "1000", "WorkingDir": "/", "Cmd": ["bash"]},
           [RECIPES / "kafka", str(_kafka_scripts()), str(EXCLUDED), "1"], _kafka_root, (kafka_parts.JARS,)),
    _image(WORKLOAD, {"Env": _environment(), "User": "65534", "WorkingDir": "/app", "Cmd": ["/app/consume.py"]},
           [RECIPES / "workload", str(EXCLUDED), "1"], _workload_root),
)
