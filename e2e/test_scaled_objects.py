"""A person's own ScaledObject with Penstock beside it or as its external scaler, on a real KEDA: what people who come from KEDA do
first."""

from __future__ import annotations

import json
from typing import Any

import pytest
from harness import Cluster, KafkaClient, Penstock, eventually, never, objects
from harness.cli import inside
from harness.penstock import GRPC
from harness.scaling import HEAVY, PARTITIONS, Workload
from testbed import Testbed

pytestmark = pytest.mark.keda


def scaled_object(name: str, *consumer_scalers: str, **spec: Any) -> dict[str, Any]:
    triggers = [{"type": "external-push", "metadata": {"scalerAddress": f"127.0.0.1:{GRPC}", "consumerScaler": one},
                 "authenticationRef": {"kind": "ClusterTriggerAuthentication", "name": "penstock"}}
                for one in consumer_scalers]
    return objects.scaled_object(name, triggers, pollingInterval=2, cooldownPeriod=5, **spec)


@pytest.fixture
def workload(cluster: Cluster, kafka: KafkaClient, platform: str, namespace: str) -> Workload:
    """Caught up and at 0 replicas; its ConsumerScaler only observes."""
    return Workload.asleep(cluster, kafka, namespace, "Keda", mode="Observe")


def test_it_wakes_reaches_the_partitions_and_not_one_more(workload: Workload, cluster: Cluster) -> None:
    cluster.apply(scaled_object(workload.name, workload.name), namespace=workload.namespace)
    cluster.ready("scaledobject", workload.name, workload.namespace, 30)
    workload.produce(1)
    workload.becomes(1)
    workload.produce(HEAVY)
    workload.becomes(PARTITIONS)
    never("more replicas than partitions, of 50 that KEDA may", workload.replicas, lambda n: n != PARTITIONS, 12)
    workload.caught_up()
    workload.becomes(0)


def test_the_activation_threshold_is_the_consumer_scalers(workload: Workload, cluster: Cluster) -> None:
    cluster.patch("cscaler", workload.name, workload.namespace, {"spec": {"activationLagThreshold": 50}})
    cluster.apply(scaled_object(workload.name, workload.name), namespace=workload.namespace)
    cluster.ready("scaledobject", workload.name, workload.namespace, 30)
    workload.produce(50)
    eventually("the lag is seen", workload.status, lambda s: s.get("lag") == 50, 40)
    never("woke at the threshold", workload.replicas, lambda n: n != 0, 5)
    workload.produce(1)
    workload.becomes(1)


def test_keda_pauses_it(workload: Workload, cluster: Cluster) -> None:
    cluster.apply(scaled_object(workload.name, workload.name), namespace=workload.namespace)
    workload.produce(350)
    workload.becomes(4)
    annotate = ("annotate", "scaledobject", workload.name, "-n", workload.namespace)
    cluster.kubectl(*annotate, "autoscaling.keda.sh/paused-replicas=3")
    workload.becomes(3)
    workload.produce(HEAVY)
    never("scaled while paused", workload.replicas, lambda n: n != 3, 8)
    cluster.kubectl(*annotate, "autoscaling.keda.sh/paused-replicas-")
    workload.becomes(PARTITIONS)


def test_of_several_triggers_the_one_that_needs_most_counts(workload: Workload, cluster: Cluster, kafka: KafkaClient) -> None:
    name, namespace = workload.name, workload.namespace
    cluster.apply(objects.scaler(f"{name}-b", [name], engine="Keda", mode="Observe", scaleTargetRef={"name": name},
                                 consumerGroup=f"{name}-b", offsetReset="earliest"), namespace=namespace)
    kafka.consume_all(f"{name}-b", name)
    cluster.apply(scaled_object(name, name, f"{name}-b"), namespace=namespace)
    workload.produce(350)
    workload.becomes(4)
    kafka.consume_all(f"{name}-b", name)
    workload.produce(300)
    workload.becomes(7)
    workload.caught_up()
    workload.becomes(3)


def test_without_the_scaler_the_replicas_are_held(workload: Workload, cluster: Cluster, penstock: Penstock) -> None:
    """KEDA asks an external scaler for the metric's target first, and without that does not get as far as its own fallback."""
    cluster.apply(scaled_object(workload.name, workload.name, fallback={"failureThreshold": 2, "replicas": 6}),
                  namespace=workload.namespace)
    workload.produce(350)
    workload.becomes(4)
    penstock.kill("scaler")
    try:
        never("scaled without a scaler", workload.replicas, lambda n: n != 4, 20)
    finally:
        penstock.start("scaler")
    workload.produce(300)
    workload.becomes(7)


def test_without_the_scaler_no_autoscaler_by_cpu_is_born(workload: Workload, cluster: Cluster, penstock: Penstock) -> None:
    """An HPA without metrics gets one on CPU from the API server: nothing may be made before there is a first decision."""
    penstock.kill("scaler")
    try:
        cluster.patch("cscaler", workload.name, workload.namespace, {"spec": {"mode": "Scale"}})
        never("an autoscaler without a decision", lambda: cluster.list("hpa", workload.namespace), lambda found: found != [], 10)
    finally:
        penstock.start("scaler")
    workload.produce(350)
    workload.becomes(4)
    [hpa] = cluster.list("hpa", workload.namespace)
    assert [metric["type"] for metric in hpa["spec"]["metrics"]] == ["External"]


def test_beside_keda_it_tells_what_it_would_have_done_and_writes_nothing(workload: Workload, cluster: Cluster, testbed: Testbed,
                                                                         broker: Any) -> None:
    name, namespace = workload.name, workload.namespace
    trigger = {"type": "kafka", "metadata": {"bootstrapServers": broker.bootstrap, "consumerGroup": name, "topic": name,
                                             "lagThreshold": "200"}}
    cluster.apply(objects.scaled_object(name, [trigger], pollingInterval=2, cooldownPeriod=5), namespace=namespace)
    cluster.ready("scaledobject", name, namespace, 30)
    where = ("compare", name, f"--scaler=127.0.0.1:{GRPC}", "-n", namespace)
    workload.produce(350)
    workload.becomes(2)
    seen = eventually("two replicas beside four", lambda: inside(testbed, *where, "-o", "json"),
                      lambda ran: ran.status == 0 and ran.json["comparison"]["actual"]["mostReplicas"] == 2, 40).json["comparison"]
    assert seen["penstock"]["mostReplicas"] == 4 and seen["penstock"]["changes"] >= 1 <= seen["actual"]["changes"], seen
    assert seen["penstock"]["replicaHours"] > seen["actual"]["replicaHours"] > 0 and seen["missedMs"] > 0, seen
    difference = seen["differences"][0]
    assert difference["penstock"] == 4 > difference["actual"] and 300 < difference["lag"] <= 350 and difference["goesOn"], seen
    assert "at 100 a replica needs 4 replicas" in difference["reason"], seen

    table = inside(testbed, *where)
    assert table.out.splitlines()[0].split()[-2:] == ["ACTUAL", "PENSTOCK"], table
    assert ["Most", "replicas", "2", "4"] in table.rows() and difference["reason"] in table.out, table

    told = json.loads(cluster.kubectl("get", "deployment", name, "-n", namespace, "--show-managed-fields", "-o", "json"))
    writers = {field["manager"] for field in told["metadata"]["managedFields"]}
    assert "kube-controller-manager" in writers and not any(one.startswith("penstock") for one in writers), told
    [hpa] = cluster.list("hpa", namespace)
    assert hpa["metadata"]["ownerReferences"][0]["kind"] == "ScaledObject", hpa

    cluster.patch("cscaler", name, namespace, {"spec": {"mode": "Scale"}})
    eventually("a refusal in another mode", lambda: inside(testbed, *where),
               lambda ran: ran.status == 1 and "while its spec has `mode: Observe`" in ran.err, 20)
