"""Kafka brokers as plain processes inside the testbed, for tests that need no pods."""

from __future__ import annotations

import base64
import os
import signal
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from . import kafka_parts
from .api import wait_until
from .layout import NODE_IP

if TYPE_CHECKING:
    from .testbed import Testbed

JVM = ("-Xmx256m", "-Xms256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
CONTROLLER_PORTS = 100  # a node's controller port is its client port plus this
START_SECONDS = 60
TOOLS = {
    "acls": "org.apache.kafka.tools.AclCommand", "configs": "kafka.admin.ConfigCommand",
    "console-consumer": "org.apache.kafka.tools.consumer.ConsoleConsumer",
    "console-producer": "org.apache.kafka.tools.ConsoleProducer",
    "consumer-groups": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "metadata-quorum": "org.apache.kafka.tools.MetadataQuorumCommand", "topics": "org.apache.kafka.tools.TopicCommand",
}


def _java(*arguments: str | Path) -> list[str | Path]:
    archive = f"-XX:SharedArchiveFile={kafka_parts.ARCHIVE.path / 'kafka.jsa'}"
    return ["java", *JVM, archive, "-Xlog:disable", "-Xlog:all=error:stderr", "-cp", f"{kafka_parts.JARS.path}/libs/*", *arguments]


def _random_id() -> str:
    """A Kafka uuid: 16 random bytes, and none that a command line would take for an option."""
    return base64.urlsafe_b64encode(b"A" + os.urandom(15)).decode().rstrip("=")


class Kafka:
    """A KRaft cluster of combined nodes 0 to brokers-1. Node n is the component NAME-n, known by its name and port alone,
    so that whoever attaches to the testbed can make this object anew."""

    def __init__(self, testbed: Testbed, brokers: int, name: str, port: int) -> None:
        self._testbed = testbed
        self._name = name
        self._port = port
        self.brokers = range(brokers)
        # Set before start: server properties besides those below; and listeners besides the plain one, each with its first
        # node's port and its security protocol.
        self.config: dict[str, str] = {}
        self.listeners: dict[str, tuple[int, str]] = {}

    @property
    def bootstrap(self) -> str:
        """The clients' address, inside."""
        return self._addresses(self._port)

    def bootstrap_of(self, listener: str) -> str:
        """The same, of one of `listeners`."""
        port, _ = self.listeners[listener]
        return self._addresses(port)

    def _addresses(self, first_port: int) -> str:
        return ",".join(f"{NODE_IP}:{first_port + n}" for n in self.brokers)

    @property
    def host_bootstrap(self) -> str:
        """The clients' address outside, after serve_host."""
        return ",".join(f"127.0.0.1:{port}" for port in self._host_ports())

    def start(self) -> None:
        """Formats what is new, starts what does not run, and returns when every broker serves."""
        new = [n for n in self.brokers if not (self._data(n) / "meta.properties").exists()]
        if new:
            self._format()
        running = self._testbed.components()
        wanted = [n for n in self.brokers if running.get(self.component(n)) is None]
        for n in wanted:
            self._launch(n)
        for n in wanted:
            self._wait(n)

    def start_broker(self, n: int) -> None:
        """Starts one node on its old data; returns when it serves."""
        self._launch(n)
        self._wait(n)

    def stop_broker(self, n: int) -> None:
        """A clean shutdown."""
        self._testbed.stop_component(self.component(n), 30)

    def kill_broker(self, n: int) -> None:
        """kill -9; its data stays."""
        self._testbed.kill_component(self.component(n))

    def signal_broker(self, n: int, number: signal.Signals) -> None:
        """SIGSTOP freezes a broker, SIGCONT lets it go on."""
        self._testbed.signal(self.component(n), number)

    def stop(self) -> None:
        """Ends all nodes at once and forgets nothing."""
        for n in self.brokers:
            self.kill_broker(n)

    def tool(self, tool: str, *arguments: str, timeout: float = 60) -> str:
        """What one of Kafka's own command-line tools prints; see TOOLS for their names."""
        command = _java("-Dkafka.log.level=WARN", TOOLS[tool], "--bootstrap-server", self.bootstrap, *arguments)
        return self._testbed.call_inside(command, timeout=timeout)

    def component(self, n: int) -> str:
        return f"{self._name}-{n}"

    def serve_host(self) -> None:
        """Before start: makes the brokers reachable from outside as well, at host_bootstrap."""
        ports = []
        for n in self.brokers:
            with socket.create_server(("127.0.0.1", 0)) as listener:
                ports.append(int(listener.getsockname()[1]))
                self._testbed.relay(f"{self.component(n)}-relay", listener, ports[-1])
        self._host_ports_file().write_text(" ".join(map(str, ports)))

    def _host_ports_file(self) -> Path:
        return self._testbed.layout.config / f"{self._name}.host-ports"

    def _host_ports(self) -> list[int]:
        path = self._host_ports_file()
        return [int(port) for port in path.read_text().split()] if path.exists() else []

    def _data(self, n: int) -> Path:
        return self._testbed.layout.data / self.component(n)

    def _properties(self, n: int) -> Path:
        return self._testbed.layout.config / f"{self.component(n)}.properties"

    def _log(self, n: int) -> Path:
        return self._testbed.layout.log / f"{self.component(n)}.log"

    def _controller(self, n: int) -> str:
        return f"{NODE_IP}:{self._port + n + CONTROLLER_PORTS}"

    def _write_properties(self, n: int) -> None:
        client = f"PLAINTEXT://{NODE_IP}:{self._port + n}"
        if ports := self._host_ports():
            client += f",HOST://127.0.0.1:{ports[n]}"
        protocols = "PLAINTEXT:PLAINTEXT,HOST:PLAINTEXT,CONTROLLER:PLAINTEXT"
        for name, (port, protocol) in self.listeners.items():
            client += f",{name}://{NODE_IP}:{port + n}"
            protocols += f",{name}:{protocol}"
        copies = str(min(3, len(self.brokers)))
        properties: Mapping[str, str] = {
            "process.roles": "broker,controller", "node.id": str(n), "log.dirs": str(self._data(n)),
            "controller.quorum.bootstrap.servers": ",".join(self._controller(one) for one in self.brokers),
            "listeners": f"{client},CONTROLLER://{self._controller(n)}", "advertised.listeners": client,
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": protocols,
            "offsets.topic.replication.factor": copies, "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": "1", "share.coordinator.state.topic.replication.factor": copies,
            "share.coordinator.state.topic.min.isr": "1", "default.replication.factor": copies,
            "offsets.topic.num.partitions": "6", "transaction.state.log.num.partitions": "6",
            "share.coordinator.state.topic.num.partitions": "6",
            # A killed broker may register again only when its old session has run out.
            "broker.session.timeout.ms": "3000", "broker.heartbeat.interval.ms": "500",
            "group.initial.rebalance.delay.ms": "0", "auto.create.topics.enable": "false",
            **self.config,
        }
        self._properties(n).write_text("".join(f"{key}={value}\n" for key, value in properties.items()))

    def _format(self) -> None:
        cluster = _random_id()
        voters = ",".join(f"{n}@{self._controller(n)}:{_random_id()}" for n in self.brokers)
        running = []
        for n in self.brokers:
            self._write_properties(n)
            command = _java("kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "--config", self._properties(n),
                            "--initial-controllers", voters)
            running.append((n, self._testbed.run_inside(command, log=self._log(n))))
        for n, process in running:
            if process.wait() != 0:
                raise RuntimeError(f"{self.component(n)} could not be formatted; see {self._log(n)}")

    def _launch(self, n: int) -> None:
        self._write_properties(n)
        self._started_at(n).write_text(str(self._log(n).stat().st_size))
        self._testbed.start_component(self.component(n), _java("kafka.Kafka", self._properties(n)))

    def _started_at(self, n: int) -> Path:
        return self._testbed.layout.run / f"{self.component(n)}.log-offset"

    def _wait(self, n: int) -> None:
        """A node says that it has started once its broker is unfenced, which is when clients may use it."""
        offset = int(self._started_at(n).read_text())

        def started() -> bool:
            with self._log(n).open("rb") as log:
                log.seek(offset)
                return b"Kafka Server started" in log.read()

        try:
            wait_until(self.component(n), started, START_SECONDS)
        except TimeoutError:
            raise RuntimeError(f"{self.component(n)} did not start; see {self._log(n)}") from None
