#!/usr/bin/env python3
"""A producer workload: writes RATE records a second to TOPIC, COUNT in all (0: until it is told to end).

Environment: BOOTSTRAP, TOPIC, RATE (default 100), COUNT (default 0), SIZE (bytes of a value, default 100).
"""

import os
import signal
import sys
import time

from confluent_kafka import Producer

TICK_SECONDS = 0.05
stopping = False


def stop(*_):
    global stopping
    stopping = True


def main():
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    rate, count = float(os.environ.get("RATE", "100")), int(os.environ.get("COUNT", "0"))
    topic, value = os.environ["TOPIC"], b"x" * int(os.environ.get("SIZE", "100"))
    failed = 0

    def delivered(error, _):
        nonlocal failed
        failed += error is not None

    # Spread record by record: what is sent must be even over the partitions for lag to be so.
    producer = Producer({"bootstrap.servers": os.environ["BOOTSTRAP"], "sticky.partitioning.linger.ms": 0, "linger.ms": 5})
    begin, sent = time.monotonic(), 0
    while not stopping and (count == 0 or sent < count):
        due = int((time.monotonic() - begin) * rate) + 1
        for _ in range(min(due, count or due) - sent):
            producer.produce(topic, value, key=str(sent).encode(), on_delivery=delivered)
            sent += 1
            if sent % 10000 == 0:
                producer.poll(0)
        producer.poll(TICK_SECONDS)
    left = producer.flush(30)
    print("sent", sent - left - failed, "failed", left + failed, flush=True)
    return 1 if left + failed else 0


if __name__ == "__main__":
    sys.exit(main())
