"""The replicas that Deployments are told to have, as the API server's watch tells of them."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable

from .cluster import Cluster

PATIENCE = 180  # seconds: several times what any scaler takes


class Watch:
    """spec.replicas of a namespace's Deployments: each number, and when it came, by `time.monotonic`."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self._changes: dict[str, list[tuple[float, int]]] = {}  # by name
        self._ended = False
        self._told = threading.Condition()  # guards the two above
        self._kubectl = subprocess.Popen(
            [cluster.kubectl_program, f"--kubeconfig={cluster.kubeconfig}", "get", "deployments", "-n", namespace, "--watch",
             "-o", 'jsonpath={.metadata.name} {.spec.replicas}{"\\n"}'],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def stop(self) -> None:
        self._kubectl.kill()
        self._kubectl.wait()
        self._reader.join()

    def had(self, name: str) -> list[int]:
        """One after the other; none twice in a row."""
        with self._told:
            return [replicas for _, replicas in self._changes[name]]

    def latest(self, name: str) -> int:
        return self.had(name)[-1]

    def when(self, name: str, good: Callable[[int], bool], since: float) -> float:
        """When the first good number came that is no older than that."""
        def found() -> float | None:
            return next((at for at, replicas in self._changes.get(name, []) if at >= since and good(replicas)), None)

        with self._told:
            self._told.wait_for(lambda: self._ended or found() is not None, PATIENCE)
            at = found()
            if at is None:
                why = "the watch has ended" if self._ended else f"not within {PATIENCE} s"
                raise RuntimeError(f"replicas of {name}: {why}; they were {self._changes.get(name)}")
            return at

    def _read(self) -> None:
        assert self._kubectl.stdout
        for line in self._kubectl.stdout:
            at = time.monotonic()
            name, replicas = line.split()
            with self._told:
                its = self._changes.setdefault(name, [])
                if not its or its[-1][1] != int(replicas):
                    its.append((at, int(replicas)))
                    self._told.notify_all()
        with self._told:
            self._ended = True
            self._told.notify_all()
