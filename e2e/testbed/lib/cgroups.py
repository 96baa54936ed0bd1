"""The control groups of one node: a directory of its own in every hierarchy, so that all of it can be removed."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
CONTROLLERS = ("cpuset", "cpu", "io", "memory", "pids")


def _unified() -> bool:
    """Whether the machine has cgroup v2 alone."""
    return (ROOT / "cgroup.controllers").exists()


def _hierarchies() -> list[Path]:
    return [ROOT] if _unified() else [path for path in sorted(ROOT.iterdir()) if path.is_dir() and not path.is_symlink()]


def _delegate(folder: Path) -> None:
    """Gives the directories below folder the controllers that folder has (cgroup v2)."""
    have = (folder / "cgroup.controllers").read_text().split()
    wanted = " ".join(f"+{name}" for name in CONTROLLERS if name in have)
    try:
        (folder / "cgroup.subtree_control").write_text(wanted)
    except OSError as error:
        raise RuntimeError(f"{folder}: its controllers can't be handed down ({error.strerror}). In a container, start it with "
                           "its processes in a child of the cgroup's root, or with --cgroupns=host") from error


def create(node: str) -> None:
    """Makes the node's directories."""
    for hierarchy in _hierarchies():
        folder = hierarchy / node
        folder.mkdir(exist_ok=True)
        for name in ("cpuset.cpus", "cpuset.mems"):  # cgroup v1: a set must be filled before a process may join
            if not _unified() and (hierarchy / name).exists():
                (folder / name).write_text((hierarchy / name).read_text())
    if _unified():
        _delegate(ROOT)
        _delegate(ROOT / node)


def remove(node: str) -> None:
    """Removes the node's directories once their processes are gone, which the kernel may take a moment to see."""
    end = time.monotonic() + 5
    while left := [tree for tree in (hierarchy / node for hierarchy in _hierarchies()) if tree.is_dir()]:
        for tree in left:
            for folder, _, _ in os.walk(tree, topdown=False):
                with contextlib.suppress(OSError):  # still busy: the next round tries again
                    os.rmdir(folder)
        if time.monotonic() > end:
            return
        time.sleep(0.05)
