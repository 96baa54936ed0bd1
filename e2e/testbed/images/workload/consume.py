#!/usr/bin/env python3
"""A consumer workload: reads TOPICS as GROUP at no more than RATE records a second and commits once a second.

Environment: BOOTSTRAP, GROUP, TOPICS (comma-separated), RATE (default 100), ASSIGNMENT_STRATEGY (such as `range` or
`cooperative-sticky`). On SIGTERM it commits and leaves the group.
"""

import os
import signal
import sys
import time

from confluent_kafka import Consumer, KafkaException

BATCH_SECONDS = 0.1
COMMIT_SECONDS = 1.0
stopping = False


def stop(*_):
    global stopping
    stopping = True


def settings():
    values = {
        "bootstrap.servers": os.environ["BOOTSTRAP"],
        "group.id": os.environ["GROUP"],
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
        "session.timeout.ms": 6000,
        "heartbeat.interval.ms": 1000,
    }
    if strategy := os.environ.get("ASSIGNMENT_STRATEGY"):
        values["partition.assignment.strategy"] = strategy
    return values


def say_assignment(_, partitions):
    print("assigned", ",".join(f"{one.topic}[{one.partition}]" for one in partitions) or "nothing", flush=True)


def commit(consumer):
    try:
        consumer.commit(asynchronous=False)
    except KafkaException as error:  # nothing new to commit, or the group is rebalancing: the next one covers it
        print("commit:", error.args[0].name(), flush=True)


def main():
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    rate = float(os.environ.get("RATE", "100"))
    consumer = Consumer(settings())
    consumer.subscribe(os.environ["TOPICS"].split(","), on_assign=say_assignment)
    allowed, consumed, uncommitted = 0.0, 0, 0
    last, last_commit = time.monotonic(), time.monotonic()
    while not stopping:
        now = time.monotonic()
        allowed = min(allowed + (now - last) * rate, max(1.0, rate))  # idle time earns at most one second's worth
        last = now
        messages = consumer.consume(int(allowed), BATCH_SECONDS) if allowed >= 1 else []
        if not messages:
            consumer.poll(0)
            time.sleep(BATCH_SECONDS / 10)
        good = [message for message in messages if message.error() is None]
        for message in messages:
            if message.error() is not None:
                print("error:", message.error(), flush=True)
        allowed -= len(good)
        consumed += len(good)
        uncommitted += len(good)
        if uncommitted and now - last_commit >= COMMIT_SECONDS:
            commit(consumer)
            uncommitted, last_commit = 0, now
    if uncommitted:
        commit(consumer)
    consumer.close()
    print("consumed", consumed, flush=True)


if __name__ == "__main__":
    sys.exit(main())
