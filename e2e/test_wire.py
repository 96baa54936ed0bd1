"""Our own Kafka client against a real broker: every kind of listener, with right and wrong credentials."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import time
from collections.abc import Iterator

import pytest
from harness.listeners import ListenerBroker, serve
from harness.programs import built


class Broker:
    def __init__(self, broker: ListenerBroker) -> None:
        self.broker, self.folder = broker, broker.folder

    def ask(self, listener: str, **settings: str) -> None:
        """Runs the live cases of wire_tests; fails with their words."""
        names = {"BOOTSTRAP": self.broker.address(listener)} | {key.upper(): text for key, text in settings.items()}
        if listener in ("SSL", "SASLSSL"):
            names["CA"] = str(self.folder / "ca.pem")
        run = subprocess.run([built("tests/wire_tests"), "-tc=a real broker*"], capture_output=True, text=True, timeout=60, check=False,
                             env=os.environ | {f"PENSTOCK_WIRE_{key}": text for key, text in names.items()})
        assert run.returncode == 0 and "1 passed" in run.stdout, run.stdout + run.stderr


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with serve(tmp_path_factory.mktemp("wire")) as broker:
        yield Broker(broker)


def test_plain_text(broker: Broker) -> None:
    broker.ask("PLAINTEXT")


def test_a_client_certificate(broker: Broker) -> None:
    broker.ask("SSL", certificate=str(broker.folder / "client.pem"), key=str(broker.folder / "client.key"))
    broker.ask("SSL", expect="unavailable")


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN"])
def test_a_password(broker: Broker, mechanism: str) -> None:
    broker.ask("SASLSSL", mechanism=mechanism, username="me", password="secret")
    broker.ask("SASLSSL", mechanism=mechanism, username="me", password="wrong", expect="unauthorized")


def test_scram_needs_no_tls(broker: Broker) -> None:
    broker.ask("SASLPLAIN", mechanism="SCRAM-SHA-512", username="me", password="secret")


def test_a_token(broker: Broker) -> None:
    def part(claims: dict[str, str | int]) -> str:
        return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")

    now = int(time.time())
    token = f"{part({'alg': 'none'})}.{part({'sub': 'me', 'iat': now, 'exp': now + 600})}."
    broker.ask("SASLSSL", mechanism="OAUTHBEARER", token=token)
    broker.ask("SASLSSL", mechanism="OAUTHBEARER", token="nonsense", expect="unauthorized")
