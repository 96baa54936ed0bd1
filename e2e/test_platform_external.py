"""An EventPlatform that somebody else runs: probed, its cluster id pinned, another cluster never written to, what it asks
credentials for read with those of its Secrets."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest
from confluent_kafka.admin import (AclBinding, AclBindingFilter, AclOperation, AclPermissionType, ResourcePatternType, ResourceType,
                                   ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion)
from harness import Cluster, KafkaClient, Penstock, eventually, never, objects
from harness.listeners import make_certificates
from testbed import Testbed
from testbed.lib.layout import NODE_IP


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


@dataclass
class Secured:
    """A broker that asks for a password on SASLSSL and for a certificate on SSL, and lets in whom an ACL lets in."""

    folder: Path
    addresses: dict[str, str]
    kafka: KafkaClient  # of an administrator

    def secret(self, name: str) -> dict[str, str]:
        """What a platform presents: the certificate of that name and, for the user `me`, that name as the password."""
        return {"username": "me", "password": name, "tls.crt": (self.folder / f"{name}.pem").read_text(),
                "tls.key": (self.folder / f"{name}.key").read_text(), "ca.crt": (self.folder / "ca.pem").read_text()}

    def accept(self, listener: str, name: str) -> None:
        """Only what secret(name) holds, on that listener."""
        if listener == "SASLSSL":
            info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
            password = UserScramCredentialUpsertion("me", info, name.encode())
            self.kafka.admin.alter_user_scram_credentials([password])["me"].result(20)
        anybody = AclBindingFilter(ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY,
                                   AclPermissionType.ANY)
        self.kafka.admin.delete_acls([anybody])[anybody].result(20)
        acls = [AclBinding(kind, "*", ResourcePatternType.LITERAL, "User:me" if listener == "SASLSSL" else f"User:CN={name}", "*",
                           AclOperation.DESCRIBE, AclPermissionType.ALLOW) for kind in (ResourceType.TOPIC, ResourceType.GROUP)]
        for future in self.kafka.admin.create_acls(acls).values():
            future.result(20)


@pytest.fixture(scope="module")
def secured(testbed: Testbed, tmp_path_factory: pytest.TempPathFactory) -> Secured:
    folder = tmp_path_factory.mktemp("secured")
    make_certificates(folder, NODE_IP, clients=("first", "second"))
    broker = testbed.kafka(name="secured", port=22092)
    broker.listeners = {"SASLSSL": (22292, "SASL_SSL"), "SSL": (22392, "SSL")}
    broker.config = {
        "ssl.keystore.type": "PEM", "ssl.keystore.location": str(folder / "server.both"),
        "ssl.truststore.type": "PEM", "ssl.truststore.location": str(folder / "ca.pem"),
        "listener.name.ssl.ssl.client.auth": "required", "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.saslssl.scram-sha-512.sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required;",
        "connections.max.reauth.ms": "3000", "super.users": "User:ANONYMOUS",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    }
    broker.serve_host()
    broker.start()
    return Secured(folder, {name: broker.bootstrap_of(name) for name in broker.listeners}, KafkaClient(broker.host_bootstrap))


@pytest.mark.parametrize(("listener", "external"), [
    ("SASLSSL", {"sasl": {"mechanism": "SCRAM-SHA-512", "secretRef": {"name": "account"}}}),
    ("SSL", {"tls": {"clientCertificateSecretRef": {"name": "account"}}}),
])
def test_credentials_that_change_are_followed_without_a_restart(
        secured: Secured, cluster: Cluster, penstock: Penstock, namespace: str, listener: str, external: dict) -> None:
    name = f"orders-{uuid.uuid4().hex[:6]}"

    def lag() -> str | None:
        found = re.search(f'penstock_consumer_lag{{[^}}]*scaler="{name}"[^}}]*}} (.*)', penstock.scrape("scaler"))
        return found and found[1]

    def present(credentials: str) -> None:
        cluster.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "account"},
                       "stringData": secured.secret(credentials)}, namespace=namespace)

    secured.accept(listener, "first")
    present("first")
    secured.kafka.create_topic(name, 1)
    eventually("the topic is known", lambda: secured.kafka.partitions(name))
    secured.kafka.produce(name, 10)
    secured.kafka.commit(name, name, {0: 6})
    platform = objects.external_platform([secured.addresses[listener]])
    platform["spec"]["external"] |= {**external, "tls": {"caSecretRef": {"name": "account"}, **external.get("tls", {})}}
    cluster.apply(platform, objects.deployment(name), objects.scaler(name, [name], mode="Observe"), namespace=namespace)
    eventually("the lag", lag, lambda found: found == "4")

    secured.accept(listener, "second")
    refusal = eventually("refused", lambda: cluster.condition("cscaler", name, namespace, "Stale"),
                         lambda c: c.get("status") == "True")
    assert re.search("Authentication failed|AUTHORIZATION_FAILED", refusal["message"]), refusal
    secured.kafka.commit(name, name, {0: 7})
    present("second")
    # Secrets are read anew every half a minute.
    eventually("the lag, with the new credentials", lag, lambda found: found == "3", 60)
    eventually("fresh", lambda: cluster.condition("cscaler", name, namespace, "Stale"), lambda c: c.get("status") == "False")
