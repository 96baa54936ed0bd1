"""Shows that the testbed does what it promises, with the time that each thing took."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from . import cgroups, images, parts
from .api import wait_until
from .cache import ensure_all
from .testbed import Testbed

POD = {
    "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "probe"},
    "spec": {
        "terminationGracePeriodSeconds": 0,
        "containers": [{"name": "c", "image": images.BASE, "imagePullPolicy": "Never",
                        "command": ["bash", "-c", "echo hello | tee /data/file; exec sleep 600"],
                        "volumeMounts": [{"name": "data", "mountPath": "/data"}]}],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]}}
CLAIM = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
         "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "16Mi"}}}}
OWNER = """import sys, time
from testbed import Testbed
testbed = Testbed(sys.argv[1], "control-plane")
testbed.up()
print("up", flush=True)
time.sleep(600)
"""


class Report:
    """Prints a line for each check and remembers whether one failed."""

    def __init__(self) -> None:
        self.failed = 0
        self.passed = 0

    @contextmanager
    def check(self, what: str, limit: float | None = None) -> Iterator[None]:
        begin = time.monotonic()
        problem = ""
        try:
            yield
        except (AssertionError, OSError, LookupError, RuntimeError, TimeoutError, subprocess.SubprocessError) as error:
            problem = f"{type(error).__name__}: {error} {getattr(error, 'stderr', '') or ''}"
        took = time.monotonic() - begin
        # What a limit was set for is a machine that is ours: beside other work it only gets longer in proportion.
        share = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
        if not problem and limit is not None and took > limit * share:
            problem = f"took longer than {limit:.0f} s (times {share:.1f} for the load)"
        self.failed += bool(problem)
        self.passed += not problem
        print(f"{'FAIL' if problem else 'ok':4} {took:6.2f} s  {what}{': ' + problem if problem else ''}", flush=True)


def _nothing_left(testbed: Testbed, namespace: str) -> None:
    alive = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.readlink(entry / "ns" / "pid") == namespace:
                alive.append(entry.name)
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue
    assert not alive, f"processes {alive}"
    assert str(testbed.layout.root) not in Path("/proc/self/mountinfo").read_text(), "mounts"
    assert not list(cgroups.ROOT.glob(f"**/{testbed.layout.node}")), "control groups"
    assert not testbed.layout.root.exists(), "files"


def _down(report: Report, testbed: Testbed) -> None:
    namespace = os.readlink(f"/proc/{testbed.state['init']}/ns/pid")
    with report.check("down, and nothing is left"):
        testbed.down()
        _nothing_left(testbed, namespace)


def _control_plane(report: Report, name: str) -> None:
    testbed = Testbed(name, "control-plane")
    try:
        with report.check("control plane up", 10):
            testbed.up()
        with report.check("a Deployment gets its ReplicaSet and pods"):
            testbed.kubectl("create", "deployment", "d", "--image=none", "--replicas=2")
            wait_until("pods", lambda: len(testbed.kubectl("get", "pods", "-o", "name").split()) == 2, 10)
        with report.check("a Kafka broker starts"):
            kafka = testbed.kafka()
            kafka.start()
        with report.check("a topic is made with Kafka's own tool"):
            kafka.tool("topics", "--create", "--topic", "t", "--partitions", "12")
        with report.check("the broker is killed and started again, its data is there"):
            kafka.kill_broker(0)
            kafka.start_broker(0)
            assert kafka.tool("topics", "--list").split() == ["t"]
        with report.check("KEDA starts and its metrics API is available"):
            testbed.start_keda()
        with report.check("KEDA stops"):
            testbed.stop_keda()
    finally:
        _down(report, testbed)


def _dead_owner(report: Report, name: str) -> None:
    testbed = Testbed(name, "control-plane")
    owner = subprocess.Popen([sys.executable, "-P", "-c", OWNER, name], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             env={**os.environ, "PYTHONPATH": str(parts.HERE.parent)})
    assert owner.stdout
    with report.check("an instance is up in another process"):
        assert owner.stdout.readline() == b"up\n"
    namespace = os.readlink(f"/proc/{testbed.state['init']}/ns/pid")
    with report.check("that process is killed with -9, and nothing is left"):
        owner.kill()
        owner.wait()
        wait_until("the instance's end", lambda: not testbed.layout.root.exists(), 15)
        _nothing_left(testbed, namespace)


def _node(report: Report, name: str) -> None:
    testbed = Testbed(name)
    try:
        with report.check("node up", 30):
            testbed.up()
        with report.check("a pod with a new volume runs"):
            testbed.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": [CLAIM, POD]}))
            testbed.kubectl("wait", "--for=condition=Ready", "pod/probe", "--timeout=60s", timeout=90)
        with report.check("logs"):
            assert testbed.kubectl("logs", "probe") == "hello\n"
        with report.check("exec, and the volume is written"):
            assert testbed.kubectl("exec", "probe", "--", "cat", "/data/file") == "hello\n"
        with report.check("names resolve in a pod"):
            testbed.kubectl("exec", "probe", "--", "getent", "hosts", "kubernetes.default")
        with report.check("a Service is reached from a pod, and by its name from inside the testbed"):
            connect = "exec 3<>/dev/tcp/kubernetes.default.svc.cluster.local/443"
            testbed.kubectl("exec", "probe", "--", "timeout", "5", "bash", "-c", connect)
            testbed.call_inside(["timeout", "5", "bash", "-c", connect])
        with report.check("the broker's image starts Java with its class-data archive"):
            said = testbed.kubectl("run", "java", f"--image={images.KAFKA}", "--restart=Never", "--attach", "--quiet", "--",
                                   "java", "-Xshare:on", "-cp", "/opt/kafka/libs/*", "kafka.tools.StorageTool", "random-uuid")
            assert "cds" not in said, said
    finally:
        _down(report, testbed)


def run(prefix: str, with_node: bool) -> int:
    """All checks, in instances of their own; 1 if one failed."""
    ensure_all(parts.ALL)
    report = Report()
    checks: list[Callable[[Report, str], None]] = [_control_plane, _dead_owner, *([_node] if with_node else [])]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    for number, part in enumerate(checks):
        part(report, f"{prefix}-{number}")
    print(f"{report.passed} passed, {report.failed} failed")
    return 1 if report.failed else 0
