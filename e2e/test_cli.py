"""kubectl-penstock lag straight from Kafka: its numbers are those of Kafka's own tools, and what it can't read it says."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import NewTopic
from harness import KafkaClient, eventually, never, objects
from harness.brokers import Brokers
from harness.cli import TOOL, Ran, lag, run
from harness.listeners import ListenerBroker, serve

GROUPS_TOOL = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"
JAAS = "sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username=\"me\" password=\"{password}\";"


def _unique(name: str) -> str:
    return f"{name}-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brokers]:
    with Brokers.running(tmp_path_factory.mktemp("cli"), 2) as brokers:
        yield brokers


@pytest.fixture(scope="module")
def kafka(brokers: Brokers) -> KafkaClient:
    return KafkaClient(brokers.bootstrap())


@pytest.fixture(scope="module")
def listeners(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ListenerBroker]:
    with serve(tmp_path_factory.mktemp("listeners")) as broker:
        kafka = KafkaClient(broker.address("PLAINTEXT"))
        kafka.create_topic("orders", 2)
        eventually("the topic is known", lambda: kafka.partitions("orders"), lambda n: n == 2)
        kafka.produce("orders", 20)
        kafka.commit("billing", "orders", {0: 10, 1: 7})
        yield broker


def _topic(kafka: KafkaClient, partitions: int, replicas: int = 1) -> str:
    name = _unique("orders")
    kafka.admin.create_topics([NewTopic(name, partitions, replicas)])[name].result(20)
    eventually("the topic is known", lambda: kafka.partitions(name), lambda n: n == partitions)
    return name


def _group_of(kafka: KafkaClient, coordinator: int, topic: str, offsets: dict[int, int]) -> str:
    """A group with these commits that this broker coordinates."""
    while True:
        group = _unique("billing")
        kafka.commit(group, topic, offsets)
        if kafka.admin.describe_consumer_groups([group])[group].result(20).coordinator.id == coordinator:
            return group


def _lags(ran: Ran) -> dict[tuple[str, str, int], tuple[int | None, int | None, int | None]]:
    """(group, topic, partition) → (committed, end, lag), of JSON with partitions."""
    return {(group["group"], topic["topic"], one["partition"]): (one["committed"], one["end"], one["lag"])
            for group in ran.json["groups"] for topic in group["topics"] for one in topic["byPartition"]}


def _described(text: str) -> dict[tuple[str, str, int], tuple[int | None, int | None, int | None]]:
    """The same, from the tables of kafka-consumer-groups --describe."""
    found = {}
    for line in text.splitlines():
        # GROUP TOPIC PARTITION [LEADER-EPOCH] CURRENT-OFFSET LOG-END-OFFSET LAG CONSUMER-ID HOST CLIENT-ID
        if match := re.match(r"(\S+)\s+(\S+)\s+(\d+)\s+(-|\d+)\s+(-|\d+)\s+(-|\d+)\s", line):
            group, topic, partition, *numbers = match.groups()
            found[group, topic, int(partition)] = tuple(None if n == "-" else int(n) for n in numbers)
    return found


def test_the_numbers_are_those_of_kafkas_own_tool(brokers: Brokers, kafka: KafkaClient) -> None:
    topic, other, group, idle = _topic(kafka, 4), _topic(kafka, 2), _unique("billing"), _unique("idle")
    kafka.produce(topic, 4000)
    kafka.produce(other, 101)
    kafka.commit(group, topic, {0: 1000, 1: 999, 2: 17, 3: 0})
    kafka.commit(group, other, {0: 51, 1: 3})
    kafka.consume_all(idle, other)
    member = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": group, "enable.auto.commit": False})
    member.subscribe([topic, other])
    try:
        def consumes() -> bool:
            member.poll(0.1)
            return len(member.assignment()) == 6

        eventually("the member has all partitions", consumes)
        theirs = _described(brokers.tool(GROUPS_TOOL, "--describe", "--group", group, "--group", idle))
        assert len(theirs) == 8, theirs
        ours = lag("--bootstrap-server", kafka.bootstrap, "--group", group, "--group", idle, "--partitions", "-o", "json")
        assert ours.status == 0, ours
        assert _lags(ours) == theirs
        billing, idlers = sorted(ours.json["groups"], key=lambda g: g["group"] == idle)
        assert billing["lag"] == 1 + 983 + 1000 + 0 + 47 == sum(n[2] for k, n in theirs.items() if k[0] == group)
        assert (billing["state"], billing["members"], billing["type"]) == ("Stable", 1, "Classic")
        assert (idlers["lag"], idlers["state"], idlers["members"]) == (0, "Empty", 0)
        # The table has the same sums; the largest lag is first.
        table = lag("--bootstrap-server", kafka.bootstrap, "--group", group, "--group", idle)
        assert [row[:2] + row[5:7] for row in table.rows()] == [[group, topic, "4", "1984"], [group, other, "2", "47"],
                                                                 [idle, other, "2", "0"]], table.out
    finally:
        member.close()


def test_all_groups_of_all_brokers_are_found(kafka: KafkaClient) -> None:
    topic, groups = _topic(kafka, 1), [_unique("group") for _ in range(8)]
    kafka.produce(topic, 3)
    for n, group in enumerate(groups):
        kafka.commit(group, topic, {0: n % 4})
    ours = lag("--bootstrap-server", kafka.bootstrap, "-o", "json")
    assert ours.status == 0, ours
    listed = {group.group_id for group in kafka.admin.list_consumer_groups().result(20).valid}
    assert set(groups) <= listed == {group["group"] for group in ours.json["groups"]}
    only = lag("--bootstrap-server", kafka.bootstrap, "--topic", topic, "-o", "yaml")
    assert {g["group"]: g["lag"] for g in yaml.safe_load(only.out)["groups"]} == {g: 3 - n % 4 for n, g in enumerate(groups)}


def test_the_delay_is_known_at_once_without_reading_a_record(kafka: KafkaClient) -> None:
    topic, group = _topic(kafka, 1), _unique("late")
    producer = Producer({"bootstrap.servers": kafka.bootstrap})
    now = int(time.time() * 1000)
    for n in range(10):
        producer.produce(topic, b"x", partition=0, timestamp=now - 300_000 + n * 10_000)
    assert producer.flush(20) == 0
    kafka.commit(group, topic, {0: 4})  # the next is 260 s old
    # On a busy machine two seconds may not be enough for all steps.
    found = eventually("the delay", lambda: lag("--bootstrap-server", kafka.bootstrap, "--group", group, "-o", "json")
                       .json["groups"][0], lambda g: not g["delayIsAtLeast"], 60)
    assert found["lag"] == 6, found
    assert 230_000 <= found["delayMs"] <= 290_000, found


def test_a_group_or_topic_that_is_not_there_is_an_error(kafka: KafkaClient) -> None:
    lost = lag("--bootstrap-server", kafka.bootstrap, "--group", "nobody")
    assert lost.status == 1 and "no such group" in lost.out, lost
    group, topic = _unique("billing"), _topic(kafka, 1)
    kafka.commit(group, topic, {0: 0})
    lost = lag("--bootstrap-server", kafka.bootstrap, "--group", group, "--topic", "nothing", "-o", "json")
    [found] = lost.json["groups"]
    assert lost.status == 1 and found["lag"] is None and "error" in found["topics"][0], lost


def test_what_a_dead_broker_led_is_unknown_and_the_rest_is_not(brokers: Brokers, kafka: KafkaClient) -> None:
    topic = _topic(kafka, 4)
    kafka.produce(topic, 40)
    group = _group_of(kafka, 0, topic, {p: 3 for p in range(4)})
    led = {p: found.leader for p, found in kafka.admin.list_topics(topic, timeout=10).topics[topic].partitions.items()}
    assert set(led.values()) == {0, 1}
    brokers.kill(1)
    try:
        # Two nodes are no quorum without each other: the other one's metadata stays as it is.
        ours = lag("--bootstrap-server", kafka.bootstrap, "--group", group, "--partitions", "-o", "json", "--timeout", "3s")
        assert ours.status == 1, ours
        [found] = ours.json["groups"]
        assert found["lag"] is None, found
        [topic_found] = found["topics"]
        assert len(topic_found["byPartition"]) == 4, found
        for one in topic_found["byPartition"]:
            assert (one["lag"] == 7) == (led[one["partition"]] == 0), found
            assert ("error" in one) == (led[one["partition"]] == 1), found
        everything = lag("--bootstrap-server", kafka.bootstrap, "--timeout", "3s")
        assert everything.status == 1 and "groups of broker 1" in everything.err, everything
    finally:
        brokers.start(1)


def test_an_account_sees_what_it_may_and_the_rest_is_refused_in_words(brokers: Brokers, kafka: KafkaClient,
                                                                     tmp_path: Path) -> None:
    topic, group = _topic(kafka, 1), _unique("secret")
    kafka.commit(group, topic, {0: 0})
    config = tmp_path / "client.properties"
    config.write_text(f"bootstrap.servers={brokers.bootstrap('SASL')}\nsecurity.protocol=SASL_PLAINTEXT\n"
                      f"sasl.mechanism=SCRAM-SHA-512\n{JAAS.format(password='secret')}\n")
    refused = lag("--command-config", config, "--group", group)
    assert refused.status == 1 and "unknown" in refused.out and "may not describe this group" in refused.out, refused
    nothing = lag("--command-config", config)
    assert (nothing.status, nothing.out, nothing.err) == (0, "", "Nothing found.\n"), nothing


def test_live_rows_and_documents_until_interrupted(kafka: KafkaClient) -> None:
    topic, group = _topic(kafka, 1), _unique("live")
    kafka.produce(topic, 5)
    kafka.commit(group, topic, {0: 5})
    arguments = [TOOL, "lag", "--bootstrap-server", kafka.bootstrap, "--group", group, "--watch=0.5", "-o", "json"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert json.loads(process.stdout.readline())["groups"][0]["lag"] == 0
        kafka.produce(topic, 7)
        end = time.monotonic() + 20
        while (found := json.loads(process.stdout.readline())["groups"][0])["lag"] != 7:
            assert time.monotonic() < end, found
        assert found["topics"][0]["arrivalRate"] > 0, found
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


def test_a_live_load_is_recorded_exactly_simulated_and_replayed(kafka: KafkaClient, tmp_path: Path) -> None:
    topic, trace, scaler = _topic(kafka, 3), tmp_path / "now.csv", tmp_path / "scaler.yaml"
    kafka.produce(topic, 50)
    scaler.write_text(yaml.safe_dump(objects.scaler(topic, [topic], consumerGroup=_unique("nobody"))))
    simulate = [TOOL, "simulate", "-f", scaler, "--capacity", "100", "-o", "json"]

    def recorded(length: str, *more: str | Path, interrupt: bool = False) -> Ran:
        arguments = [*simulate, "--record", length, "--bootstrap-server", kafka.bootstrap, *more]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr
            begun = process.stderr.readline()
            assert begun == f"Recording for {length}; Ctrl-C ends it early.\n", begun + process.stderr.read()
            kafka.produce(topic, 300)
            if interrupt:
                never("a recording that ends by itself", process.poll, lambda status: status is not None, 2.5)
                process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        assert process.returncode == 0 and err.startswith("Recorded 300 records in "), (process.returncode, err)
        return Ran(process.returncode, out, err)

    live = recorded("4s", "--trace", trace)
    lines = [line.split(",") for line in trace.read_text().splitlines()]
    assert [line[0] for line in lines] == ["seconds", "0", "1", "2", "3"], lines
    assert round(sum(float(rate) for _, rate in lines[1:])) == 300, lines
    assert run(*simulate[1:], "--trace", trace).json == live.json
    assert recorded("1h", interrupt=True).json["items"][0]["rule"] == str(scaler)

    nobody = run(*simulate[1:], "--record", "1s", "--bootstrap-server", "127.0.0.1:1")
    assert nobody.status == 1 and "error: " in nobody.err, nobody


def _on_a_terminal(arguments: list[str | Path], enough: bytes, **environment: str) -> bytes:
    """What a program writes on a terminal, until that is there and it was interrupted."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(TOOL, [str(TOOL), *map(str, arguments)], os.environ | {"TERM": "xterm"} | environment)
    written, end = b"", time.monotonic() + 20
    while enough not in written:
        assert time.monotonic() < end, written
        written += os.read(terminal, 65536)
    os.kill(pid, signal.SIGINT)
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) in (0, 1), written
    return written


def test_a_terminal_is_painted_and_coloured_unless_told_not_to_be(kafka: KafkaClient) -> None:
    arguments = ["lag", "--bootstrap-server", kafka.bootstrap, "--group", "nobody", "--watch=0.2"]
    painted = _on_a_terminal(arguments, b"\x1b[J\x1b[H")
    assert b"\x1b[2J" in painted and b"\x1b[31munknown\x1b[0m" in painted, painted
    plain = _on_a_terminal(arguments, b"\x1b[J\x1b[H", NO_COLOR="1")
    assert b"unknown" in plain and b"\x1b[31m" not in plain, plain


CONFIGS = {
    "SASLSSL": "security.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-256\n{jaas}\n"
               "ssl.truststore.type=PEM\nssl.truststore.location={folder}/ca.pem\n",
    "SSL": "security.protocol=SSL\nssl.truststore.type=PEM\nssl.truststore.location={folder}/ca.pem\n"
           "ssl.keystore.type=PEM\nssl.keystore.location={folder}/client.both\n",
    "SASLPLAIN": "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=SCRAM-SHA-512\n{jaas}\n",
}


def _config(listeners: ListenerBroker, tmp_path: Path, listener: str, password: str = "secret") -> Path:
    both = listeners.folder / "client.both"
    both.write_text((listeners.folder / "client.key").read_text() + (listeners.folder / "client.pem").read_text())
    path = tmp_path / f"{listener}.properties"
    path.write_text(CONFIGS[listener].format(folder=listeners.folder, jaas=JAAS.format(password=password)))
    return path


@pytest.mark.parametrize("listener", ["SASLSSL", "SSL", "SASLPLAIN"])
def test_a_clients_own_properties_file_is_enough(listeners: ListenerBroker, tmp_path: Path, listener: str) -> None:
    ours = lag("--command-config", _config(listeners, tmp_path, listener), "--bootstrap-server", listeners.address(listener),
               "-o", "json")
    assert ours.status == 0, ours
    assert [(g["group"], g["lag"]) for g in ours.json["groups"]] == [("billing", 3)]


def test_a_wrong_password_is_told_in_words_at_once(listeners: ListenerBroker, tmp_path: Path) -> None:
    began = time.monotonic()
    refused = lag("--command-config", _config(listeners, tmp_path, "SASLSSL", "wrong"), "--bootstrap-server",
                  listeners.address("SASLSSL"), "--group", "billing")
    assert refused.status == 1 and refused.out == "", refused
    assert refused.err.startswith("error: unauthorized: ") and "wrong" not in refused.err, refused
    assert time.monotonic() - began < 10


def test_an_authority_that_is_not_the_brokers_is_told_in_words(listeners: ListenerBroker, tmp_path: Path) -> None:
    config = tmp_path / "system.properties"
    config.write_text(f"bootstrap.servers={listeners.address('SASLSSL')}\nsecurity.protocol=SSL\n")
    refused = lag("--command-config", config)
    assert refused.status == 1 and "its certificate is refused" in refused.err, refused


def test_a_java_store_is_refused_with_a_command_that_converts_it(listeners: ListenerBroker, tmp_path: Path) -> None:
    store = tmp_path / "trust.jks"
    subprocess.run(["keytool", "-importcert", "-noprompt", "-alias", "ca", "-file", listeners.folder / "ca.pem", "-keystore",
                    store, "-storetype", "JKS", "-storepass", "changeit"], check=True, capture_output=True, timeout=60)
    config = tmp_path / "jks.properties"
    text = f"security.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-256\n{JAAS.format(password='secret')}\n"
    config.write_text(text + f"ssl.truststore.location={store}\n")
    address = listeners.address("SASLSSL")
    refused = lag("--command-config", config, "--bootstrap-server", address)
    assert refused.status == 2 and "is a JKS store, and only PEM is read: " in refused.err, refused
    command = re.search(r"keytool .* > ca\.pem", refused.err)
    assert command, refused.err
    subprocess.run(command[0], shell=True, cwd=tmp_path, check=True, capture_output=True, timeout=60, input=b"changeit\n")
    config.write_text(text + f"ssl.truststore.type=PEM\nssl.truststore.location={tmp_path}/ca.pem\n")
    assert lag("--command-config", config, "--bootstrap-server", address).status == 0


def test_nobody_at_the_address_is_told_at_once() -> None:
    refused = lag("--bootstrap-server", "127.0.0.1:9")
    assert refused.status == 1 and refused.err.startswith("error: unavailable: no broker can be reached: "), refused


def test_bash_completes_commands_options_and_values(tmp_path: Path) -> None:
    script = f"""
        PATH={TOOL.parent}:$PATH
        source <(kubectl-penstock completion bash)
        COMP_WORDS=(kubectl-penstock "$@"); COMP_CWORD=$#; _kubectl_penstock; printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    (tmp_path / "client.properties").write_text("")

    def completed(*words: str) -> list[str]:
        return subprocess.run(["bash", "-c", script, "bash", *words], cwd=tmp_path, check=True, capture_output=True, text=True,
                              timeout=30).stdout.split()

    assert completed("l") == ["lag"]
    assert completed("lag", "--boot") == ["--bootstrap-server"]
    assert completed("lag", "--output", "=", "y") == ["yaml"]
    assert completed("lag", "--command-config", "cl") == ["client.properties"]
    plugin = run("completion", "kubectl").out
    (tmp_path / "kubectl_complete-penstock").write_text(plugin)
    done = subprocess.run(["sh", tmp_path / "kubectl_complete-penstock", "lag", "--sort", ""], check=True, capture_output=True,
                          text=True, timeout=30, env=os.environ | {"PATH": f"{TOOL.parent}:{os.environ['PATH']}"})
    assert done.stdout.split() == ["lag", "delay", "name", ":4"]
