"""Our offset reader on a real cluster of three brokers, while groups, topics, transactions, brokers and rights change: what
it reads is right or an error, never a wrong number, and what can be known is known again soon."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
import pytest
from confluent_kafka import Consumer, ElectionType, Producer, TopicPartition
from confluent_kafka.admin import (AclBinding, AclBindingFilter, AclOperation, AclPermissionType, AdminClient,
                                   ResourcePatternType, ResourceType, ScramCredentialInfo, ScramMechanism,
                                   UserScramCredentialDeletion, UserScramCredentialUpsertion)
from harness.brokers import Brokers
from harness.groups import classic_streams_group, make_topic, share_group, streams_group, unique
from harness.kafka import KafkaClient
from harness.reader import SOON, Reader, Sample, live_cases
from harness.wait import eventually


class World:
    """A topic of six partitions that everybody has caught up with but for three records a partition, as its group has
    committed; nothing changes but the brokers."""

    PARTITIONS = 6

    def __init__(self, kafka: KafkaClient) -> None:
        self.topic, self.group = make_topic(kafka, self.PARTITIONS), unique("world")
        kafka.produce(self.topic, 10 * self.PARTITIONS)
        self.commits = {p: 7 for p in range(self.PARTITIONS)}
        kafka.commit(self.group, self.topic, self.commits)

    def known(self, sample: Sample) -> bool:
        """Is everything? Fails at a number that is wrong."""
        if "error" in sample:
            return False
        topic, group = sample["topics"][self.topic], sample["groups"][self.group]
        if "error" in topic or group["commits"] is not None:
            return False
        committed = group["committed"].get(self.topic, [])
        readings = [(end, 10) for end in topic["ends"]] + [(start, 0) for start in topic["starts"]]
        readings += [(commit, 7) for commit in committed]
        for got, right in readings:
            assert not isinstance(got, int) or got == right, json.dumps(sample)
        assert len(topic["ends"]) == len(topic["starts"]) == len(committed) == self.PARTITIONS, json.dumps(sample)
        return all(isinstance(got, int) for got, _ in readings)


def _leaders(kafka: KafkaClient, topic: str) -> list[int]:
    """A client of its own asks, so that none waits for a broker that is frozen."""
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap, "socket.timeout.ms": 2000})
    found = admin.list_topics(topic, timeout=10).topics[topic].partitions
    return [found[p].leader for p in sorted(found)]


def _member(kafka: KafkaClient, group: str, topic: str, protocol: str, records: int) -> Consumer:
    """Consumes that many records and commits them; it stays in the group."""
    member = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": group, "group.protocol": protocol,
                       "auto.offset.reset": "earliest", "enable.auto.commit": False})
    member.subscribe([topic])
    end, message = time.monotonic() + SOON, None
    while records and time.monotonic() < end:
        if (got := member.poll(0.1)) and not got.error():
            records, message = records - 1, got
    assert records == 0
    if message:
        member.commit(message, asynchronous=False)
    return member


@pytest.fixture(scope="module")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brokers]:
    with Brokers.running(tmp_path_factory.mktemp("reader"), 3) as brokers:
        yield brokers


@pytest.fixture(scope="module")
def kafka(brokers: Brokers) -> KafkaClient:
    return KafkaClient(brokers.bootstrap())


@pytest.fixture
def reader(brokers: Brokers) -> Iterator[Reader]:
    reader = Reader(brokers.bootstrap())
    yield reader
    reader.close()


@pytest.fixture
def world(kafka: KafkaClient) -> World:
    return World(kafka)


def test_the_live_cases_of_the_unit_tests(brokers: Brokers) -> None:
    live_cases(brokers.bootstrap())


@pytest.mark.parametrize("kind", [streams_group, classic_streams_group, share_group])
def test_a_kind_of_group(brokers: Brokers, kafka: KafkaClient, reader: Reader,
                         kind: Callable[[Brokers, KafkaClient, Reader], None]) -> None:
    kind(brokers, kafka, reader)


def test_a_group_that_migrates_keeps_its_commits(kafka: KafkaClient, reader: Reader) -> None:
    topic, group = make_topic(kafka, 2), unique("migrant")
    kafka.produce(topic, 10, partition=0)
    _member(kafka, group, topic, "classic", 4).close()
    assert reader.read(group, topic)["groups"][group]["info"]["type"] == "Classic"
    member = _member(kafka, group, topic, "consumer", 0)
    member.poll(0.1)

    def migrated(sample: Sample) -> bool:
        its = sample["groups"][group]
        assert its["committed"][topic][0] == 4, sample
        info = its["info"]
        assert info.get("state") != "Dead", sample
        return (info.get("type"), info.get("state"), info.get("assigned")) == ("Consumer", "Stable", {topic: [0, 1]})

    assert reader.until(migrated, group, topic)["groups"][group]["info"]["members"] == 1
    member.close()


def test_a_deleted_group_is_dead_and_has_no_commits(kafka: KafkaClient, reader: Reader) -> None:
    topic, group = make_topic(kafka), unique("deleted")
    kafka.produce(topic, 3)
    kafka.commit(group, topic, {0: 2})
    before = reader.read(group, topic)["groups"][group]
    assert before["committed"][topic] == [2] and before["info"]["state"] == "Empty", before
    kafka.admin.delete_consumer_groups([group])[group].result(20)
    after = reader.read(group, topic)["groups"][group]
    assert after["commits"] is None and after["committed"].get(topic, [-1]) == [-1], after
    reader.until(lambda s: s["groups"][group]["info"].get("state") == "Dead", group, topic)


def test_a_topic_made_anew_loses_its_commits_and_is_known_when_it_is_doubtful(kafka: KafkaClient, reader: Reader) -> None:
    """Though it has grown past its old end, which alone would tell."""
    topic, group = make_topic(kafka), unique("anew")
    kafka.produce(topic, 10)
    kafka.admin.delete_records([TopicPartition(topic, 0, 8)])[TopicPartition(topic, 0)].result(20)
    kafka.commit(group, topic, {0: 9})
    before = reader.read(group, topic)
    assert (before["topics"][topic]["starts"], before["groups"][group]["committed"][topic]) == ([8], [9])
    kafka.delete_topic(topic)
    eventually("the topic is gone", lambda: kafka.partitions(topic), lambda n: n == 0, SOON)
    make_topic(kafka, name=topic)
    kafka.produce(topic, 12)
    after = reader.until(lambda s: s["groups"][group]["committed"].get(topic, [-1]) == [-1], group, topic, doubtful=(topic,))
    found = after["topics"][topic]
    assert (found["starts"], found["ends"]) == ([0], [12]) and found["id"] != before["topics"][topic]["id"], after


def test_an_open_transaction_holds_the_stable_end(kafka: KafkaClient, reader: Reader) -> None:
    topic, group = make_topic(kafka), unique("exact")
    kafka.produce(topic, 5)
    kafka.commit(group, topic, {0: 5})
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "transactional.id": unique("transaction")})
    producer.init_transactions(20)
    producer.begin_transaction()
    for _ in range(3):
        producer.produce(topic, b"x", partition=0)
    assert producer.flush(20) == 0

    def ends(*wanted: int) -> Callable[[Sample], bool]:
        return lambda s: (s["topics"][topic]["ends"], s["topics"][topic]["stable_ends"]) == ([wanted[0]], [wanted[1]])

    reader.until(ends(8, 5), group, topic, stable=True)
    # What was consumed in the transaction, committed in it.
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": group})
    producer.send_offsets_to_transaction([TopicPartition(topic, 0, 8)], consumer.consumer_group_metadata(), 20)
    sample = reader.read(group, topic, stable=True)
    assert sample["groups"][group]["committed"][topic] == [5], sample  # the pending one is nobody's business
    producer.commit_transaction(20)
    # All three are consumed; the marker leaves a lag of 1.
    sample = reader.until(lambda s: s["groups"][group]["committed"][topic] == [8] and ends(9, 9)(s), group, topic, stable=True)
    consumer.close()


def test_a_probe_finds_the_first_record_of_a_time_or_later(kafka: KafkaClient, reader: Reader) -> None:
    topic, group = make_topic(kafka), unique("nobody")
    producer = Producer({"bootstrap.servers": kafka.bootstrap})
    first = int(time.time() * 1000) - 100_000
    for n in range(10):
        producer.produce(topic, b"x", partition=0, timestamp=first + 1000 * n)
    assert producer.flush(20) == 0
    for asked, offset, stamp in ((first, 0, first), (first + 3000, 3, first + 3000), (first + 3001, 4, first + 4000),
                                 (first - 5, 0, first), (first + 9001, -1, None)):
        sample = reader.read(group, topic, probes={topic: asked})
        assert sample["probes"] == [{"topic": topic, "partition": 0, "offset": offset, "time": stamp}]


def _moves(kafka: KafkaClient, brokers: Brokers, world: World, reader: Reader, move: Callable[[], None]) -> None:
    """After it, everything is known in the first read."""
    before = _leaders(kafka, world.topic)
    move()
    eventually("other leaders", lambda: _leaders(kafka, world.topic), lambda now: now != before, SOON)
    # Every broker has heard of it by the time that it answers others.
    eventually("ends", lambda: kafka.ends(world.topic), seconds=SOON)
    sample = reader.read(world.group, world.topic)
    assert world.known(sample), json.dumps(sample)


def test_a_leader_that_moves_is_followed_in_the_same_read(brokers: Brokers, kafka: KafkaClient, world: World,
                                                         reader: Reader) -> None:
    assert world.known(reader.read(world.group, world.topic))
    plan = brokers.folder / "plan.json"

    def reassign() -> None:
        old = kafka.admin.list_topics(world.topic, timeout=10).topics[world.topic].partitions
        plan.write_text(json.dumps({"version": 1, "partitions": [
            {"topic": world.topic, "partition": p, "replicas": [*one.replicas[1:], one.replicas[0]]} for p, one in old.items()]}))
        brokers.tool("org.apache.kafka.tools.reassign.ReassignPartitionsCommand", "--execute", "--reassignment-json-file",
                     str(plan))
        kafka.admin.elect_leaders(ElectionType.PREFERRED, [TopicPartition(world.topic, p) for p in old]).result(20)

    _moves(kafka, brokers, world, reader, reassign)


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
def test_a_broker_that_fails_leaves_no_wrong_number(brokers: Brokers, kafka: KafkaClient, world: World, reader: Reader,
                                                    fault: signal.Signals) -> None:
    """The broker is the group's coordinator and leads a third of the partitions."""
    reader.until(world.known, world.group, world.topic)
    coordinator = kafka.admin.describe_consumer_groups([world.group])[world.group].result(20).coordinator.id
    assert coordinator in _leaders(kafka, world.topic)
    began = time.monotonic()
    brokers.signal(coordinator, fault)
    try:
        while coordinator in _leaders(kafka, world.topic):
            world.known(reader.read(world.group, world.topic, timeout=2))
            assert time.monotonic() - began < SOON
        reader.until(world.known, world.group, world.topic, timeout=2)
        print(f"known again after {time.monotonic() - began:.1f} s")
    finally:
        if fault == signal.SIGSTOP:
            brokers.signal(coordinator, signal.SIGCONT)
        else:
            brokers.kill(coordinator)
            brokers.start(coordinator)
    # And when it is back, it is as before.
    kafka_ready = time.monotonic() + 2
    while time.monotonic() < kafka_ready:
        world.known(reader.read(world.group, world.topic, timeout=2))
    reader.until(world.known, world.group, world.topic)


def _acls(topic: str, group: str) -> list[AclBinding]:
    return [AclBinding(kind, name, ResourcePatternType.LITERAL, "User:me", "*", AclOperation.DESCRIBE, AclPermissionType.ALLOW)
            for kind, name in ((ResourceType.TOPIC, topic), (ResourceType.GROUP, group))]


def _filter(acl: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(acl.restype, acl.name, acl.resource_pattern_type, acl.principal, acl.host, acl.operation,
                            acl.permission_type)


@pytest.fixture
def account(brokers: Brokers, kafka: KafkaClient, world: World) -> Iterator[Reader]:
    """A reader that may read the world and nothing else."""
    for future in kafka.admin.create_acls(_acls(world.topic, world.group)).values():
        future.result(20)
    reader = Reader(brokers.bootstrap("SASL"), "me", "secret")
    reader.until(world.known, world.group, world.topic)
    yield reader
    reader.close()


@pytest.mark.parametrize("which", [0, 1], ids=["topic", "group"])
def test_rights_that_are_taken_away_leave_errors(kafka: KafkaClient, world: World, account: Reader, which: int) -> None:
    right = _acls(world.topic, world.group)[which]
    for future in kafka.admin.delete_acls([_filter(right)]).values():
        assert len(future.result(20)) == 1

    def refused(sample: Sample) -> bool:
        world.known(sample)
        topic, group = sample["topics"][world.topic], sample["groups"][world.group]
        if which == 0:
            return "forbidden" in str(topic.get("error")) or all("forbidden" in str(end) for end in topic["ends"])
        return "forbidden" in str(group["commits"]) and "forbidden" in str(group["info"].get("error"))

    account.until(refused, world.group, world.topic)
    for _ in range(3):
        assert refused(account.read(world.group, world.topic))
    for future in kafka.admin.create_acls([right]).values():
        future.result(20)
    account.until(world.known, world.group, world.topic)


def test_an_account_that_is_deleted_reads_nothing(kafka: KafkaClient, world: World, account: Reader) -> None:
    """Brokers end a session after three seconds; from then on there is nothing but the refusal."""
    deletion = UserScramCredentialDeletion("me", ScramMechanism.SCRAM_SHA_512)
    kafka.admin.alter_user_scram_credentials([deletion])["me"].result(20)

    def refused(sample: Sample) -> bool:
        world.known(sample)
        return "unauthorized" in str(sample.get("error"))

    account.until(refused, world.group, world.topic)
    assert refused(account.read(world.group, world.topic))
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
    kafka.admin.alter_user_scram_credentials([UserScramCredentialUpsertion("me", info, b"secret")])["me"].result(20)
    account.until(world.known, world.group, world.topic)
