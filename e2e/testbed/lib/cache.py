"""The content-keyed cache of built parts.

A part lives in `<cache>/<name>-<hash of its inputs>`. It is made in a temporary directory and renamed, so that it is
there whole or not at all; a lock for each name keeps two builds of it apart. The cache may be deleted at any time.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .namespaces import die_with_parent

ROOT = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "penstock"
HEARTBEAT_SECONDS = 30
_print_lock = threading.Lock()


class BuildError(Exception):
    """A part could not be built; the text says where its log is and how it ends."""


class Steps:
    """Runs the commands of one part: their output goes to the part's log, their names and durations to the terminal."""

    def __init__(self, part: str, log: Path) -> None:
        self._part = part
        self._log_path = log
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log = log.open("w")

    def run(self, what: str, argv: Sequence[str | Path], cwd: Path | None = None, env: Mapping[str, str] | None = None) -> None:
        """Runs argv to its end with nice and without standard input; raises BuildError if it fails."""
        self._say(f"{what} ...")
        self._log.write(f"\n+ {' '.join(map(str, argv))}\n")
        self._log.flush()
        begin = time.monotonic()
        process = subprocess.Popen(["nice", "-n", "5", *map(str, argv)], cwd=cwd, env={**os.environ, **(env or {})},
                                   stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT,
                                   preexec_fn=die_with_parent)
        while True:
            try:
                code = process.wait(HEARTBEAT_SECONDS)
                break
            except subprocess.TimeoutExpired:
                self._say(f"{what} still running, {time.monotonic() - begin:.0f} s")
            except BaseException:
                process.kill()
                process.wait()
                raise
        if code != 0:
            raise self.failure(f"{what} ended with {code}")
        self._say(f"{what} done in {time.monotonic() - begin:.1f} s")

    def failure(self, what: str) -> BuildError:
        """The error to raise when this part can't be made, with the tail of its log."""
        self._log.flush()
        tail = "\n".join(self._log_path.read_text(errors="replace").splitlines()[-30:])
        return BuildError(f"{self._part}: {what}\n{tail}\n(whole log: {self._log_path})")

    def _say(self, text: str) -> None:
        with _print_lock:
            print(f"[build] {self._part}: {text}", file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Part:
    """One directory of the cache: its name, what its content depends on, and how it is made."""

    name: str
    inputs: tuple[str | Path, ...]
    make: Callable[[Path, Steps], None]
    needs: tuple[Part, ...] = field(default=())

    @property
    def path(self) -> Path:
        keys = [part.path.name for part in self.needs]
        return ROOT / f"{self.name}-{digest([*keys, *self.inputs])}"

    def ready(self) -> bool:
        return self.path.is_dir()

    def ensure(self) -> Path:
        """Builds the part and what it needs if missing; returns its directory."""
        if self.ready():
            return self.path
        for part in self.needs:
            part.ensure()
        ROOT.mkdir(parents=True, exist_ok=True)
        with (ROOT / f".{self.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self.ready():
                self._build()
        return self.path

    def _build(self) -> None:
        for left in ROOT.glob(f".{self.name}-*"):  # of a build that was killed: the lock is ours now
            shutil.rmtree(left, ignore_errors=True)
        work = ROOT / f".{self.path.name}"
        work.mkdir()
        try:
            self.make(work, Steps(self.name, ROOT / "log" / f"{self.path.name}.log"))
            work.rename(self.path)
        finally:
            shutil.rmtree(work, ignore_errors=True)


def digest(inputs: Iterable[str | Path]) -> str:
    """A hash of texts, and of the names and contents of files and of directories' files."""
    total = hashlib.sha256()
    for item in inputs:
        files = [item] if isinstance(item, str) or item.is_file() else sorted(p for p in item.rglob("*") if p.is_file())
        for entry in files:
            name, content = (entry, b"") if isinstance(entry, str) else (entry.name, entry.read_bytes())
            total.update(f"{len(name)} {name} {len(content)} ".encode() + content)
    return total.hexdigest()[:12]


def ensure_all(parts: Sequence[Part]) -> None:
    """Builds what is missing in two lanes: compilers in one, downloads in the other, so that they overlap."""
    missing = [part for part in parts if not part.ready()]
    lanes = [[p for p in missing if p.name.startswith("go-")], [p for p in missing if not p.name.startswith("go-")]]
    errors: list[BaseException] = []

    def work(lane: list[Part]) -> None:
        try:
            for part in lane:
                part.ensure()
        except BaseException as error:  # handed to the caller's thread below
            errors.append(error)

    threads = [threading.Thread(target=work, args=(lane,)) for lane in lanes if lane]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
