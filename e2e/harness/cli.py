"""kubectl-penstock as a person runs it."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testbed import Testbed

from .programs import BUILD

TOOL = BUILD / "kubectl-penstock"


@dataclass
class Ran:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def rows(self) -> list[list[str]]:
        """The words of a table's lines, without its header."""
        return [line.split() for line in self.out.splitlines()[1:]]


def run(*arguments: str | Path, timeout: float = 60, **environment: str) -> Ran:
    done = subprocess.run([TOOL, *arguments], capture_output=True, text=True, timeout=timeout, check=False,
                          env=os.environ | environment, stdin=subprocess.DEVNULL)
    return Ran(done.returncode, done.stdout, done.stderr)


def inside(testbed: Testbed, *arguments: str | Path) -> Ran:
    """Where the scaler is a process on the loopback address."""
    process = testbed.run_inside([TOOL, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = process.communicate(timeout=60)
    return Ran(process.returncode, out.decode(), err.decode())


def lag(*arguments: str | Path, **more: Any) -> Ran:
    return run("lag", *arguments, **more)
