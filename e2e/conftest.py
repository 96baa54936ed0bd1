"""Fixtures: a cluster for each test module that needs one of its own, Penstock on it, a namespace for each test.

With KUBECONFIG and PENSTOCK_E2E_BOOTSTRAP set, an existing cluster that runs Penstock is used instead of the testbed, and
the tests that must start or kill processes are left out. Where pods reach that Kafka by other addresses than the tests do,
PENSTOCK_E2E_INTERNAL_BOOTSTRAP has them.
"""

from __future__ import annotations

import os
import re
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness import Cluster, ExistingCluster, ExistingKafka, InstalledPenstock, KafkaClient, Penstock, TestbedCluster  # noqa: E402
from harness.penstock import NAMESPACE  # noqa: E402
from testbed import Testbed  # noqa: E402

EXISTING = "KUBECONFIG" in os.environ and "PENSTOCK_E2E_BOOTSTRAP" in os.environ
LOGS = Path(os.environ.get("PENSTOCK_E2E_LOGS", Path(__file__).resolve().parents[1] / "build" / "e2e-logs"))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "profile(name): the testbed's profile for this module, control-plane or node")
    config.addinivalue_line("markers", "keda: KEDA runs on the testbed of this module")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    if outcome.get_result().failed:
        item.session.stash.setdefault(FAILED_MODULES, set()).add(item.nodeid.partition("::")[0])


FAILED_MODULES = pytest.StashKey[set[str]]()


@pytest.fixture(scope="module")
def module_logs(request: pytest.FixtureRequest) -> Path:
    path = LOGS / request.node.path.stem
    path.mkdir(parents=True, exist_ok=True)
    return path


@pytest.fixture(scope="module")
def testbed(request: pytest.FixtureRequest, module_logs: Path) -> Iterator[Testbed]:
    if EXISTING:
        pytest.skip("needs the testbed: it starts and kills processes")
    profile = request.node.get_closest_marker("profile")
    short = re.sub(r"[^a-z]", "", request.node.path.stem.removeprefix("test_"))[:8]
    testbed = Testbed(name=f"{short}{os.getpid() % 10000}", profile=profile.args[0] if profile else "control-plane",
                      keda=request.node.get_closest_marker("keda") is not None)
    try:
        testbed.up()
        yield testbed
    finally:
        failed = request.node.path.relative_to(request.config.rootpath).as_posix() in request.session.stash.get(FAILED_MODULES, set())
        testbed.down(keep_logs=module_logs / "testbed" if failed else None)


@pytest.fixture(scope="module")
def cluster(request: pytest.FixtureRequest) -> Cluster:
    return ExistingCluster() if EXISTING else TestbedCluster(request.getfixturevalue("testbed"))


@pytest.fixture(scope="module")
def kubeconfig(cluster: Cluster) -> Path:
    return cluster.kubeconfig


@pytest.fixture(scope="module")
def penstock(request: pytest.FixtureRequest, cluster: Cluster,
             module_logs: Path) -> Iterator[Penstock | InstalledPenstock]:
    if isinstance(cluster, ExistingCluster):
        if request.node.get_closest_marker("keda"):
            cluster.needs("customresourcedefinition", "scaledobjects.keda.sh")
        yield InstalledPenstock(cluster)
        return
    penstock = Penstock(cluster, module_logs)
    penstock.install()
    penstock.start()
    yield penstock
    penstock.stop()


@pytest.fixture(scope="module")
def broker(request: pytest.FixtureRequest):  # noqa: ANN201 - the testbed's Kafka
    """One broker with an authorizer, as a plain process; inside it is the same address as for Penstock."""
    if EXISTING:
        return ExistingKafka()
    kafka = request.getfixturevalue("testbed").kafka()
    kafka.config["authorizer.class.name"] = "org.apache.kafka.metadata.authorizer.StandardAuthorizer"
    kafka.config["super.users"] = "User:ANONYMOUS"
    kafka.serve_host()
    kafka.start()
    return kafka


@pytest.fixture(scope="module")
def kafka(broker) -> KafkaClient:  # noqa: ANN001
    return KafkaClient(broker.host_bootstrap)


@pytest.fixture
def namespace(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[str]:
    words = re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower()).strip("-")[:40].strip("-")
    name = f"{words}-{uuid.uuid4().hex[:5]}"
    if isinstance(cluster, TestbedCluster):
        cluster.testbed.create_namespace(name)
    else:
        cluster.kubectl("create", "namespace", name)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def external_metrics(cluster: Cluster) -> None:
    """The API server's external metrics, which a cluster has once, are Penstock's to serve."""
    found = cluster.kubectl("get", "apiservice", "v1beta1.external.metrics.k8s.io", "--ignore-not-found",
                            "-o", "jsonpath={.spec.service.namespace}")
    if found not in ("", NAMESPACE):
        pytest.skip(f"external.metrics.k8s.io is served from namespace {found}")


@pytest.fixture
def platform(penstock: Penstock | InstalledPenstock, cluster: Cluster, broker, namespace: str) -> str:  # noqa: ANN001
    """An EventPlatform called main, ready, in the test's namespace."""
    cluster.apply({"apiVersion": "penstock.dev/v1alpha1", "kind": "EventPlatform", "metadata": {"name": "main"},
                   "spec": {"external": {"bootstrapServers": broker.bootstrap.split(",")}}}, namespace=namespace)
    cluster.ready("eventplatform", "main", namespace, 30)
    return "main"
