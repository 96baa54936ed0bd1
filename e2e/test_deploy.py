"""Penstock in pods of its own, installed as the README says, from an image of the programs that were built."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from harness import Cluster, InstalledPenstock, KafkaClient, eventually
from harness.cli import TOOL, Ran, run
from harness.penstock import NAMESPACE
from harness.programs import ROOT, built
from harness.scaling import HEAVY, PARTITIONS, Workload
from testbed import Testbed
from testbed.lib.images import write_program_image

pytestmark = pytest.mark.profile("node")


@pytest.fixture(scope="module")
def penstock(testbed: Testbed, cluster: Cluster, module_logs: Path,
             tmp_path_factory: pytest.TempPathFactory) -> Iterator[InstalledPenstock]:
    image = tmp_path_factory.mktemp("image") / "penstock.tar"
    write_program_image(image, "localhost/penstock:dev", [built("penstock-operator"), built("penstock-scaler"), TOOL])
    testbed.load_image(image)
    cluster.kubectl("apply", "-f", str(ROOT / "crds"), "-f", str(ROOT / "deploy" / "rbac.yaml"),
                    "-f", str(ROOT / "deploy" / "operator.yaml"))
    yield InstalledPenstock(cluster)
    for program in ("operator", "scaler"):
        (module_logs / f"{program}.log").write_text(
            cluster.kubectl("logs", "-n", NAMESPACE, "-l", f"app.kubernetes.io/name=penstock-{program}", "--prefix", "--tail=-1"))


@pytest.fixture
def workload(cluster: Cluster, kafka: KafkaClient, platform: str, namespace: str) -> Workload:
    return Workload.asleep(cluster, kafka, namespace, "Native")


def test_lag_scales_a_workload_and_the_plugin_finds_the_scaler(cluster: Cluster, workload: Workload, tmp_path: Path) -> None:
    workload.produce(1)
    workload.becomes(1)
    workload.produce(HEAVY)
    workload.becomes(PARTITIONS)

    config = yaml.safe_load(cluster.kubeconfig.read_text())
    for context in config["contexts"]:
        context["context"]["namespace"] = workload.namespace
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(config))
    (tmp_path / "kubectl").symlink_to(cluster.kubectl_program)

    def tool(*arguments: str) -> Ran:
        return run(*arguments, PATH=f"{tmp_path}:/usr/bin:/bin", KUBECONFIG=str(tmp_path / "kubeconfig"))

    found = tool("lag", workload.name)
    assert found.status == 0, found
    [row] = found.rows()
    assert row[:2] == [workload.name, workload.name] and str(HEAVY + 1) in row, found

    why = eventually("the decision at the cap", lambda: tool("explain", workload.name),
                     lambda ran: "limited by Partitions" in ran.out, 20)
    words = dict(re.split(r"\s{3,}", line, maxsplit=1) for line in why.out.splitlines())
    assert words["Lag"] == f"{HEAVY + 1} records in {PARTITIONS} partitions", why
    assert words["Decision"].startswith(f"{PARTITIONS} replicas") and words["Steps"].startswith("1. "), why

    workload.caught_up()
    workload.becomes(0)


def test_a_deleted_leader_is_replaced_by_the_other_pod(cluster: Cluster, workload: Workload) -> None:
    def leader() -> str:
        return str(cluster.get("lease", "penstock-operator", NAMESPACE)["spec"]["holderIdentity"])

    before = leader()
    [pod] = [p["metadata"]["name"] for p in cluster.list("pod", NAMESPACE, "app.kubernetes.io/name=penstock-operator")
             if p["metadata"]["name"] in before]
    cluster.delete("pod", pod, NAMESPACE)
    eventually("another leader", leader, lambda name: name not in ("", before), 30)
    workload.produce(350)
    workload.becomes(4)
