"""An EventPlatform of our own: real pods on a real node, which come back and keep their data."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from harness import Cluster, Penstock, eventually, never, objects
from harness.prometheus import ALERTS, DASHBOARD, Prometheus
from testbed import Testbed

pytestmark = pytest.mark.profile("node")

WORKLOAD = "localhost/penstock-workload:1"
MANAGED = objects.managed_platform(3, {"name": "plain", "port": 9092, "tls": False, "authentication": {"type": "None"}})


@pytest.fixture(scope="module")
def shop(penstock: Penstock, cluster: Cluster, testbed: Testbed) -> str:
    """A namespace with a managed platform of three ready nodes, shared by the tests of this module."""
    testbed.create_namespace("shop")
    cluster.apply(MANAGED, namespace="shop")
    cluster.ready("eplat", "main", "shop", 120)
    return "shop"


def in_broker(cluster: Cluster, tool: str, *arguments: str) -> str:
    """Kafka's own command-line tool, in the first broker's pod."""
    return cluster.kubectl("exec", "main-nodes-0", "-n", "shop", "--", f"/opt/kafka/bin/{tool}.sh",
                           "--bootstrap-server", "main-bootstrap:9092", *arguments)


def test_three_pods_become_a_cluster(cluster: Cluster, shop: str) -> None:
    pods = cluster.list("pods", shop, "penstock.dev/platform=main")
    assert sorted(p["metadata"]["name"] for p in pods) == ["main-nodes-0", "main-nodes-1", "main-nodes-2"]
    status = cluster.get("eplat", "main", shop)["status"]
    assert status["nodes"] == {"desired": 3, "ready": 3, "updated": 3}
    assert status["bootstrapServers"]["plain"].endswith(":9092")
    quorum = in_broker(cluster, "kafka-metadata-quorum", "describe", "--status")
    assert status["clusterId"] in quorum
    assert len([n for n, d in status["directoryIds"].items() if d in quorum]) == 3, quorum


def test_a_topic_becomes_a_topic_with_three_replicas(cluster: Cluster, shop: str) -> None:
    cluster.apply(objects.topic("orders", 12), namespace=shop)
    cluster.ready("ptopic", "orders", shop, 40)
    described = in_broker(cluster, "kafka-topics", "--describe", "--topic", "orders").replace("\t", " ")
    assert "PartitionCount: 12" in described and "ReplicationFactor: 3" in described


def test_a_deleted_pod_comes_back_with_its_data(cluster: Cluster, shop: str) -> None:
    before = cluster.get("pod", "main-nodes-1", shop)["metadata"]["uid"]
    cluster.delete("pod", "main-nodes-1", shop, wait=False)
    eventually("degraded is said", lambda: cluster.get("eplat", "main", shop)["status"]["nodes"]["ready"], lambda n: n == 2, 60)
    eventually("back", lambda: cluster.get("pod", "main-nodes-1", shop)["metadata"]["uid"], lambda uid: uid != before, 90)
    cluster.ready("eplat", "main", shop, 90)
    described = in_broker(cluster, "kafka-topics", "--describe", "--topic", "orders").replace("\t", " ")
    assert "PartitionCount: 12" in described


def test_children_edited_or_deleted_by_hand_are_restored(cluster: Cluster, shop: str) -> None:
    cluster.delete("service", "main-bootstrap", shop)
    cluster.patch("statefulset", "main-nodes", shop, {"spec": {"replicas": 2}})
    eventually("the Service is back", lambda: cluster.get("service", "main-bootstrap", shop), seconds=30)
    eventually("the replicas are back", lambda: cluster.get("statefulset", "main-nodes", shop)["spec"]["replicas"],
               lambda n: n == 3, 30)
    cluster.ready("eplat", "main", shop, 120)


def test_real_consumers_follow_the_lag_and_sleep(cluster: Cluster, testbed: Testbed, shop: str, module_logs: Path) -> None:
    env = [{"name": k, "value": v} for k, v in
           {"BOOTSTRAP": "main-bootstrap:9092", "GROUP": "billing", "TOPICS": "orders", "RATE": "100"}.items()]
    workload = objects.deployment("billing", None, WORKLOAD)
    [container] = workload["spec"]["template"]["spec"]["containers"]
    container |= {"command": ["python3", "/app/consume.py"], "env": env,
                  "resources": {"requests": {"cpu": "5m", "memory": "32Mi"}}}
    workload["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 5
    workload["spec"]["replicas"] = 0
    cluster.apply(workload, objects.scaler("billing", ["orders"], engine="Native", offsetReset="earliest"), namespace=shop)
    producer = testbed.run_inside(
        [sys.executable, "-c", PRODUCE, "main-nodes-0.main-nodes.shop.svc.cluster.local:9092", "orders", "9000"],
        log=module_logs / "producer.log", env=dict(os.environ))
    assert producer.wait(60) == 0, (module_logs / "producer.log").read_text()

    def ready_pods() -> int:
        return int(cluster.get("deployment", "billing", shop)["status"].get("readyReplicas", 0))

    def replicas() -> int:
        return int(cluster.get("deployment", "billing", shop)["spec"]["replicas"])

    most = 0

    def watch() -> int:
        nonlocal most
        most = max(most, replicas())
        return most

    eventually("as many consumers as partitions", lambda: watch() and ready_pods(), lambda n: n == 12, 90)
    eventually("asleep again", lambda: (watch(), replicas())[1], lambda n: n == 0, 120)
    assert most == 12
    group = cluster.get("cscaler", "billing", shop)["status"]
    assert group["lag"] == 0


def test_no_consumer_is_taken_away_while_a_broker_is_missing(cluster: Cluster, shop: str) -> None:
    def go_on_from(where: str) -> None:
        in_broker(cluster, "kafka-consumer-groups", "--group", "held", "--topic", "orders", "--reset-offsets", where, "--execute")

    def replicas() -> int:
        return int(cluster.get("deployment", "held", shop)["spec"]["replicas"])

    def ready_nodes() -> int:
        return int(cluster.get("eplat", "main", shop)["status"]["nodes"]["ready"])

    go_on_from("--to-earliest")
    cluster.apply(objects.deployment("held", 1),
                  objects.scaler("held", ["orders"], engine="Direct", lagThreshold=1000, minReplicas=1), namespace=shop)
    eventually("one for each thousand records", replicas, lambda n: n == 9, 60)
    [node] = json.loads(cluster.kubectl("get", "nodes", "-o", "json"))["items"]
    cluster.kubectl("cordon", node["metadata"]["name"])
    try:
        cluster.delete("pod", "main-nodes-2", shop, wait=False)
        eventually("a node is missing", ready_nodes, lambda n: n == 2, 60)
        go_on_from("--to-latest")
        eventually("the lag is gone", lambda: cluster.get("cscaler", "held", shop)["status"]["lag"], lambda lag: lag == 0, 60)
        never("a replica was taken away", replicas, lambda n: n != 9, 5)
        assert ready_nodes() == 2
    finally:
        cluster.kubectl("uncordon", node["metadata"]["name"])
    eventually("one is enough", replicas, lambda n: n == 1, 90)
    assert ready_nodes() == 3


@pytest.fixture(scope="module")
def prometheus(penstock: Penstock, testbed: Testbed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    running = Prometheus(testbed, tmp_path_factory.mktemp("prometheus"))
    yield running
    running.stop()


def test_an_alert_tells_of_a_missing_node_and_none_of_a_world_that_is_well(cluster: Cluster, shop: str, prometheus: Prometheus) -> None:
    eventually("nobody is alarmed", prometheus.firing, lambda alerts: not alerts, 30)
    [node] = json.loads(cluster.kubectl("get", "nodes", "-o", "json"))["items"]
    cluster.kubectl("cordon", node["metadata"]["name"])
    try:
        cluster.delete("pod", "main-nodes-1", shop, wait=False)
        eventually("somebody is", prometheus.firing,
                   lambda alerts: {"PenstockPlatformNodeMissing", "PenstockPlatformNotReady"} <= alerts, 60)
        missing = prometheus.query('ALERTS{alertname="PenstockPlatformNodeMissing"}')
        assert [labels["platform"] for labels, _ in missing] == ["main"]
    finally:
        cluster.kubectl("uncordon", node["metadata"]["name"])
    eventually("nobody is any more", prometheus.firing, lambda alerts: not alerts, 90)


def test_an_alert_tells_of_an_operator_or_a_scaler_that_is_gone(penstock: Penstock, shop: str, prometheus: Prometheus) -> None:
    penstock.kill()
    gone = {"PenstockOperatorHasNoLeader", "PenstockScalerIsMissing"}
    eventually("both are missed", prometheus.firing, lambda alerts: gone <= alerts, 30)
    penstock.start()
    eventually("nobody is", prometheus.firing, lambda alerts: not alerts, 90)


def test_every_panel_of_the_dashboard_shows_something(prometheus: Prometheus, shop: str) -> None:
    empty = []
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel["targets"]:
            asked = re.sub(r"\$(namespace|scaler)", ".*", target["expr"])
            if not prometheus.query(asked):
                empty.append(panel["title"])
    assert empty in ([], ["Kafka's errors a minute"]), "a name in it that no metric has"


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    alerts = [rule["alert"] for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
    runbooks = Path(__file__).resolve().parent.parent / "docs" / "runbooks.md"
    assert re.findall(r"^## (\w+)$", runbooks.read_text(), re.MULTILINE) == alerts


PRODUCE = """
import sys
from confluent_kafka import Producer
producer = Producer({"bootstrap.servers": sys.argv[1]})
for n in range(int(sys.argv[3])):
    producer.produce(sys.argv[2], b"x", partition=n % 12)
assert producer.flush(30) == 0
"""
