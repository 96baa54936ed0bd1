"""produce.py BOOTSTRAP TOPIC SECONDS:RATE…: records at these rates, one after the other, evenly over the partitions."""

from __future__ import annotations

import sys
import threading
import time

from confluent_kafka import Producer


def send(producer: Producer, topic: str, partition: int) -> None:
    """Waits while the brokers are behind by a whole queue."""
    while True:
        try:
            return producer.produce(topic, b"order", partition=partition)
        except BufferError:
            producer.poll(0.1)


def main() -> None:
    bootstrap, topic, *phases = sys.argv[1:]
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 20})
    partitions = len(producer.list_topics(topic, timeout=20).topics[topic].partitions)
    pause, sent = threading.Event(), 0
    for phase in phases:
        seconds, rate = map(float, phase.split(":"))
        begun, done = time.monotonic(), 0
        while (passed := time.monotonic() - begun) < seconds:
            for _ in range(int(passed * rate) - done):
                send(producer, topic, sent % partitions)
                done, sent = done + 1, sent + 1
            producer.poll(0)
            pause.wait(0.02)
    if producer.flush(30):
        sys.exit("records were not delivered")


if __name__ == "__main__":
    main()
