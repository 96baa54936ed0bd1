"""What reads Kafka, on brokers of older versions: the unit tests' live cases, and each kind of group that a version has,
as its own list of requests tells."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from harness.brokers import Brokers
from harness.groups import classic_streams_group, share_group, streams_group
from harness.kafka import KafkaClient
from harness.reader import Reader, live_cases
from harness.releases import CONSUMER_GROUPS, SHARE_GROUPS, STREAMS_GROUPS, release, requests_of

VERSIONS = ("3.3.2", "3.6.2", "3.9.1", "4.0.1", "4.2.0")


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Brokers]]]:
    """A broker of each version; they start together while the first are already asked."""
    started: list[Brokers] = []

    def start(version: str) -> Brokers:
        brokers = Brokers(tmp_path_factory.mktemp(f"kafka-{version}"), 1, release(version))
        started.append(brokers)
        brokers.start()
        return brokers

    with ThreadPoolExecutor(2) as pool:
        try:
            yield {version: pool.submit(start, version) for version in VERSIONS}
        finally:
            pool.shutdown(cancel_futures=True)
            for brokers in started:
                brokers.stop()


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_that_a_version_has_is_read(fleet: dict[str, Future[Brokers]], version: str) -> None:
    brokers = fleet[version].result(300)
    bootstrap = brokers.bootstrap()
    has = requests_of(bootstrap)
    # 3.9 lists the request of KIP-848's preview, and refuses it unless it is switched on.
    new_groups = CONSUMER_GROUPS in has and not version.startswith("3.")
    live_cases(bootstrap, *([] if new_groups else ["a KIP-848 group*"]))
    kafka, reader = KafkaClient(bootstrap), Reader(bootstrap)
    try:
        classic_streams_group(brokers, kafka, reader)
        if SHARE_GROUPS in has:
            share_group(brokers, kafka, reader)
        if STREAMS_GROUPS in has:
            streams_group(brokers, kafka, reader)
    finally:
        reader.close()
