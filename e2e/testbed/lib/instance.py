"""The files of an instance: made before its supervisor starts, removed when its processes are gone."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from . import cgroups
from .layout import Layout, write_json

SUPERVISOR = "testbed.lib.supervisor"


def supervisor_pid(layout: Layout) -> int | None:
    """The pid of the instance's supervisor if it lives (a pid on file may have been used again)."""
    try:
        pid = int((layout.run / "supervisor.pid").read_text())
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except FileNotFoundError:
        return None
    return pid if SUPERVISOR.encode() in words and layout.name.encode() in words else None


def prepare(layout: Layout, options: dict[str, Any]) -> None:
    """Makes the instance's directories anew; RuntimeError if it is up already."""
    if supervisor_pid(layout):
        raise RuntimeError(f"testbed {layout.name} is up already")
    clean(layout)
    layout.root.mkdir(mode=0o700)
    for folder in (layout.config, layout.log, layout.run, layout.data):
        folder.mkdir()
    write_json(layout.options_file, options)


def clean(layout: Layout, keep_logs: bool = False) -> None:
    """Removes the control groups and the files."""
    cgroups.remove(layout.node)
    if keep_logs:
        for folder in (layout.config, layout.data, layout.pki, layout.run):
            shutil.rmtree(folder, ignore_errors=True)
    else:
        shutil.rmtree(layout.root, ignore_errors=True)
