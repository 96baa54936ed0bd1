"""Groups of every kind on a cluster, and what our reader must see of them."""

from __future__ import annotations

import re
import subprocess
import uuid

from confluent_kafka.admin import NewTopic

from .brokers import Brokers
from .kafka import KafkaClient
from .reader import SOON, Reader, Sample
from .releases import CURRENT
from .streams_app import StreamsApp
from .wait import eventually

SHARE_CONSUMER = "org.apache.kafka.tools.consumer.ConsoleShareConsumer"


def unique(name: str) -> str:
    return f"{name}-{uuid.uuid4().hex[:8]}"


def make_topic(kafka: KafkaClient, partitions: int = 1, name: str = "") -> str:
    """Of a name of its own unless one is given."""
    name = name or unique("topic")
    kafka.admin.create_topics([NewTopic(name, partitions, -1)])[name].result(20)
    eventually("the topic is known", lambda: kafka.partitions(name), lambda n: n == partitions, SOON)
    return name


def streams_group(brokers: Brokers, kafka: KafkaClient, reader: Reader) -> None:
    """A group of Kafka Streams' own protocol, with its tasks."""
    orders, payments, group = make_topic(kafka, 2), make_topic(kafka, 3), unique("streams")
    kafka.produce(orders, 10, partition=1)
    again = f"{group}-again-repartition"

    def busy(sample: Sample) -> bool:
        its = sample["groups"][group]
        # Partition 2 of the smaller topic isn't there: its task reads the larger one only.
        assigned = {orders: [0, 1, 2], payments: [0, 1, 2], again: [0, 1, 2, 3]}
        info = its["info"]
        return (info.get("state"), info.get("assigned")) == ("Stable", assigned) and its["committed"].get(orders) == [-1, 10]

    with StreamsApp(brokers.folder, kafka.bootstrap, group, "streams", 4, orders, payments):
        sample = reader.until(busy, group, orders, payments)
        info = sample["groups"][group]["info"]
        assert (info["type"], info["members"], info["tasks"]) == ("Streams", 1, 7), sample
        assert sample["topics"][orders]["ends"] == [0, 10]
    # What nobody does has to be done all the same, also for a reader that has never seen a member.
    stranger = Reader(kafka.bootstrap)
    for each in (reader, stranger):
        sample = each.until(lambda s: s["groups"][group]["info"].get("state") == "Empty", group, orders, payments)
        info = sample["groups"][group]["info"]
        assert (info["type"], info["members"], info["tasks"]) == ("Streams", 0, 7), sample
        assert sample["groups"][group]["committed"][orders] == [-1, 10], sample
    stranger.close()


def classic_streams_group(brokers: Brokers, kafka: KafkaClient, reader: Reader) -> None:
    """The same application in a classic group, which tells its assignor and no tasks."""
    topic, group = make_topic(kafka, 3), unique("classic-streams")
    kafka.produce(topic, 5, partition=1)

    def busy(sample: Sample) -> bool:
        its = sample["groups"][group]
        return its["info"].get("state") == "Stable" and its["committed"].get(topic, [None] * 3)[1] == 5

    with StreamsApp(brokers.folder, kafka.bootstrap, group, "classic", 4, topic):
        info = reader.until(busy, group, topic)["groups"][group]["info"]
        assert (info["type"], info["assignor"], info["members"], info["tasks"]) == ("Classic", "stream", 1, 0), info
        assert info["assigned"] == {topic: [0, 1, 2], f"{group}-again-repartition": [0, 1, 2, 3]}


def share_group(brokers: Brokers, kafka: KafkaClient, reader: Reader) -> None:
    """A share group's first member takes four records and leaves; another one takes the rest."""
    topic, group = make_topic(kafka, 2), unique("share")
    kafka.produce(topic, 10, partition=0)
    brokers.tool("kafka.admin.ConfigCommand", "--alter", "--entity-type", "groups", "--entity-name", group,
                 "--add-config", "share.auto.offset.reset=earliest")
    console = ("--topic", topic, "--group", group)
    brokers.tool(SHARE_CONSUMER, *console, "--max-messages", "4")
    left = reader.until(lambda s: s["groups"][group]["info"].get("state") == "Empty", group, topic)
    assert left["groups"][group]["info"]["type"] == "Share"
    assert left["groups"][group]["committed"][topic][0] == 4, left
    assert left["topics"][topic]["ends"] == [10, 0]

    with subprocess.Popen(CURRENT.java(SHARE_CONSUMER, "--bootstrap-server", kafka.bootstrap, *console), cwd=brokers.folder,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as member:
        try:
            def has_member(sample: Sample) -> bool:
                its = sample["groups"][group]
                assert its["committed"][topic][0] >= 4, sample
                return its["info"].get("assigned") == {topic: [0, 1]}

            info = reader.until(has_member, group, topic)["groups"][group]["info"]
            assert (info["type"], info["state"], info["members"]) == ("Share", "Stable", 1)
            done = reader.until(lambda s: s["groups"][group]["committed"][topic][0] == 10, group, topic)
            assert done["groups"][group]["approximate"] == {}
            # The broker's start offset alone would say that six records are left, and would do so for good: it is the one
            # that stood before the last acknowledgement.
            told = brokers.tool("org.apache.kafka.tools.consumer.group.ShareGroupCommand", "--describe", "--offsets",
                                "--group", group)
            assert re.search(rf"{group} +{topic} +0 +4 +0\b", told), told
        finally:
            member.kill()
