"""The programs under test: of `make`, or of the build folder that PENSTOCK_BUILD names."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "helm" / "penstock"
DEFINITIONS = CHART / "definitions"
HELM = Path(sys.executable).with_name("helm")  # of requirements.txt
BUILD = Path(os.environ.get("PENSTOCK_BUILD", ROOT / "build" / "release"))


def built(name: str) -> Path:
    path = BUILD / name
    assert path.exists(), f"{path} is missing: run `make` first"
    return path
