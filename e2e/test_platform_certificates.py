"""The certificates of a managed platform, on a real broker: who is let in, who is not, and what happens when they end."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from harness import Cluster, Penstock, eventually, objects
from harness.listeners import KEY
from testbed import Testbed

pytestmark = pytest.mark.profile("node")

HOST = "main-nodes-0.main-nodes.shop.svc.cluster.local"
BOOTSTRAP = "main-bootstrap.shop.svc.cluster.local"
INTERNAL, CONTROLLER, TLS = 9091, 9090, 9093
PLATFORM = objects.managed_platform(1, {"name": "plain", "port": 9092, "tls": False, "authentication": {"type": "None"}},
                                    {"name": "tls", "port": TLS, "tls": True, "authentication": {"type": "None"}})

# Sends an ApiVersions request over TLS and waits for the answer: with TLS 1.3 a refused certificate of the client shows there.
ASK = """
import json, socket, ssl, sys
host, port, name, ca, cert, key = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
if cert: context.load_cert_chain(cert, key)
try:
    with context.wrap_socket(socket.create_connection((host, int(port)), 5), server_hostname=name) as tls:
        shown = tls.getpeercert()["serialNumber"]
        tls.settimeout(5)
        tls.sendall(b"\\0\\0\\0\\x0f\\0\\x12\\0\\0\\0\\0\\0\\1\\0\\5probe")
        print(json.dumps({"serial": shown} if tls.recv(4) else {"error": "closed"}))
except (ssl.SSLError, ConnectionError) as error:
    print(json.dumps({"error": str(error)}))
"""

CA = """
[ca]
default_ca = main
[main]
certificate = ca.pem
private_key = ca.key
database = index
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
[any]
commonName = supplied
"""

PRODUCE = """
import sys
from confluent_kafka import Producer
producer = Producer({"bootstrap.servers": sys.argv[1], "security.protocol": "SSL", "ssl.ca.location": sys.argv[2]})
for _ in range(100): producer.produce("orders", b"x")
assert producer.flush(20) == 0
"""


class Shop:
    def __init__(self, cluster: Cluster, testbed: Testbed, folder: Path) -> None:
        self.cluster, self.testbed, self.folder = cluster, testbed, folder

    def secret(self, name: str) -> dict[str, str]:
        return self.cluster.secret(name, "shop")

    def write(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text)
        return str(self.folder / name)

    def take_authority(self) -> None:
        authority = self.secret("main-ca")
        self.write("ca.crt", authority["ca.crt"])
        self.write("ca.pem", authority["tls.crt"])
        self.write("ca.key", authority["tls.key"])

    def openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True, timeout=30)

    def sign(self, name: str, authority: str = "ca", days: int = 2, extensions: str = "extendedKeyUsage=clientAuth,serverAuth",
             subject: str = "/CN=kafka-node") -> tuple[str, str]:
        """A certificate and its key."""
        self.write(f"{name}.ext", extensions)
        self.openssl("req", *KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", subject)
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key",
                     "-CAcreateserial", "-days", str(days), "-extfile", f"{name}.ext", "-out", f"{name}.pem")
        return str(self.folder / f"{name}.pem"), str(self.folder / f"{name}.key")

    def sign_for(self, seconds: int, name: str, extensions: str) -> tuple[str, str]:
        """One of the authority that ends soon; its serial number is short."""
        for file, text in (("index", ""), ("serial", "01"), (f"{name}.ext", extensions), ("ca.cnf", CA)):
            self.write(file, text)
        end = (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y%m%d%H%M%SZ")
        self.openssl("req", *KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", "/CN=kafka-node")
        self.openssl("ca", "-batch", "-config", "ca.cnf", "-in", f"{name}.csr", "-extfile", f"{name}.ext", "-notext",
                     "-startdate", "20200101000000Z", "-enddate", end, "-out", f"{name}.pem")
        return str(self.folder / f"{name}.pem"), str(self.folder / f"{name}.key")

    def ask(self, port: int, certificate: tuple[str, str] = ("", ""), ca: str = "ca.crt", name: str = HOST) -> dict[str, str]:
        answer: dict[str, str] = json.loads(self.testbed.call_inside(
            [sys.executable, "-c", ASK, HOST, str(port), name, self.folder / ca, *certificate], timeout=30))
        return answer

    def shown(self) -> str:
        """The serial number of what the broker shows to clients."""
        answer = self.ask(TLS)
        assert "serial" in answer, answer
        return answer["serial"]

    def produce(self) -> None:
        self.testbed.call_inside([sys.executable, "-c", PRODUCE, f"{BOOTSTRAP}:{TLS}", self.folder / "ca.crt"], timeout=40)

    def status(self) -> dict[str, object]:
        status: dict[str, object] = self.cluster.get("eplat", "main", "shop")["status"]
        return status

    def end_of_nodes(self) -> str:
        [end] = [c["notAfter"] for c in self.status()["certificates"] if c["name"] == "nodes"]  # type: ignore[attr-defined]
        return str(end)


@pytest.fixture(scope="module")
def shop(penstock: Penstock, cluster: Cluster, testbed: Testbed, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    testbed.create_namespace("shop")
    cluster.apply(PLATFORM, objects.topic("orders", 1), namespace="shop")
    cluster.ready("eplat", "main", "shop", 120)
    cluster.ready("ptopic", "orders", "shop", 40)
    shop = Shop(cluster, testbed, tmp_path_factory.mktemp("certificates"))
    shop.take_authority()
    return shop


@pytest.mark.parametrize("port", [INTERNAL, CONTROLLER])
def test_only_certificates_of_the_platforms_own_authority_come_in(shop: Shop, port: int) -> None:
    shop.openssl("req", "-x509", *KEY, "-keyout", "sibling.key", "-out", "sibling.pem", "-subj", "/CN=main-ca", "-days", "2")
    good = shop.sign("good", extensions="basicConstraints=critical,CA:FALSE\nextendedKeyUsage=clientAuth")
    assert "serial" in shop.ask(port, good)
    below = shop.sign("below", authority="good")  # by somebody who may come in, and may let nobody else in
    Path(below[0]).write_text(Path(below[0]).read_text() + Path(good[0]).read_text())
    refused = {"none": ("", ""), "sibling": shop.sign("of-sibling", authority="sibling"), "below": below,
               "expired": shop.sign("expired", days=-1), "server": shop.sign("server", extensions="extendedKeyUsage=serverAuth")}
    let_in = [name for name, certificate in refused.items() if "serial" in shop.ask(port, certificate)]
    assert not let_in


def test_a_client_trusts_this_platforms_brokers_and_by_their_names_only(shop: Shop) -> None:
    trust = shop.cluster.get("configmap", "main-ca.crt", "shop")["data"]["ca.crt"]
    assert trust == (shop.folder / "ca.crt").read_text()
    shop.produce()
    for name in (HOST, BOOTSTRAP, "main-bootstrap.shop.svc", "main-bootstrap"):
        assert "serial" in shop.ask(TLS, name=name), name
    assert "mismatch" in shop.ask(TLS, name="main-nodes-1.main-nodes.shop.svc.cluster.local")["error"]
    shop.openssl("req", "-x509", *KEY, "-keyout", "other.key", "-out", "other.pem", "-subj", "/CN=main-ca", "-days", "2")
    assert "verify failed" in shop.ask(TLS, ca="other.pem")["error"]


def test_a_new_certificate_is_loaded_without_a_restart(shop: Shop) -> None:
    pod = shop.cluster.get("pod", "main-nodes-0", "shop")
    before, end = shop.shown(), shop.end_of_nodes()
    shop.cluster.patch("eplat", "main", "shop", {"spec": {"kafka": {"certificates": {"validity": "366d", "renewBefore": "365d"}}}})
    eventually("another certificate is shown", lambda: shop.ask(TLS), lambda answer: answer.get("serial", before) != before, 150)
    assert shop.end_of_nodes() > end
    shop.produce()
    after = shop.cluster.get("pod", "main-nodes-0", "shop")
    assert after["metadata"]["uid"] == pod["metadata"]["uid"]
    assert after["status"]["containerStatuses"][0]["restartCount"] == 0
    shop.cluster.ready("eplat", "main", "shop", 30)


def test_a_secret_that_is_deleted_comes_back_and_nobody_is_shut_out(shop: Shop) -> None:
    before = shop.shown()
    shop.cluster.delete("secret", "main-ca", "shop")
    eventually("there is an authority again", lambda: shop.secret("main-ca"), lambda data: "tls.key" in data, 60)
    assert shop.secret("main-ca")["ca.crt"].count("BEGIN") == 2, "the one before is trusted beside it"
    eventually("clients are told", lambda: shop.cluster.get("configmap", "main-ca.crt", "shop")["data"]["ca.crt"],
               lambda trust: trust == shop.secret("main-ca")["ca.crt"], 30)
    assert shop.shown() == before
    shop.produce()
    shop.take_authority()
    assert shop.shown() == before
    of_new = shop.sign("of-new")
    eventually("the broker trusts the new authority", lambda: shop.ask(INTERNAL, of_new), lambda answer: "serial" in answer, 90)
    shop.cluster.patch("secret", "main-nodes-tls", "shop", {"data": {"0.pem": None}})
    eventually("a certificate of the new authority is shown", lambda: shop.ask(TLS),
               lambda answer: answer.get("serial", before) != before, 90)
    assert shop.cluster.get("pod", "main-nodes-0", "shop")["status"]["containerStatuses"][0]["restartCount"] == 0
    shop.cluster.ready("eplat", "main", "shop", 30)


def test_a_certificate_that_ends_while_the_operator_is_away_is_replaced(shop: Shop, penstock: Penstock) -> None:
    penstock.kill("operator")
    seconds = 40  # time for a pod to start: Kafka does not with a certificate that has ended
    certificate, key = shop.sign_for(seconds, "short", f"subjectAltName=DNS:{HOST}\nextendedKeyUsage=serverAuth,clientAuth")
    short = base64.b64encode((Path(key).read_text() + Path(certificate).read_text()).encode()).decode()
    shop.cluster.patch("secret", "main-nodes-tls", "shop", {"data": {"0.pem": short}})
    shop.cluster.delete("pod", "main-nodes-0", "shop")
    eventually("it shows the short one", lambda: shop.ask(TLS), lambda answer: answer.get("serial") == "01", seconds)
    pod = shop.cluster.get("pod", "main-nodes-0", "shop")["metadata"]["uid"]
    eventually("it has ended", lambda: shop.ask(TLS), lambda answer: "expired" in answer.get("error", ""), seconds + 10)
    penstock.start("operator")
    eventually("somebody can talk to it", lambda: shop.ask(TLS), lambda answer: "serial" in answer, 90)
    shop.cluster.ready("eplat", "main", "shop", 60)
    shop.produce()
    assert shop.cluster.get("pod", "main-nodes-0", "shop")["metadata"]["uid"] != pod
