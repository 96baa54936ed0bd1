#!/usr/bin/env python3
"""Runs the command that this file is called as; the commands beside lib/ are links to it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from testbed.lib.cli import main  # noqa: E402  (the path must be set first)

sys.exit(main(Path(sys.argv[0]).name, sys.argv[1:]))
