"""Kafka through confluent-kafka: records, commits and the view of an administrator."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, OffsetSpec

from .wait import eventually


class KafkaClient:
    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self.admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})

    def create_topic(self, name: str, partitions: int, config: dict[str, str] | None = None) -> None:
        for future in self.admin.create_topics([NewTopic(name, partitions, 1, config=config or {})]).values():
            future.result(20)

    def delete_topic(self, name: str) -> None:
        for future in self.admin.delete_topics([name]).values():
            future.result(20)

    def partitions(self, topic: str) -> int:
        """0 when there is no such topic."""
        found = self.admin.list_topics(timeout=10).topics.get(topic)
        return len(found.partitions) if found else 0

    def _known_partitions(self, topic: str) -> int:
        """A topic that exists: the broker that is asked may be the last to hear of it."""
        return eventually(f"{topic} is known", lambda: self.partitions(topic), lambda n: n > 0)

    def topic_config(self, topic: str) -> dict[str, str]:
        """The keys that were set on this topic itself."""
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
        entries = self.admin.describe_configs([resource])[resource].result(10)
        return {name: e.value for name, e in entries.items() if e.source == 1}

    def produce(self, topic: str, count: int, partition: int | None = None) -> None:
        """Spreads the records evenly over the partitions, or puts all into one."""
        producer = Producer({"bootstrap.servers": self.bootstrap, "linger.ms": 5, "queue.buffering.max.messages": 1_000_000})
        partitions = self._known_partitions(topic)
        for n in range(count):
            producer.produce(topic, b"x", partition=n % partitions if partition is None else partition)
            if n % 10_000 == 0:
                producer.poll(0)
        left = producer.flush(30)
        assert left == 0, f"{left} records were not delivered"

    def ends(self, topic: str) -> dict[int, int]:
        asked = {TopicPartition(topic, p): OffsetSpec.latest() for p in range(self._known_partitions(topic))}
        return {tp.partition: f.result(10).offset for tp, f in self.admin.list_offsets(asked).items()}

    def commit(self, group: str, topic: str, offsets: dict[int, int]) -> None:
        """Commits as an administrator does: the group stays empty."""
        request = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, p, o) for p, o in offsets.items()])

        def refused() -> list[str]:
            # A coordinator that is not ready says so for each partition, and raises nothing.
            answers = [future.result(20) for future in self.admin.alter_consumer_group_offsets([request]).values()]
            return [str(tp.error) for answer in answers for tp in answer.topic_partitions if tp.error]

        eventually(f"{group} has committed", refused, lambda errors: not errors)

    def consume_all(self, group: str, topic: str) -> None:
        """What a caught-up group has committed."""
        self.commit(group, topic, self.ends(topic))

    def committed(self, group: str, topic: str) -> dict[int, int]:
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": group})
        try:
            asked = [TopicPartition(topic, p) for p in range(self._known_partitions(topic))]
            return {tp.partition: tp.offset for tp in consumer.committed(asked, timeout=10)}
        finally:
            consumer.close()


class ExistingKafka:
    """Somebody else's brokers in the place of the testbed's: a test that wants more of them than their addresses is skipped."""

    def __init__(self) -> None:
        self.host_bootstrap = os.environ["PENSTOCK_E2E_BOOTSTRAP"]
        self.bootstrap = os.environ.get("PENSTOCK_E2E_INTERNAL_BOOTSTRAP", self.host_bootstrap)

    def __getattr__(self, name: str) -> NoReturn:
        pytest.skip(f"needs a broker of the testbed: {name}")
