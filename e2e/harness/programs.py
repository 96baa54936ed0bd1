"""The programs under test: of `make`, or of the build folder that PENSTOCK_BUILD names."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("PENSTOCK_BUILD", ROOT / "build" / "release"))


def built(name: str) -> Path:
    path = BUILD / name
    assert path.exists(), f"{path} is missing: run `make` first"
    return path
