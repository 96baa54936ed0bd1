"""Our offset reader, as the program read_offsets of the unit tests' build."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from fnmatch import fnmatch
from typing import Any

from .programs import ROOT, built
from .wait import eventually

SOON = 20  # seconds within which a busy machine must have got over a fault
Sample = dict[str, Any]


def live_cases(bootstrap: str, *without: str) -> None:
    """The unit tests' cases for a real cluster pass; those whose names match one of these patterns are left out."""
    names = re.findall(r'\nTEST_CASE\("(.*)"\)', (ROOT / "tests" / "kafka" / "live_test.cpp").read_text())
    wanted = sum(not any(fnmatch(name, pattern) for pattern in without) for name in names)
    run = subprocess.run([built("tests/kafka_tests"), "-ts=live", f"-tce={','.join(without)}"], capture_output=True, text=True,
                         timeout=150, check=False, env=os.environ | {"PENSTOCK_TEST_BOOTSTRAP": bootstrap})
    assert run.returncode == 0, run.stdout + run.stderr
    # What doctest calls skipped are the other suites' cases.
    assert re.search(rf"test cases: +{wanted} +\| +{wanted} passed \| +0 failed", run.stdout), run.stdout


class Reader:
    """One reader for its whole life, so that what it remembers is tested as well."""

    def __init__(self, bootstrap: str, *login: str) -> None:
        self._process = subprocess.Popen([built("tests/read_offsets"), bootstrap, *login], text=True, stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE)

    def read(self, group: str, *topics: str, stable: bool = False, probes: dict[str, int] | None = None,
             doubtful: tuple[str, ...] = (), timeout: float = 6) -> Sample:
        """Without topics: those that the group has committed to. Probes: topic → a time in ms, for partition 0."""
        plan = {"groups": [{"id": group, "topics": topics, "committed_topics": not topics, "ends": True, "stable_ends": stable}],
                "probes": [{"topic": t, "partition": 0, "time": ms} for t, ms in (probes or {}).items()],
                "doubtful": doubtful, "timeout_ms": int(timeout * 1000)}
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(plan) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def until(self, good: Callable[[Sample], bool], group: str, *topics: str, seconds: float = SOON, **more: Any) -> Sample:
        """Ticks until a sample is good."""
        return eventually("a good sample", lambda: self.read(group, *topics, **more), good, seconds)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
