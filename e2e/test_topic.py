"""A Topic becomes a topic in Kafka: created, grown, configured, opened to principals, and deleted only as its policy says."""

from __future__ import annotations

import time
import uuid

import pytest
from confluent_kafka import Consumer
from confluent_kafka.admin import (
    AclBindingFilter, AclOperation, AclPermissionType, AlterConfigOpType, ConfigEntry, ConfigResource, ResourcePatternType,
    ResourceType,
)
from harness import Cluster, KafkaClient, Penstock, eventually, never, objects


@pytest.fixture
def name() -> str:
    return f"orders-{uuid.uuid4().hex[:6]}"


def settle(cluster: Cluster, namespace: str, name: str) -> dict:
    return cluster.ready("ptopic", name, namespace, 30)


def acls(kafka: KafkaClient, principal: str) -> set[tuple[str, str, str]]:
    every = AclBindingFilter(ResourceType.ANY, None, ResourcePatternType.ANY, principal, None, AclOperation.ANY,
                             AclPermissionType.ANY)
    found = kafka.admin.describe_acls(every).result(10)
    return {(a.restype.name, a.name, a.operation.name) for a in found}


def test_created_grown_and_configured(cluster: Cluster, kafka: KafkaClient, platform: str, namespace: str, name: str) -> None:
    cluster.apply(objects.topic(name, 3, config={"retention.ms": 3_600_000, "cleanup.policy": "compact"}), namespace=namespace)
    status = settle(cluster, namespace, name)
    assert kafka.partitions(name) == 3 == status["partitions"]
    assert kafka.topic_config(name) == {"retention.ms": "3600000", "cleanup.policy": "compact"}
    assert len(status["topicId"]) == 22

    cluster.patch("ptopic", name, namespace, {"spec": {"partitions": 5}})
    eventually("grown", lambda: kafka.partitions(name), lambda n: n == 5)

    # A key that somebody else set stays; a key that left the spec goes.
    foreign = ConfigResource(ConfigResource.Type.TOPIC, name, incremental_configs=[
        ConfigEntry("max.message.bytes", "2000000", incremental_operation=AlterConfigOpType.SET)])
    kafka.admin.incremental_alter_configs([foreign])[foreign].result(10)
    cluster.patch("ptopic", name, namespace, {"spec": {"config": {"retention.ms": 7_200_000, "cleanup.policy": None}}})
    eventually("configured", lambda: kafka.topic_config(name),
               lambda c: c == {"retention.ms": "7200000", "max.message.bytes": "2000000"})
    eventually("reported", lambda: cluster.get("ptopic", name, namespace)["status"].get("foreignConfig", []),
               lambda keys: any("max.message.bytes" in k for k in keys), 30)


def test_kafkas_own_tool_sees_the_topic(cluster: Cluster, broker, platform: str, namespace: str, name: str) -> None:  # noqa: ANN001
    cluster.apply(objects.topic(name, 2), namespace=namespace)
    settle(cluster, namespace, name)
    described = broker.tool("topics", "--describe", "--topic", name)
    assert "PartitionCount: 2" in described.replace("\t", " ")


def test_shrinking_is_refused_in_words(cluster: Cluster, platform: str, namespace: str, name: str) -> None:
    cluster.apply(objects.topic(name, 3), namespace=namespace)
    settle(cluster, namespace, name)
    assert "must not shrink" in cluster.refused(objects.topic(name, 2), namespace)


def test_access_becomes_least_acls_and_goes_with_the_topic(cluster: Cluster, kafka: KafkaClient, platform: str, namespace: str,
                                                           name: str) -> None:
    shop, billing = f"User:shop-{name}", f"User:billing-{name}"
    cluster.apply(objects.topic(name, 1, access=[{"principal": shop, "role": "Producer"},
                                                 {"principal": billing, "role": "Consumer", "groups": ["billing"]}]),
                  namespace=namespace)
    settle(cluster, namespace, name)
    assert {("TOPIC", name, "WRITE"), ("TOPIC", name, "DESCRIBE")} <= acls(kafka, shop)
    assert ("TOPIC", name, "READ") not in acls(kafka, shop)
    assert {("TOPIC", name, "READ"), ("GROUP", "billing", "READ")} <= acls(kafka, billing)

    cluster.patch("ptopic", name, namespace, {"spec": {"access": [{"principal": shop, "role": "Producer"}]}})
    eventually("billing lost its access", lambda: acls(kafka, billing), lambda found: found == set())
    cluster.delete("ptopic", name, namespace)
    assert acls(kafka, shop) == set()
    assert kafka.partitions(name) == 1, "deletionPolicy Retain deleted the topic"


def test_deletion_waits_for_the_consumers(cluster: Cluster, kafka: KafkaClient, platform: str, namespace: str, name: str) -> None:
    cluster.apply(objects.topic(name, 1, deletionPolicy="Delete"), namespace=namespace)
    settle(cluster, namespace, name)
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": f"group-{name}", "auto.offset.reset": "earliest"})
    try:
        consumer.subscribe([name])
        eventually("joined", lambda: consumer.poll(0.1) or consumer.assignment(), seconds=20)
        cluster.delete("ptopic", name, namespace, wait=False)
        blocked = eventually("blocked", lambda: cluster.condition("ptopic", name, namespace, "DeletionBlocked"),
                             lambda c: c.get("status") == "True")
        assert f"group-{name}" in blocked["message"]
        assert kafka.partitions(name) == 1
    finally:
        consumer.close()
    cluster.kubectl("annotate", "ptopic", name, "-n", namespace, "penstock.dev/force-delete=true")
    eventually("deleted", lambda: kafka.partitions(name), lambda n: n == 0)
    cluster.kubectl("wait", "--for=delete", f"ptopic/{name}", "-n", namespace, "--timeout=20s")


def test_the_older_of_two_claims_wins(cluster: Cluster, kafka: KafkaClient, platform: str, namespace: str, name: str) -> None:
    cluster.apply(objects.topic(name, 2), namespace=namespace)
    begun = time.time()
    settle(cluster, namespace, name)
    # Kubernetes' ages have whole seconds: the second claim must be younger in them too.
    eventually("a second later", lambda: int(time.time()) > int(begun) + 1)
    cluster.apply(objects.topic(f"{name}-b", 7, topicName=name), namespace=namespace)
    conflict = eventually("conflict", lambda: cluster.condition("ptopic", f"{name}-b", namespace, "Conflict"),
                          lambda c: c.get("status") == "True")
    assert name in conflict["message"]
    never("the younger wrote", lambda: kafka.partitions(name), lambda n: n != 2, 3)


def test_a_topic_deleted_behind_us_comes_back(cluster: Cluster, kafka: KafkaClient, platform: str, namespace: str,
                                              name: str) -> None:
    cluster.apply(objects.topic(name, 2), namespace=namespace)
    before = settle(cluster, namespace, name)["topicId"]
    kafka.delete_topic(name)
    cluster.kubectl("annotate", "ptopic", name, "-n", namespace, "penstock.dev/reconcile-at=now")
    eventually("a new topic", lambda: cluster.get("ptopic", name, namespace)["status"].get("topicId"),
               lambda found: found not in (None, before))
    assert kafka.partitions(name) == 2


def test_a_plan_only_topic_says_what_it_would_do(cluster: Cluster, kafka: KafkaClient, penstock: Penstock, platform: str,
                                                 namespace: str, name: str) -> None:
    obj = objects.topic(name, 4)
    obj["metadata"]["annotations"] = {"penstock.dev/plan-only": "true"}
    cluster.apply(obj, namespace=namespace)
    plan = eventually("a plan", lambda: cluster.get("ptopic", name, namespace).get("status", {}).get("plan", []))
    assert any(f"create topic {name} with 4 partitions" in line for line in plan)
    assert kafka.partitions(name) == 0
