"""The topics, records and commits of the groups whose lag is read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

PARTITIONS = 10  # of a topic
FILLED = 100  # topics with a record in each partition; the others are empty
TOPICS_AT_ONCE, GROUPS_AT_ONCE = 25, 100  # more of them make a small cluster's controller answer late
AGAIN = (KafkaError._TIMED_OUT, KafkaError._TRANSPORT, KafkaError.REQUEST_TIMED_OUT, KafkaError._WAIT_COORD,
         KafkaError.COORDINATOR_NOT_AVAILABLE, KafkaError.COORDINATOR_LOAD_IN_PROGRESS, KafkaError.NOT_COORDINATOR)


def taken(answer: Future[Any], *but: int) -> bool:
    """False when it has to be asked again; `but` are errors that say that it is done."""
    error = answer.exception()
    if error is None:
        return True
    if not isinstance(error, KafkaException):
        raise error
    code = error.args[0].code()
    if code in but:
        return True
    if code not in AGAIN:
        raise error
    return False


def until_none_is_left(what: str, left: list[int], attempt: Callable[[list[int]], list[int]]) -> None:
    deadline = time.monotonic() + 300
    while left := attempt(left):
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} were not taken")
        time.sleep(0.5)


class Work:
    """Topics bench-<i>, the first with a record in each partition, and groups bench-g<i> that consumed it; every hundredth did not."""

    def __init__(self, bootstrap: str, brokers: int) -> None:
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
        self._bootstrap = bootstrap
        self._topics = 0
        self._groups = 0
        deadline = time.monotonic() + 90
        while self._registered() < brokers:  # or topics would be on those alone that are there
            if time.monotonic() > deadline:
                raise RuntimeError("the brokers did not start")
            time.sleep(0.5)

    def _registered(self) -> int:
        try:
            return len(self._admin.list_topics(timeout=5).brokers)
        except KafkaException:
            return 0

    def grow(self, topics: int, groups: int) -> None:
        """To this many topics; group g reads topic g modulo their number, and nothing else."""
        for first in range(self._topics, topics, TOPICS_AT_ONCE):
            self._create(range(first, min(first + TOPICS_AT_ONCE, topics)))
        self._fill([(i, partition) for i in range(self._topics, min(topics, FILLED)) for partition in range(PARTITIONS)])
        self._topics = max(topics, self._topics)
        for first in range(self._groups, groups, GROUPS_AT_ONCE):
            self._commit(range(first, min(first + GROUPS_AT_ONCE, groups)), topics)
        self._groups = max(groups, self._groups)

    def _create(self, topics: Iterable[int]) -> None:
        """Again where the answer came too late, be it that the topic is there by then."""
        def create(left: list[int]) -> list[int]:
            asked = self._admin.create_topics([NewTopic(f"bench-{i}", PARTITIONS, 1) for i in left], operation_timeout=20, request_timeout=30)
            return [i for i in left if not taken(asked[f"bench-{i}"], KafkaError.TOPIC_ALREADY_EXISTS)]
        until_none_is_left("topics", list(topics), create)

    def _commit(self, groups: Iterable[int], topics: int) -> None:
        """Again where a coordinator is not ready; that is an error of each partition, not of the whole."""
        def commit(left: list[int]) -> list[int]:
            futures: list[tuple[int, Future[ConsumerGroupTopicPartitions]]] = []
            for g in left:
                commits = [TopicPartition(f"bench-{g % topics}", p, 0 if g % 100 == 0 or g % topics >= FILLED else 1) for p in range(PARTITIONS)]
                asked = self._admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(f"bench-g{g}", commits)], request_timeout=30)
                futures += [(g, future) for future in asked.values()]
            return [g for g, future in futures if not taken(future) or any(one.error for one in future.result().topic_partitions)]
        until_none_is_left("commits", list(groups), commit)

    def _fill(self, places: list[tuple[int, int]]) -> None:
        """A record for each; again where a broker does not know the new topic yet."""
        deadline = time.monotonic() + 300
        producer = Producer({"bootstrap.servers": self._bootstrap, "linger.ms": 50, "log_level": 0})
        while places:
            producer.list_topics(timeout=60)  # all at once, instead of each on its first record
            missed: list[tuple[int, int]] = []
            for i, partition in places:
                def delivered(error: object, _: object, place: tuple[int, int] = (i, partition), to: list[tuple[int, int]] = missed) -> None:
                    if error:
                        to.append(place)
                producer.produce(f"bench-{i}", b"a record", partition=partition, on_delivery=delivered)
                producer.poll(0)
            if producer.flush(60) or time.monotonic() > deadline:
                raise RuntimeError("records were not delivered")
            places = missed
            time.sleep(0.5 if missed else 0)
