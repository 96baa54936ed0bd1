"""What is asked: real Kafka brokers, or fakes of them, on this machine."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

from e2e.testbed.lib import kafka_parts

HEAP = "-Xmx{}m"
TICK_HZ = os.sysconf("SC_CLK_TCK")


def free_ports(count: int) -> list[int]:
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


class Processes:
    """That end with this object."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[bytes]] = []

    def cpu_seconds(self) -> float:
        total = 0
        for process in self._processes:
            fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICK_HZ

    def resident_mib(self) -> float:
        return sum(int(Path(f"/proc/{one.pid}/statm").read_text().split()[1]) for one in self._processes) * 4096 / 2**20

    def stop(self) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()


class Brokers(Processes):
    """Combined KRaft nodes."""

    def __init__(self, count: int, heap: int, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._heap = heap
        self._jars = kafka_parts.JARS.ensure()
        self._clients, self._controllers = free_ports(count), free_ports(count)
        voters = ",".join(f"{n}@127.0.0.1:{port}" for n, port in enumerate(self._controllers))
        for n in range(count):
            self._properties(n, voters)
            self._java("kafka.tools.StorageTool", "format", "-t", "cGVuc3RvY2stYmVuY2gtMQ", "-c", folder / f"{n}.properties").wait()
        self._processes = [self._java("kafka.Kafka", folder / f"{n}.properties", name=f"broker-{n}") for n in range(count)]

    @property
    def bootstrap(self) -> str:
        return ",".join(f"127.0.0.1:{port}" for port in self._clients)

    def _properties(self, n: int, voters: str) -> None:
        client, controller = f"PLAINTEXT://127.0.0.1:{self._clients[n]}", f"CONTROLLER://127.0.0.1:{self._controllers[n]}"
        copies = min(3, len(self._clients))
        values = {
            "process.roles": "broker,controller", "node.id": n, "log.dirs": self._folder / f"data-{n}",
            "controller.quorum.voters": voters, "listeners": f"{client},{controller}", "advertised.listeners": client,
            "controller.listener.names": "CONTROLLER", "auto.create.topics.enable": "false",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "offsets.topic.replication.factor": copies, "offsets.topic.num.partitions": 50,
            "transaction.state.log.replication.factor": copies, "transaction.state.log.min.isr": 1,
            "log.index.size.max.bytes": 4096, "log.segment.bytes": 1 << 20, "group.initial.rebalance.delay.ms": 0,
        }
        (self._folder / f"{n}.properties").write_text("".join(f"{key}={value}\n" for key, value in values.items()))

    def _java(self, *arguments: str | Path, name: str = "tool") -> subprocess.Popen[bytes]:
        with (self._folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(["java", HEAP.format(self._heap), "-cp", f"{self._jars}/libs/*", *map(str, arguments)],
                                    stdin=subprocess.DEVNULL, stdout=log, stderr=log)


class Fakes(Processes):
    """Brokers that answer from arithmetic: what a client of so many partitions costs without a cluster that holds them."""

    def __init__(self, program: Path, brokers: int, scalers: int, partitions: int, moving: int) -> None:
        super().__init__()
        command = [str(program), *map(str, (brokers, scalers, partitions, moving))]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._processes = [process]
        assert process.stdout
        self.bootstrap = process.stdout.readline().decode().strip()
