"""The Direct engine: the operator itself writes the replicas, by the rules of `behavior`, without an HPA."""

from __future__ import annotations

import time

import pytest
from harness import Cluster, eventually, never
from harness.scaling import HEAVY, PARTITIONS, Scaling, Workload


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
