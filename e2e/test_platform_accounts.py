"""Who may do what on a managed platform: accounts with passwords that rotate, ACLs of Topics, and Penstock's own rights."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from harness import Cluster, Penstock, eventually, objects
from harness.listeners import KEY
from harness.penstock import NAMESPACE
from testbed import Testbed

pytestmark = pytest.mark.profile("node")

SCRAM = {"type": "SCRAM-SHA-512"}
PLATFORM = objects.managed_platform(1, {"name": "plain", "port": 9092, "tls": False, "authentication": {"type": "None"}},
                                    {"name": "sasl", "port": 9094, "tls": True, "authentication": SCRAM},
                                    {"name": "mtls", "port": 9095, "tls": True, "authentication": {"type": "mTLS"}})
PLATFORM["spec"]["kafka"]["authorization"] = {"type": "Simple"}
PLATFORM["spec"]["accounts"] = [{"name": name, "authentication": SCRAM, "rotation": {"overlap": "1m"}} for name in ("shop", "billing")]
PLATFORM["spec"]["accounts"].append({"name": "audit", "authentication": {"type": "mTLS"}})

# Prints "ok" or the name of Kafka's error.
CLIENT = """
import json, sys
from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic
config, action, topic, group = json.loads(sys.argv[1]), *sys.argv[2:]
login, said, down = [], [], []

def complain(error):
    if error.name() in ("_AUTHENTICATION", "_SSL"): login.append(error.name())
    if error.name() == "_ALL_BROKERS_DOWN": down.append(error.name())

config["error_cb"] = complain
if action == "produce":
    producer = Producer({**config, "message.timeout.ms": 10000})
    producer.produce(topic, b"x", on_delivery=lambda error, _: said.append(error.name() if error else "ok"))
    producer.flush(15)
elif action == "consume":
    consumer = Consumer({**config, "group.id": group, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    for tried in range(40):
        if login or (down and tried > 4): break
        if (message := consumer.poll(1)) is not None:
            said.append(message.error().name() if message.error() else "ok")
            break
    consumer.close()
elif action == "create":
    admin = AdminClient(config)
    try:
        admin.create_topics([NewTopic(topic, 1)], request_timeout=10)[topic].result(15)
        said.append("ok")
    except KafkaException as error:
        said.append(error.args[0].name())
elif action == "list":
    said.append(" ".join(sorted(AdminClient(config).list_topics(timeout=15).topics)))
print((login + said + down + ["nothing"])[0])
"""


class Shop:
    def __init__(self, cluster: Cluster, testbed: Testbed) -> None:
        self.cluster, self.testbed = cluster, testbed

    def secret(self, account: str) -> dict[str, str]:
        return self.cluster.secret(f"main-account-{account}", "shop")

    def client(self, config: dict[str, str], action: str, topic: str = "orders", group: str = "") -> str:
        """What Kafka says to a client that logs in anew."""
        return self.testbed.call_inside([sys.executable, "-c", CLIENT, json.dumps(config), action, topic, group], timeout=60).strip()


def config_of(secret: dict[str, str]) -> dict[str, str]:
    """Of librdkafka."""
    if "tls.crt" in secret:
        return {"ssl.certificate.pem": secret["tls.crt"], "ssl.key.pem": secret["tls.key"], "ssl.ca.pem": secret["ca.crt"],
                **{key: secret[key] for key in ("bootstrap.servers", "security.protocol")}}
    return {"sasl.username": secret["username"], "sasl.password": secret["password"], "ssl.ca.pem": secret["ca.crt"],
            **{key: secret[key] for key in ("bootstrap.servers", "security.protocol", "sasl.mechanism")}}


@pytest.fixture(scope="module")
def shop(penstock: Penstock, cluster: Cluster, testbed: Testbed) -> Shop:
    testbed.create_namespace("shop")
    orders = objects.topic("orders", 3, access=[{"principal": "User:shop", "role": "Producer"},
                                                {"principal": "User:billing", "role": "Consumer", "groups": ["billing"]},
                                                {"principal": "User:audit", "role": "Consumer", "groups": ["audit"]}])
    cluster.apply(PLATFORM, orders, objects.topic("others", 1), namespace="shop")
    cluster.ready("eplat", "main", "shop", 120)
    cluster.ready("ptopic", "orders", "shop", 60)
    eventually("accounts are in Kafka", lambda: cluster.condition("eplat", "main", "shop", "AccountsReady"),
               lambda condition: condition.get("status") == "True", 60)
    return Shop(cluster, testbed)


def test_who_may_may_and_who_may_not_gets_an_authorisation_error(shop: Shop) -> None:
    producer, consumer = config_of(shop.secret("shop")), config_of(shop.secret("billing"))
    said = {
        "may write": shop.client(producer, "produce"),
        "may read": shop.client(consumer, "consume", group="billing"),
        "writes what it may only read": shop.client(consumer, "produce"),
        "reads what it may only write": shop.client(producer, "consume", group="billing"),
        "reads as another group": shop.client(consumer, "consume", group="other"),
        "writes elsewhere": shop.client(producer, "produce", "others"),
        "makes a topic": shop.client(producer, "create", "mine"),
        "sees only its own": shop.client(producer, "list"),
        "has a wrong password": shop.client({**producer, "sasl.password": "wrong"}, "produce"),
        "trusts nobody": shop.client({**producer, "ssl.ca.pem": shop.cluster.get("configmap", "kube-root-ca.crt", "shop")["data"]["ca.crt"]},
                                     "produce"),
        "has no name": shop.client({"bootstrap.servers": shop.cluster.get("eplat", "main", "shop")["status"]["bootstrapServers"]["plain"]},
                                   "produce"),
    }
    assert said == {
        "may write": "ok",
        "may read": "ok",
        "writes what it may only read": "TOPIC_AUTHORIZATION_FAILED",
        "reads what it may only write": "GROUP_AUTHORIZATION_FAILED",
        "reads as another group": "GROUP_AUTHORIZATION_FAILED",
        "writes elsewhere": "TOPIC_AUTHORIZATION_FAILED",
        "makes a topic": "TOPIC_AUTHORIZATION_FAILED",
        "sees only its own": "orders",
        "has a wrong password": "_AUTHENTICATION",
        "trusts nobody": "_SSL",
        "has no name": "TOPIC_AUTHORIZATION_FAILED",
    }


def test_kafkas_own_tools_and_ours_take_the_file_in_the_secret(shop: Shop) -> None:
    secret = shop.secret("billing")
    tool = "cat > /tmp/client.properties; exec /opt/kafka/bin/kafka-topics.sh --bootstrap-server \"$1\" --command-config /tmp/client.properties --list"
    listed = shop.cluster.kubectl("exec", "-i", "main-nodes-0", "-n", "shop", "--", "bash", "-c", tool, "-", secret["bootstrap.servers"],
                                  stdin=secret["client.properties"])
    assert listed.split() == ["orders"]


def test_a_certificate_of_an_account_is_its_name_and_opens_nothing_else(shop: Shop, tmp_path: Path) -> None:
    assert shop.client(config_of(shop.secret("shop")), "produce") == "ok"
    audit = config_of(shop.secret("audit"))
    authority = shop.cluster.secret("main-clients-ca", "shop")
    (tmp_path / "ca.pem").write_text(authority["tls.crt"])
    (tmp_path / "ca.key").write_text(authority["tls.key"])

    def signed(name: str) -> dict[str, str]:
        """Of the clients' own authority."""
        for command in (["req", *KEY, "-keyout", "x.key", "-out", "x.csr", "-subj", f"/CN={name}"],
                        ["x509", "-req", "-in", "x.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-out", "x.pem"]):
            subprocess.run(["openssl", *command], cwd=tmp_path, check=True, capture_output=True, timeout=30)
        return {**audit, "ssl.certificate.pem": (tmp_path / "x.pem").read_text(), "ssl.key.pem": (tmp_path / "x.key").read_text()}

    key, _, certificate = shop.cluster.secret("main-nodes-tls", "shop")["0.pem"].partition("-----BEGIN CERTIFICATE")
    said = {
        "may read": shop.client(audit, "consume", group="audit"),
        "may not write": shop.client(audit, "produce"),
        "is somebody else's name": shop.client(signed("kafka-node"), "produce"),
    }
    assert said == {"may read": "ok", "may not write": "TOPIC_AUTHORIZATION_FAILED",
                    "is somebody else's name": "TOPIC_AUTHORIZATION_FAILED"}
    refused = {
        "no certificate": {k: v for k, v in audit.items() if not k.startswith(("ssl.certificate", "ssl.key"))},
        "a name that no account can have": signed("User:root"),
        "a node's": {**audit, "ssl.key.pem": key, "ssl.certificate.pem": f"-----BEGIN CERTIFICATE{certificate}"},
        "an account's, where nodes talk": {**audit, "bootstrap.servers": audit["bootstrap.servers"].replace(":9095", ":9091")},
    }
    for who, config in refused.items():
        assert shop.client(config, "consume", group="audit") in ("_AUTHENTICATION", "_SSL", "_ALL_BROKERS_DOWN"), who


def test_penstock_scaler_may_look_and_nothing_else(shop: Shop) -> None:
    shop.cluster.apply(objects.deployment("billing"), objects.scaler("billing", ["orders"], mode="Observe", offsetReset="earliest"),
                       namespace="shop")
    assert shop.client(config_of(shop.secret("shop")), "produce") == "ok"
    eventually("it sees the lag", lambda: shop.cluster.get("cscaler", "billing", "shop").get("status", {}).get("lag", 0),
               lambda lag: lag > 0, 60)
    [view] = shop.cluster.list("secret", NAMESPACE, "penstock.dev/view=true")
    connection: dict[str, Any] = json.loads(base64.b64decode(view["data"]["connection"]))
    config = {"bootstrap.servers": connection["bootstrapServers"], "security.protocol": "SSL",
              "ssl.ca.pem": connection["certificateAuthority"], "ssl.certificate.pem": connection["clientCertificate"],
              "ssl.key.pem": connection["clientKey"]}
    said = {action: shop.client(config, action, group="billing") for action in ("list", "produce", "consume")}
    assert set(said.pop("list").split()) >= {"orders", "others"}
    assert said == {"produce": "TOPIC_AUTHORIZATION_FAILED", "consume": "GROUP_AUTHORIZATION_FAILED"}
    assert shop.client(config, "create", "mine") == "TOPIC_AUTHORIZATION_FAILED"


def test_a_password_rotates_with_time_for_clients(shop: Shop) -> None:
    before = shop.secret("shop")
    shop.cluster.delete("secret", "main-account-shop", "shop")
    eventually("another login", lambda: shop.secret("shop"), lambda secret: secret["username"] == "shop.b", 60)
    after = shop.secret("shop")
    assert after["password"] != before["password"]
    assert shop.client(config_of(after), "produce") == "ok"
    assert shop.client(config_of(before), "produce") == "ok", "the one before is good for a minute yet"
    eventually("the status says so", lambda: {a["name"]: a["user"] for a in shop.cluster.get("eplat", "main", "shop")["status"]["accounts"]},
               lambda users: users == {"shop": "shop.b", "billing": "billing", "audit": "audit"}, 10)
    eventually("the one before is gone", lambda: shop.client(config_of(before), "produce"), lambda said: said == "_AUTHENTICATION", 150)
    assert shop.client(config_of(after), "produce") == "ok"


def test_an_account_that_is_taken_away_can_not_log_in_any_more(shop: Shop) -> None:
    billing = config_of(shop.secret("billing"))
    assert shop.client(billing, "consume", group="billing") == "ok"
    shop.cluster.patch("eplat", "main", "shop", {"spec": {"accounts": PLATFORM["spec"]["accounts"][:1] + PLATFORM["spec"]["accounts"][2:]}})
    eventually("its login is refused", lambda: shop.client(billing, "consume", group="billing"),
               lambda said: said == "_AUTHENTICATION", 60)
    assert not shop.cluster.kubectl("get", "secret", "main-account-billing", "-n", "shop", "--ignore-not-found")
    eventually("the status says so", lambda: [a["name"] for a in shop.cluster.get("eplat", "main", "shop")["status"]["accounts"]],
               lambda names: names == ["shop", "audit"], 10)
    assert shop.client(config_of(shop.secret("shop")), "produce") == "ok"
