"""kubectl-penstock lag from a real scaler, next to what it reads from Kafka itself."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from harness import Cluster, KafkaClient, eventually
from harness.cli import Ran, inside
from harness.penstock import GRPC
from harness.scaling import PARTITIONS, Workload
from testbed import Testbed


@pytest.fixture
def workload(cluster: Cluster, kafka: KafkaClient, platform: str, namespace: str) -> Workload:
    return Workload.asleep(cluster, kafka, namespace, "Native")


def _scaler(name: str, ran: Ran) -> dict[str, Any]:
    return next(s for s in ran.json["consumerScalers"] if s["name"] == name)


def test_the_scaler_kafka_and_the_status_tell_the_same(testbed: Testbed, workload: Workload, broker: Any) -> None:
    workload.produce(350)
    address = f"--scaler=127.0.0.1:{GRPC}"
    seen = eventually("the scaler has seen the records", lambda: inside(testbed, "lag", address, "-o", "json"),
                      lambda ran: ran.status == 0 and _scaler(workload.name, ran)["lag"] == 350, 20)
    its = _scaler(workload.name, seen)
    assert its["namespace"] == workload.namespace and its["group"]["id"] == workload.name, its
    assert (its["desired"], its["cap"], its["freshness"], its["partitions"]) == (4, PARTITIONS, "Fresh", PARTITIONS), its
    direct = inside(testbed, "lag", "--bootstrap-server", broker.bootstrap, "--group", workload.name, "-o", "json")
    assert (direct.status, direct.json["groups"][0]["lag"]) == (0, 350), direct
    eventually("the status tells it as well", workload.status, lambda s: (s.get("lag"), s.get("desiredReplicas")) == (350, 4), 20)
    table = inside(testbed, "lag", address, "-n", workload.namespace, workload.name)
    assert table.out.split("\n")[0].split()[:3] == ["NAME", "GROUP", "TYPE"], table
    [row] = table.rows()
    assert row[:2] == [workload.name, workload.name] and "350" in row, table
    lost = inside(testbed, "lag", address, "-n", workload.namespace, "nothing")
    assert lost.status == 1 and "no decision on a ConsumerScaler nothing" in lost.err, lost


def test_a_load_is_recorded_as_the_scaler_sees_it(testbed: Testbed, cluster: Cluster, workload: Workload, tmp_path: Path) -> None:
    spec, trace = tmp_path / "scaler.yaml", tmp_path / "now.csv"
    spec.write_text(cluster.kubectl("get", "cscaler", workload.name, "-n", workload.namespace, "-o", "yaml"))
    scaler = f"--scaler=127.0.0.1:{GRPC}"

    def arriving() -> float:
        told = inside(testbed, "lag", workload.name, "-n", workload.namespace, scaler, "-o", "json")
        return float(_scaler(workload.name, told)["arrivalRate"] or 0)

    enough = threading.Event()

    def load() -> None:
        while not enough.wait(0.5):
            workload.produce(50)

    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(load)
        try:
            eventually("the scaler sees 100 records a second", arriving, lambda rate: 80 < rate < 120, 40)
            ran = inside(testbed, "simulate", "-f", spec, "--capacity", "100", "--record", "5s", "--trace", trace, scaler)
        finally:
            enough.set()
        loading.result()
    assert ran.status == 0 and "Recording for 5s" in ran.err, ran
    rates = [float(line.split(",")[1]) for line in trace.read_text().splitlines()[1:]]
    assert len(rates) == 5 and all(60 < rate < 140 for rate in rates), (rates, ran)
