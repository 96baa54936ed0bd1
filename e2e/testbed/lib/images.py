"""The images of the testbed, made without an image registry."""

from __future__ import annotations

from pathlib import Path


def os_release() -> str:
    """The distribution and its version, such as `debian 12`."""
    fields = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    return " ".join(fields.get(key, "").strip('"') for key in ("ID", "VERSION_ID"))
