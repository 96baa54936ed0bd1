"""Programs that measure, and what their brokers use meanwhile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from cluster import Processes
from e2e.testbed.lib.cache import ROOT as CACHE
from report import Row

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ROOT / "build" / "release" / "bench"


def measure(command: Sequence[str | Path | int], asked: Processes) -> Row:
    """Runs a program that says "warm" when it begins to count and "done" when it stops; adds the CPU, between, of whoever
    it asks."""
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stderr
        marks = {}
        said = []
        for text in process.stderr:
            said.append(text)
            marks[text.strip()] = (time.monotonic(), asked.cpu_seconds())
        line = process.stdout.read()
    if process.returncode != 0:
        raise RuntimeError(f"{command}: {''.join(said)}")
    (begun, before), (ended, after) = marks["warm"], marks["done"]
    return {**json.loads(line), "asked_cpu_ms": (after - before) / (ended - begun) * 1e3, "said": "".join(said).strip()}


def go_program(name: str, package: str) -> Path:
    """Of the module bench/keda."""
    target = ROOT / "build" / name
    go = "go" if any((Path(one) / "go").exists() for one in os.environ["PATH"].split(":")) else CACHE / "go" / "bin" / "go"
    subprocess.run([go, "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", target, package], check=True,
                   cwd=ROOT / "bench" / "keda")
    return target


def say(row: Row) -> Row:
    print(json.dumps(row), file=sys.stderr, flush=True)
    return row
