"""One Kafka broker with every kind of listener, as a plain process: TLS, client certificates, passwords, tokens."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from testbed.lib.kafka_parts import JARS

from .brokers import started

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
LISTENERS = ("PLAINTEXT", "SSL", "SASLSSL", "SASLPLAIN", "CONTROLLER")
LOGINS = {
    "plain": 'plain.PlainLoginModule required user_me="secret"',
    "scram-sha-256": "scram.ScramLoginModule required", "scram-sha-512": "scram.ScramLoginModule required",
    "oauthbearer": 'oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="me"',
}


@dataclass
class ListenerBroker:
    """The user `me` has the password `secret`. In the folder: ca.pem, and client.pem with client.key."""

    folder: Path
    ports: dict[str, int]

    def address(self, listener: str) -> str:
        return f"localhost:{self.ports[listener]}"


def make_certificates(folder: Path, *addresses: str, clients: tuple[str, ...] = ("client",)) -> None:
    """ca.pem, server.both for a broker at localhost and these addresses, and NAME.pem with NAME.key for each client, in whose
    subject stands CN=NAME."""
    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=30)

    openssl("req", "-x509", *KEY, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca", "-days", "2")
    names = ["DNS:localhost", *(f"IP:{address}" for address in ("127.0.0.1", *addresses))]
    (folder / "names").write_text(f"subjectAltName={','.join(names)}\n")
    for name in ("server", *clients):
        openssl("req", *KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-days", "2", "-extfile", "names", "-out", f"{name}.pem")
    (folder / "server.both").write_text((folder / "server.key").read_text() + (folder / "server.pem").read_text())


def _properties(folder: Path, ports: dict[str, int]) -> str:
    lines = {
        "process.roles": "broker,controller", "node.id": "0", "log.dirs": str(folder / "data"),
        "controller.quorum.bootstrap.servers": f"127.0.0.1:{ports['CONTROLLER']}",
        "listeners": ",".join(f"{name}://127.0.0.1:{port}" for name, port in ports.items()),
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SSL:SSL,SASLSSL:SASL_SSL,SASLPLAIN:SASL_PLAINTEXT,"
                                          "CONTROLLER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER", "inter.broker.listener.name": "PLAINTEXT",
        "ssl.keystore.type": "PEM", "ssl.keystore.location": str(folder / "server.both"),
        "ssl.truststore.type": "PEM", "ssl.truststore.location": str(folder / "ca.pem"),
        "listener.name.ssl.ssl.client.auth": "required", "offsets.topic.replication.factor": "1",
        "sasl.enabled.mechanisms": "SCRAM-SHA-256,SCRAM-SHA-512,PLAIN,OAUTHBEARER",
    }
    for listener in ("saslssl", "saslplain"):
        for mechanism, login in LOGINS.items():
            lines[f"listener.name.{listener}.{mechanism}.sasl.jaas.config"] = f"org.apache.kafka.common.security.{login};"
    return "".join(f"{key}={value}\n" for key, value in lines.items())


@contextmanager
def serve(folder: Path) -> Iterator[ListenerBroker]:
    JARS.ensure()
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in LISTENERS]
    ports = {name: int(one.getsockname()[1]) for name, one in zip(LISTENERS, sockets, strict=True)}
    for one in sockets:
        one.close()
    make_certificates(folder)
    (folder / "server.properties").write_text(_properties(folder, ports))
    java = ["java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{JARS.path}/libs/*"]
    subprocess.run([*java, "kafka.tools.StorageTool", "format", "-t=ABCDEFGHIJKLMNOPQRSTUA", "-c=server.properties",
                    "--standalone", *(f"--add-scram=SCRAM-SHA-{bits}=[name=me,password=secret]" for bits in (256, 512))],
                   cwd=folder, check=True, capture_output=True, timeout=60)
    with (folder / "log").open("w") as log, subprocess.Popen([*java, "kafka.Kafka", "server.properties"], cwd=folder,
                                                            stdout=log, stderr=log) as process:
        try:
            started(process, folder / "log")
            yield ListenerBroker(folder, ports)
        finally:
            process.kill()
            process.wait()
