"""An EventPlatform that somebody else runs: probed, its cluster id pinned, another cluster never written to."""

from __future__ import annotations

from harness import Cluster, KafkaClient, Penstock, eventually, never, objects
from testbed import Testbed


def ready(cluster: Cluster, namespace: str) -> dict:
    return cluster.condition("eplat", "main", namespace, "Ready")


def test_becomes_ready_and_shows_what_it_found(cluster: Cluster, platform: str, namespace: str, kafka: KafkaClient) -> None:
    status = cluster.get("eplat", platform, namespace)["status"]
    assert status["clusterId"] == kafka.admin.list_topics(timeout=10).cluster_id
    assert status["brokers"] == 1
    assert {"acls", "configs", "offsets"} <= set(status["capabilities"])


def test_an_address_where_nobody_answers_is_named(cluster: Cluster, penstock: Penstock, namespace: str) -> None:
    cluster.apply(objects.external_platform(["127.0.0.1:1"]), namespace=namespace)
    found = eventually("not ready", lambda: ready(cluster, namespace), lambda c: c.get("status") == "False", 40)
    assert "127.0.0.1:1" in found["message"]


def test_another_cluster_behind_the_address_stops_all_writes(testbed: Testbed, cluster: Cluster, penstock: Penstock,
                                                             namespace: str) -> None:
    first, second = testbed.kafka(name="first", port=20092), testbed.kafka(name="second", port=21092)
    first.start()
    second.serve_host()
    second.start()
    cluster.apply(objects.external_platform([first.bootstrap]), namespace=namespace)
    cluster.ready("eplat", "main", namespace, 30)
    pinned = cluster.get("eplat", "main", namespace)["status"]["clusterId"]

    cluster.patch("eplat", "main", namespace, {"spec": {"external": {"bootstrapServers": [second.bootstrap]}}})
    found = eventually("mismatch", lambda: ready(cluster, namespace), lambda c: c.get("reason") == "ClusterIdMismatch", 40)
    assert pinned in found["message"]
    cluster.apply(objects.topic("orders", 3), namespace=namespace)
    other = KafkaClient(second.host_bootstrap)
    never("wrote to another cluster", lambda: other.partitions("orders"), lambda n: n != 0, 5)
    assert cluster.get("eplat", "main", namespace)["status"]["clusterId"] == pinned

    cluster.patch("eplat", "main", namespace, {"spec": {"external": {"bootstrapServers": [first.bootstrap]}}})
    cluster.ready("eplat", "main", namespace, 40)
    cluster.ready("ptopic", "orders", namespace, 40)
