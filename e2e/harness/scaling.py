"""What a workload must do whichever engine scales it: the modules test_scaling_* run these with one engine each."""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from . import objects
from .cluster import Cluster
from .kafka import KafkaClient
from .penstock import Penstock
from .wait import eventually, never

PARTITIONS = 12
HEAVY = 20_000  # records: two hundred times the threshold


class Workload:
    """A Deployment without a node (its pods stay pending), its topic and its consumer group, all of one name."""

    def __init__(self, cluster: Cluster, kafka: KafkaClient, namespace: str) -> None:
        self.cluster, self.kafka, self.namespace = cluster, kafka, namespace
        self.name = f"orders-{uuid.uuid4().hex[:6]}"

    @classmethod
    def idle(cls, cluster: Cluster, kafka: KafkaClient, namespace: str) -> Workload:
        """Caught up, at 0 replicas, and scaled by nobody yet; the namespace has a platform called main."""
        workload = cls(cluster, kafka, namespace)
        cluster.apply(objects.topic(workload.name, PARTITIONS), objects.deployment(workload.name), namespace=namespace)
        cluster.ready("ptopic", workload.name, namespace, 20)
        workload.produce(PARTITIONS)
        workload.caught_up()
        return workload

    @classmethod
    def asleep(cls, cluster: Cluster, kafka: KafkaClient, namespace: str, engine: str, **spec: Any) -> Workload:
        """An idle one with its scaler, which is ready (with more of a spec, if given)."""
        workload = cls.idle(cluster, kafka, namespace)
        cluster.apply(objects.scaler(workload.name, [workload.name], engine=engine, **spec), namespace=namespace)
        cluster.ready("cscaler", workload.name, namespace, 30)
        return workload

    def replicas(self) -> int:
        return int(self.cluster.get("deployment", self.name, self.namespace)["spec"].get("replicas", 1))

    def status(self) -> dict:
        return dict(self.cluster.get("cscaler", self.name, self.namespace).get("status", {}))

    def condition(self, condition: str) -> dict:
        return self.cluster.condition("cscaler", self.name, self.namespace, condition)

    def becomes(self, replicas: int, seconds: float = 60) -> None:
        eventually(f"{self.name} has {replicas} replicas", self.replicas, lambda n: n == replicas, seconds)

    def produce(self, count: int) -> None:
        self.kafka.produce(self.name, count)

    def caught_up(self) -> None:
        self.kafka.consume_all(self.name, self.name)

    def leave_lag(self, records: int) -> None:
        """Commits so that this many records are left, spread over the partitions."""
        ends = self.kafka.ends(self.name)
        left = {p: records // len(ends) + (1 if p < records % len(ends) else 0) for p in ends}
        self.kafka.commit(self.name, self.name, {p: end - left[p] for p, end in ends.items()})


class Scaling:
    engine: str

    @pytest.fixture
    def workload(self, cluster: Cluster, kafka: KafkaClient, platform: str, namespace: str) -> Workload:
        return Workload.asleep(cluster, kafka, namespace, self.engine)

    @pytest.fixture(scope="class")
    def reactions(self, module_logs: Path) -> Iterator[list[str]]:
        lines: list[str] = []
        yield lines
        (module_logs / f"reaction-{self.engine}.txt").write_text("\n".join(lines) + "\n")
        print(*lines, sep="\n")

    def test_wakes_reaches_the_partitions_exactly_and_sleeps_again(self, workload: Workload, cluster: Cluster,
                                                                   reactions: list[str]) -> None:
        assert workload.replicas() == 0
        produced = time.monotonic()
        workload.produce(1)
        eventually("awake", workload.replicas, lambda n: n >= 1, 30)
        reactions.append(f"{self.engine}: 0 -> 1 within {time.monotonic() - produced:.1f} s of the first record")

        produced = time.monotonic()
        workload.produce(HEAVY)
        workload.becomes(PARTITIONS)
        reactions.append(f"{self.engine}: 1 -> {PARTITIONS} within {time.monotonic() - produced:.1f} s of the load")
        never("more replicas than partitions", workload.replicas, lambda n: n != PARTITIONS, 12)
        eventually("the cap is named", workload.status, lambda s: s.get("limitedBy") == "Partitions", 10)
        status = eventually("the whole lag", workload.status, lambda s: s["lag"] > HEAVY, 40)  # numbers come every 30 s
        assert status["cap"] == PARTITIONS and status["partitions"] == PARTITIONS
        assert any("12" in d["reason"] and d["to"] == PARTITIONS for d in status["decisions"]), status["decisions"]

        cluster.patch("ptopic", workload.name, workload.namespace, {"spec": {"partitions": 16}})
        workload.becomes(16)
        never("more replicas than partitions", workload.replicas, lambda n: n != 16, 8)

        workload.caught_up()
        drained = time.monotonic()
        workload.becomes(0, 60)
        assert time.monotonic() - drained >= 9, "went to sleep inside the cooldown of 10 s"
        never("woke without a reason", workload.replicas, lambda n: n != 0, 8)

    def test_replicas_follow_the_lag_up_and_down(self, workload: Workload) -> None:
        workload.produce(1200)
        for lag, replicas in itertools.chain([(350, 4), (950, 10), (150, 2)]):
            workload.leave_lag(lag)
            workload.becomes(replicas)
        assert workload.status()["lag"] == 150

    def test_a_broken_scaler_beside_it_changes_nothing(self, workload: Workload, cluster: Cluster, namespace: str) -> None:
        cluster.apply(
            objects.deployment("a"), objects.deployment("b"),
            objects.scaler("a", ["nowhere"], engine=self.engine),
            objects.scaler("b", [workload.name], engine=self.engine, platformRef={"name": "absent"}),
            objects.scaler("c", [workload.name], engine=self.engine, scaleTargetRef={"name": "absent"}), namespace=namespace)
        for name, word in {"a": "nowhere", "b": "absent", "c": "absent"}.items():
            eventually(f"{name} says what is wrong", lambda name=name: cluster.condition("cscaler", name, namespace, "Ready"),
                       lambda c, word=word: c.get("status") == "False" and word in c.get("message", ""), 30)
        workload.produce(350)
        workload.becomes(4)
        assert cluster.get("deployment", "a", namespace)["spec"]["replicas"] == 0

    def test_kafka_gone_holds_the_replicas_then_falls_back(self, workload: Workload, cluster: Cluster, broker) -> None:  # noqa: ANN001
        cluster.patch("cscaler", workload.name, workload.namespace, {"spec": {"fallback": {"after": "20s", "replicas": 6}}})
        workload.produce(HEAVY)
        workload.becomes(PARTITIONS)
        broker.kill_broker(0)
        try:
            eventually("stale", lambda: workload.condition("Stale"), lambda c: c.get("status") == "True", 20)
            assert workload.replicas() == PARTITIONS
            eventually("fallback", lambda: workload.condition("Fallback"), lambda c: c.get("status") == "True", 40)
            eventually("the fallback's replicas", workload.replicas, lambda n: n == 6, 40)
            never("scaled to zero on an error", workload.replicas, lambda n: n == 0, 5)
        finally:
            broker.start_broker(0)
        workload.becomes(PARTITIONS)
        eventually("recovered", lambda: workload.condition("Fallback"), lambda c: c.get("status") == "False", 20)

    def test_killed_in_the_middle_it_ends_the_same(self, workload: Workload, penstock: Penstock) -> None:
        workload.produce(350)
        penstock.kill()
        workload.produce(HEAVY)
        penstock.start()
        workload.becomes(PARTITIONS)
        penstock.kill("scaler")
        never("replicas fell while the scaler was away", workload.replicas, lambda n: n < PARTITIONS, 8)
        penstock.start("scaler")
        never("replicas fell when the scaler came back", workload.replicas, lambda n: n < PARTITIONS, 8)
        penstock.kill("operator")
        workload.caught_up()
        penstock.start("operator")
        workload.becomes(0)

    def test_deleting_the_scaler_leaves_the_workload_as_it_is(self, workload: Workload, cluster: Cluster) -> None:
        workload.produce(350)
        workload.becomes(4)
        cluster.delete("cscaler", workload.name, workload.namespace)
        eventually("no HPA is left", lambda: cluster.list("hpa", workload.namespace), lambda found: found == [], 20)
        never("replicas changed", workload.replicas, lambda n: n != 4, 5)
