"""kubectl-penstock lag from a real scaler, through a real kubectl port-forward, and next to what it reads from Kafka itself."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import Cluster, KafkaClient, Penstock, eventually, objects
from harness.cli import TOOL, Ran, run
from harness.penstock import GRPC, IMAGE
from harness.scaling import PARTITIONS, Workload
from testbed import Testbed

pytestmark = pytest.mark.profile("node")


@pytest.fixture
def workload(cluster: Cluster, kafka: KafkaClient, platform: str, namespace: str) -> Workload:
    workload = Workload(cluster, kafka, namespace)
    cluster.apply(objects.topic(workload.name, PARTITIONS), namespace=namespace)
    cluster.ready("ptopic", workload.name, namespace, 20)
    workload.produce(PARTITIONS)
    workload.caught_up()
    cluster.apply(objects.deployment(workload.name), objects.scaler(workload.name, [workload.name], engine="Native"),
                  namespace=namespace)
    cluster.ready("cscaler", workload.name, namespace, 30)
    return workload


def _inside(testbed: Testbed, *arguments: str) -> Ran:
    """Where the scaler is a process on the loopback address."""
    process = testbed.run_inside([TOOL, "lag", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = process.communicate(timeout=60)
    return Ran(process.returncode, out.decode(), err.decode())


def _scaler(name: str, ran: Ran) -> dict[str, Any]:
    return next(s for s in ran.json["consumerScalers"] if s["name"] == name)


def test_the_scaler_kafka_and_the_status_tell_the_same(testbed: Testbed, workload: Workload, broker: Any) -> None:
    workload.produce(350)
    address = f"--scaler=127.0.0.1:{GRPC}"
    seen = eventually("the scaler has seen the records", lambda: _inside(testbed, address, "-o", "json"),
                      lambda ran: ran.status == 0 and _scaler(workload.name, ran)["lag"] == 350, 20)
    its = _scaler(workload.name, seen)
    assert its["namespace"] == workload.namespace and its["group"]["id"] == workload.name, its
    assert (its["desired"], its["cap"], its["freshness"], its["partitions"]) == (4, PARTITIONS, "Fresh", PARTITIONS), its
    direct = _inside(testbed, "--bootstrap-server", broker.bootstrap, "--group", workload.name, "-o", "json")
    assert (direct.status, direct.json["groups"][0]["lag"]) == (0, 350), direct
    eventually("the status tells it as well", workload.status, lambda s: (s.get("lag"), s.get("desiredReplicas")) == (350, 4), 20)
    table = _inside(testbed, address, "-n", workload.namespace, workload.name)
    assert table.out.split("\n")[0].split()[:3] == ["NAME", "GROUP", "TYPE"], table
    [row] = table.rows()
    assert row[:2] == [workload.name, workload.name] and "350" in row, table
    lost = _inside(testbed, address, "-n", workload.namespace, "nothing")
    assert lost.status == 1 and "no decision on a ConsumerScaler nothing" in lost.err, lost


def test_kubectl_finds_the_plugin_and_the_plugin_finds_the_scaler(testbed: Testbed, cluster: Cluster, workload: Workload,
                                                                  penstock: Penstock, tmp_path: Path) -> None:
    """Behind the Service is a pod on the node's own network, where the scaler listens."""
    testbed.create_namespace("front")
    labels = {"app": "front"}
    cluster.apply(
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "front", "labels": labels},
         "spec": {"hostNetwork": True, "terminationGracePeriodSeconds": 0,
                  "containers": [{"name": "main", "image": IMAGE, "command": ["sleep", "infinity"]}]}},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "penstock-scaler"},
         "spec": {"selector": labels, "ports": [{"name": "grpc", "port": 9443, "targetPort": GRPC}]}}, namespace="front")
    cluster.kubectl("wait", "--for=condition=Ready", "--timeout=60s", "-n", "front", "pod/front")
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    for context in config["contexts"]:
        context["context"]["namespace"] = workload.namespace
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(config))
    environment = {"PATH": f"{TOOL.parent}:{Path(cluster.kubectl_program).parent}:{os.environ['PATH']}",
                   "KUBECONFIG": str(tmp_path / "kubeconfig")}
    # As kubectl's plugin, in the namespace of its context.
    done = subprocess.run([cluster.kubectl_program, "penstock", "lag", "--penstock-namespace=front", "-o", "json"], check=False,
                          capture_output=True, text=True, timeout=60, env=os.environ | environment)
    assert done.returncode == 0, done
    assert [s["name"] for s in json.loads(done.stdout)["consumerScalers"]] == [workload.name], done
    everywhere = run("lag", "-A", "--penstock-namespace=front", **environment)
    assert everywhere.status == 0 and everywhere.out.startswith("NAMESPACE"), everywhere
    left = subprocess.run(["pgrep", "-f", "port-forward --namespace=front"], capture_output=True, text=True, check=False)
    assert left.stdout == "", "a port-forward was left behind"
    nowhere = run("lag", "--penstock-namespace=nowhere", **environment)
    assert nowhere.status == 1 and "kubectl port-forward to service nowhere/penstock-scaler" in nowhere.err, nowhere
    penstock.kill("scaler")
    try:
        dead = run("lag", "--penstock-namespace=front", **environment)
        assert dead.status == 1 and dead.out == "" and "can't be heard" in dead.err, dead
    finally:
        penstock.start("scaler")
