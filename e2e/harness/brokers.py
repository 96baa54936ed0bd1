"""Kafka brokers as plain processes of this machine, without a testbed: for tests of our own Kafka client."""

from __future__ import annotations

import random
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .releases import CURRENT, Release
from .wait import eventually

START_SECONDS = 90


def started(process: subprocess.Popen[bytes], log: Path) -> None:
    """Returns when a broker serves, by its log; fails when it ends."""
    def look() -> bool:
        text = log.read_text()
        assert process.poll() is None, text[-3000:]
        return "Kafka Server started" in text

    eventually(f"a broker serves, see {log}", look, seconds=START_SECONDS)


class Brokers:
    """Combined nodes 0 to count-1 of one cluster with an authorizer. On PLAINTEXT, the brokers' own listener, everybody
    may do everything; on SASL, an account (the user `me`, password `secret`) what ACLs let it."""

    def __init__(self, folder: Path, count: int, release: Release = CURRENT) -> None:
        self.folder = folder
        self._release = release
        self._ports = {name: _free_ports(count) for name in ("PLAINTEXT", "SASL", "CONTROLLER")}
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._starts = 0
        self.ids = range(count)
        # The account is in the first snapshot where a version can put it there.
        more = []
        if not release.static_quorum:
            more = ["--initial-controllers", ",".join(f"{voter}:{_directory(n)}" for n, voter in enumerate(self._voters())),
                    "--add-scram=SCRAM-SHA-512=[name=me,password=secret]"]
        formats = []
        for n in self.ids:
            (folder / f"{n}.properties").write_text("".join(f"{key}={value}\n" for key, value in self._properties(n).items()))
            formats.append(subprocess.Popen(
                release.java("kafka.tools.StorageTool", "format", "-t=ABCDEFGHIJKLMNOPQRSTUA", f"-c={n}.properties", *more),
                cwd=folder, stdout=(folder / f"{n}.format").open("w"), stderr=subprocess.STDOUT))
        for n, one in enumerate(formats):
            assert one.wait(START_SECONDS) == 0, (folder / f"{n}.format").read_text()[-2000:]

    @classmethod
    @contextmanager
    def running(cls, folder: Path, count: int) -> Iterator[Brokers]:
        """Started, and stopped at the end."""
        brokers = cls(folder, count)
        try:
            brokers.start()
            yield brokers
        finally:
            brokers.stop()

    def bootstrap(self, listener: str = "PLAINTEXT") -> str:
        return ",".join(f"127.0.0.1:{port}" for port in self._ports[listener])

    def start(self, *nodes: int) -> None:
        """Those, or all; returns when they serve."""
        wanted = nodes or tuple(self.ids)
        self._starts += 1
        logs = {n: self.folder / f"{n}.{self._starts}.log" for n in wanted}
        for n, log in logs.items():
            with log.open("w") as output:
                self._processes[n] = subprocess.Popen(self._release.java("kafka.Kafka", f"{n}.properties"), cwd=self.folder,
                                                      stdout=output, stderr=output)
        for n, log in logs.items():
            started(self._processes[n], log)

    def signal(self, node: int, number: signal.Signals) -> None:
        self._processes[node].send_signal(number)

    def kill(self, node: int) -> None:
        """kill -9; its data stays."""
        self._processes[node].kill()
        self._processes[node].wait()

    def stop(self) -> None:
        for process in self._processes.values():
            process.kill()
            process.wait()

    def tool(self, tool: str, *arguments: str) -> str:
        """What one of Kafka's own tools, of the current version, prints, on the PLAINTEXT listener."""
        run = subprocess.run(CURRENT.java(tool, "--bootstrap-server", self.bootstrap(), *arguments), cwd=self.folder, check=False,
                             capture_output=True, text=True, timeout=60)
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    def _voters(self) -> list[str]:
        return [f"{n}@127.0.0.1:{port}" for n, port in enumerate(self._ports["CONTROLLER"])]

    def _properties(self, n: int) -> dict[str, str]:
        copies = str(min(3, len(self.ids)))
        clients = ",".join(f"{name}://127.0.0.1:{self._ports[name][n]}" for name in ("PLAINTEXT", "SASL"))
        controllers = [f"127.0.0.1:{port}" for port in self._ports["CONTROLLER"]]
        return {
            "process.roles": "broker,controller", "node.id": str(n), "log.dirs": str(self.folder / f"data-{n}"),
            **({"controller.quorum.voters": ",".join(self._voters())} if self._release.static_quorum else
               {"controller.quorum.bootstrap.servers": ",".join(controllers)}),
            "listeners": f"{clients},CONTROLLER://{controllers[n]}", "advertised.listeners": clients,
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SASL:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
            "controller.listener.names": "CONTROLLER", "inter.broker.listener.name": "PLAINTEXT",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "listener.name.sasl.scram-sha-512.sasl.jaas.config":
                "org.apache.kafka.common.security.scram.ScramLoginModule required;",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS", "auto.create.topics.enable": "false", "default.replication.factor": copies,
            "offsets.topic.replication.factor": copies, "offsets.topic.num.partitions": "6",
            "transaction.state.log.replication.factor": copies, "transaction.state.log.min.isr": "1",
            "transaction.state.log.num.partitions": "3", "share.coordinator.state.topic.replication.factor": copies,
            "share.coordinator.state.topic.min.isr": "1", "share.coordinator.state.topic.num.partitions": "3",
            "broker.session.timeout.ms": "3000", "broker.heartbeat.interval.ms": "500",
            "group.initial.rebalance.delay.ms": "0", "group.consumer.heartbeat.interval.ms": "1000",
            "group.consumer.min.heartbeat.interval.ms": "1000",
            "group.streams.heartbeat.interval.ms": "1000", "group.streams.min.heartbeat.interval.ms": "1000",
            "group.streams.initial.rebalance.delay.ms": "0",
            "connections.max.reauth.ms": "3000", "auto.leader.rebalance.enable": "false",
        }


def _directory(n: int) -> str:
    return "ABCDEFGHIJKLMNOPQRST" + "ABC"[n] + "A"


# Below those that the kernel gives to connections, which the brokers make to each other before they all listen.
_PORTS = iter(random.sample(range(15_000, 32_000), 17_000))


def _free_ports(count: int) -> list[int]:
    found: list[int] = []
    while len(found) < count:
        port = next(_PORTS)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        found.append(port)
    return found
