"""The Direct engine: the operator itself writes the replicas, by the rules of `behavior`, without an HPA."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

import pytest
from harness import Cluster, KafkaClient, eventually, never, objects
from harness.scaling import HEAVY, PARTITIONS, Scaling, Workload
from harness.watch import Watch


class TestDirect(Scaling):
    engine = "Direct"

    def test_no_autoscaler_is_made_and_a_step_is_done_within_two_seconds(self, workload: Workload, cluster: Cluster) -> None:
        for lag, replicas in ((HEAVY, PARTITIONS), (250, 3), (850, 9)):
            workload.produce(HEAVY) if lag == HEAVY else workload.leave_lag(lag)
            since = time.monotonic()
            workload.becomes(replicas)
            assert time.monotonic() - since < 5, "the bound is two seconds, and three for a busy machine"
        assert cluster.list("hpa", workload.namespace) == []

    def test_the_rules_of_behavior_hold(self, workload: Workload, cluster: Cluster) -> None:
        rules = {"scaleUp": {"policies": [{"type": "Pods", "value": 2, "periodSeconds": 60}]},
                 "scaleDown": {"selectPolicy": "Disabled"}}
        workload.produce(100)
        workload.becomes(1)
        cluster.patch("cscaler", workload.name, workload.namespace, {"spec": {"behavior": rules}})
        workload.produce(HEAVY)
        workload.becomes(3)
        never("went beyond two pods a minute", workload.replicas, lambda n: n != 3, 8)
        workload.leave_lag(50)
        eventually("less is wanted", workload.status, lambda s: s.get("desiredReplicas") == 1, 20)
        never("scaled in although that is disabled", workload.replicas, lambda n: n != 3, 5)

    @pytest.mark.usefixtures("external_metrics")
    def test_from_native_to_direct_and_back_without_a_dip(self, workload: Workload, cluster: Cluster) -> None:
        cluster.patch("cscaler", workload.name, workload.namespace, {"spec": {"engine": "Native"}})
        workload.produce(450)
        workload.becomes(5)
        eventually("an HPA", lambda: cluster.list("hpa", workload.namespace), lambda found: len(found) == 1, 20)
        for engine, autoscalers in (("Direct", 0), ("Native", 1)):
            cluster.patch("cscaler", workload.name, workload.namespace, {"spec": {"engine": engine}})
            eventually(f"{autoscalers} HPAs", lambda: cluster.list("hpa", workload.namespace),
                       lambda found, wanted=autoscalers: len(found) == wanted, 20)
            never("the replicas dipped", workload.replicas, lambda n: n != 5, 5)


def _rules(up: dict, down: dict) -> dict:
    return {"scaleUp": {"stabilizationWindowSeconds": 0} | up, "scaleDown": {"stabilizationWindowSeconds": 15} | down}


def _policies(*policies: tuple[str, int], select: str = "Max") -> dict:
    return {"selectPolicy": select, "policies": [{"type": kind, "value": value, "periodSeconds": 5} for kind, value in policies]}


# By name: rules, and the replicas on the way from 1 up to 10 and down to 3.
RULES = {
    "pods": (_rules(_policies(("Pods", 2)), _policies(("Pods", 3))), [1, 3, 5, 7, 9, 10, 7, 4, 3]),
    "percent": (_rules(_policies(("Percent", 60)), _policies(("Percent", 40))), [1, 2, 4, 7, 10, 6, 3]),
    "most": (_rules(_policies(("Pods", 3), ("Percent", 100)), _policies(("Pods", 2), ("Percent", 50))), [1, 4, 8, 10, 5, 3]),
    "least": (_rules(_policies(("Pods", 4), ("Percent", 100), select="Min"), _policies(("Pods", 3), ("Percent", 20), select="Min")),
              [1, 2, 4, 8, 10, 8, 6, 4, 3]),
}


@pytest.fixture
def watch(cluster: Cluster, namespace: str) -> Iterator[Watch]:
    watch = Watch(cluster, namespace)
    yield watch
    watch.stop()


@pytest.mark.usefixtures("external_metrics", "platform")
def test_the_same_series_goes_the_same_way_with_kubernetes_own_controller(cluster: Cluster, kafka: KafkaClient, namespace: str,
                                                                         watch: Watch) -> None:
    """Each set of rules twice on one lag: Direct carries them out itself, with Native kube-controller-manager does."""
    workload = Workload(cluster, kafka, namespace)
    cluster.apply(objects.topic(workload.name, PARTITIONS), namespace=namespace)
    cluster.ready("ptopic", workload.name, namespace, 20)
    workload.produce(1200)
    workload.leave_lag(100)
    names = [f"{rules}-{engine.lower()}" for rules in RULES for engine in ("Direct", "Native")]
    for name, (rules, engine) in zip(names, itertools.product(RULES, ("Direct", "Native")), strict=True):
        cluster.apply(objects.deployment(name, 1), objects.scaler(name, [workload.name], engine=engine, behavior=RULES[rules][0],
                                                                  minReplicas=1, consumerGroup=workload.name), namespace=namespace)

    def all_have(replicas: int) -> None:
        eventually(f"all have {replicas} replicas", lambda: {name: watch.latest(name) for name in names},
                   lambda found: set(found.values()) == {replicas}, 120)

    for name in names:
        cluster.ready("cscaler", name, namespace)
    workload.leave_lag(1000)
    all_have(10)
    workload.leave_lag(200)  # for less than the window: nothing comes of it
    eventually("less is wanted", lambda: {s["status"]["desiredReplicas"] for s in cluster.list("cscaler", namespace)},
               lambda found: found == {2})
    workload.leave_lag(1000)
    never("fewer replicas", lambda: {d["spec"]["replicas"] for d in cluster.list("deployments", namespace)},
          lambda found: found != {10}, 10)
    workload.leave_lag(300)
    all_have(3)
    assert {name: watch.had(name) for name in names} == {name: RULES[name.split("-")[0]][1] for name in names}
