"""The demo: a real Kubernetes, a Kafka that Penstock runs in it, real consumer pods, and a wave of load.

    python -m demo [--helm] [--hold]     (from e2e/; `make demo`, `make demo-helm` and either with HOLD=1 do it all)
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

E2E = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(E2E))

from demo.picture import Point, draw  # noqa: E402
from harness import InstalledPenstock, Penstock, TestbedCluster, eventually  # noqa: E402
from harness.penstock import IMAGE  # noqa: E402
from harness.penstock import NAMESPACE as PENSTOCK_NAMESPACE  # noqa: E402
from testbed import Testbed  # noqa: E402

HERE = Path(__file__).resolve().parent
OUT = E2E.parent / "demo-out"
LOGS = OUT / "logs"
NAMESPACE = "shop"
# (seconds, records a second): nine of the consumers in orders.yaml would just keep up with the most of it.
WAVE = [(10, 5), (60, 2500)]
BOOTSTRAP = "main-nodes-0.main-nodes.shop.svc.cluster.local:9092"
STARTED = time.monotonic()


def say(text: str) -> None:
    print(f"[{time.monotonic() - STARTED:6.1f} s] {text}", flush=True)


class Wave:
    """What one sees while the wave runs: one line a second, in place on a terminal."""

    def __init__(self, cluster: TestbedCluster, penstock: Penstock | InstalledPenstock) -> None:
        self.cluster, self.penstock = cluster, penstock
        self.points: list[Point] = []
        self.begun = time.monotonic()
        print(f"\n{'TIME':>6} {'LAG':>8} {'DELAY':>8} {'DESIRED':>8} {'REPLICAS':>9} {'READY':>6} {'CAP':>4}  WHY", flush=True)

    def measured(self, metric: str) -> float | None:
        """The scaler's own metric: the status has numbers only as often as an API server likes to hear them."""
        found = re.search(rf'^{metric}{{[^}}]*scaler="orders"[^}}]*}} (\S+)', self.penstock.scrape("scaler"), re.MULTILINE)
        return float(found[1]) if found else None

    def look(self) -> Point:
        found = json.loads(self.cluster.kubectl("get", "cscaler/orders", "deployment/orders-consumer", "-n", NAMESPACE, "-o", "json"))
        scaler, deployment = found["items"]
        status = scaler.get("status", {})
        lag, delay = self.measured("penstock_consumer_lag"), self.measured("penstock_consumer_delay_seconds")
        point = Point(time.monotonic() - self.begun, None if lag is None else int(lag), status.get("desiredReplicas"),
                      deployment["status"].get("readyReplicas", 0), status.get("cap"))
        decisions = status.get("decisions", [])
        why = decisions[0]["reason"] if decisions else next(
            (c["message"] for c in status.get("conditions", []) if c["type"] == "Ready"), "")
        row = (f"{point.second:5.0f}s {_shown(point.lag):>8} {'-' if delay is None else f'{delay:.0f}s':>8} {_shown(point.desired):>8} "
               f"{deployment['spec'].get('replicas', 0):>9} {point.ready:>6} {_shown(point.cap):>4}  {why}")
        width = shutil.get_terminal_size((160, 40)).columns
        if not self.points or int(point.second) // 2 != int(self.points[-1].second) // 2:
            print(row[:width], flush=True)
        self.points.append(point)
        return point


def _shown(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def boot(testbed: Testbed) -> TestbedCluster:
    say("starting Kubernetes: etcd, API server, controllers, scheduler, a node with containerd")
    testbed.up()
    say(f"Kubernetes is up; its kubeconfig: {testbed.kubeconfig}")
    LOGS.mkdir(parents=True, exist_ok=True)
    return TestbedCluster(testbed, definitions=False)


def start(cluster: TestbedCluster) -> Penstock:
    """As two processes beside the cluster."""
    cluster.install_definitions()
    penstock = Penstock(cluster, LOGS)
    penstock.install()
    penstock.start()
    say(f"penstock-operator and penstock-scaler are ready; their logs: {LOGS}")
    return penstock


def install(cluster: TestbedCluster) -> InstalledPenstock:
    """In pods, two of each program."""
    say("helm install penstock helm/penstock -n penstock --wait")
    with tempfile.TemporaryDirectory(dir=OUT) as folder:
        penstock = InstalledPenstock.by_helm(cluster, Path(folder), f"operator.kafkaImages.4\\.3\\.1={IMAGE}")
    print(cluster.kubectl("get", "pods", "-n", PENSTOCK_NAMESPACE), flush=True)
    return penstock


def apply(cluster: TestbedCluster, testbed: Testbed) -> None:
    testbed.create_namespace(NAMESPACE)
    for name in ("platform.yaml", "orders.yaml"):
        say(f"kubectl apply -f e2e/demo/{name}")
        cluster.kubectl("apply", "-n", NAMESPACE, "-f", str(HERE / name))
    say("waiting for three Kafka pods to become a cluster")
    cluster.ready("eplat", "main", NAMESPACE, 180)
    cluster.ready("ptopic", "orders", NAMESPACE, 60)
    cluster.ready("cscaler", "orders", NAMESPACE, 60)
    print(cluster.kubectl("get", "eplat,ptopic,cscaler,pods", "-n", NAMESPACE), flush=True)


def produce(testbed: Testbed) -> subprocess.Popen[bytes]:
    phases = [f"{seconds}:{rate}" for seconds, rate in WAVE]
    return testbed.run_inside([sys.executable, HERE / "produce.py", BOOTSTRAP, "orders", *phases], log=LOGS / "producer.log")


def run_wave(cluster: TestbedCluster, testbed: Testbed, penstock: Penstock | InstalledPenstock) -> list[Point]:
    """Until the consumers, having woken, sleep again."""
    say(f"a wave of load: {', then '.join(f'{rate} records/s for {seconds} s' for seconds, rate in WAVE)}")
    wave = Wave(cluster, penstock)
    producer = produce(testbed)

    def asleep_again() -> bool:
        point = wave.look()
        assert producer.poll() in (None, 0), f"the producer failed: see {LOGS}/producer.log"
        return producer.poll() == 0 and any(p.ready for p in wave.points) and point.desired == 0 and point.ready == 0

    eventually("the consumers sleep again", asleep_again, seconds=300)
    return wave.points


def finish(cluster: TestbedCluster, points: list[Point]) -> None:
    picture = OUT / "wave.svg"
    draw(points, picture)
    print(flush=True)
    print(cluster.kubectl("get", "cscaler", "orders", "-n", NAMESPACE))
    woke = next(p.second for p in points if p.ready)
    full = next((p.second for p in points if p.ready == 12), None)
    say(f"first consumer ready after {woke:.0f} s; twelve after {f'{full:.0f} s' if full else 'never'}; "
        f"most lag {max(p.lag or 0 for p in points):,}; most consumers {max(p.ready for p in points)} of 12 partitions")
    say(f"the picture: {picture}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="demo")
    parser.add_argument("--hold", action="store_true", help="keep everything running until Ctrl-C")
    parser.add_argument("--helm", action="store_true", help="install Penstock by its chart instead of running it beside the cluster")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    testbed = Testbed(name=f"demo{os.getpid() % 10000}", profile="node", hpa_sync="15s")
    penstock: Penstock | InstalledPenstock | None = None
    try:
        cluster = boot(testbed)
        penstock = install(cluster) if arguments.helm else start(cluster)
        apply(cluster, testbed)
        finish(cluster, run_wave(cluster, testbed, penstock))
        print("\nTo go on by hand:")
        if arguments.hold:
            print(f"  export KUBECONFIG={testbed.kubeconfig}\n  kubectl get cscaler -n {NAMESPACE} -w\n"
                  f"  kubectl describe cscaler orders -n {NAMESPACE}\nCtrl-C ends it all.", flush=True)
            signal.pause()
        else:
            print("  make demo HOLD=1           the same, and it stays: kubectl get cscaler -w, edit thresholds, kill a broker\n"
                  "  e2e/testbed/up --hold      an empty cluster to try things on", flush=True)
        return 0
    except KeyboardInterrupt:
        return 130
    finally:
        say("cleaning up")
        try:
            if isinstance(penstock, Penstock):
                penstock.stop()
            elif penstock:
                penstock.save_logs(LOGS)
        finally:
            testbed.down()


if __name__ == "__main__":
    sys.exit(main())
