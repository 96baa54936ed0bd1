"""Penstock in pods of its own, installed by its Helm chart as the README says, from an image of the programs that were built."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from harness import Cluster, InstalledPenstock, KafkaClient, TestbedCluster, eventually
from harness.cli import Ran, run
from harness.cluster import HelmError, KubectlError
from harness.penstock import NAMESPACE
from harness.programs import CHART, DEFINITIONS
from harness.prometheus import ALERTS, DASHBOARD
from harness.scaling import HEAVY, PARTITIONS, Workload
from testbed import Testbed

pytestmark = pytest.mark.profile("node")
ROLES = Path(__file__).parent / "golden" / "roles.txt"
METRICS = "/apis/external.metrics.k8s.io/v1beta1"


@pytest.fixture(scope="module")
def cluster(testbed: Testbed) -> TestbedCluster:
    return TestbedCluster(testbed, definitions=False)


@pytest.fixture(scope="module")
def penstock(cluster: TestbedCluster, module_logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InstalledPenstock]:
    installed = InstalledPenstock.by_helm(cluster, tmp_path_factory.mktemp("image"))
    yield installed
    installed.save_logs(module_logs)


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


def test_a_deleted_leader_is_replaced_by_the_other_pod(cluster: Cluster, penstock: InstalledPenstock, workload: Workload) -> None:
    def leader() -> str:
        return str(cluster.get("lease", "penstock-operator", NAMESPACE)["spec"]["holderIdentity"])

    before = leader()
    [pod] = [name for name in penstock.pods("operator") if name in before]
    cluster.delete("pod", pod, NAMESPACE)
    eventually("another leader", leader, lambda name: name not in ("", before), 30)
    workload.produce(350)
    workload.becomes(4)


def test_the_loss_of_a_scaler_goes_unnoticed(cluster: Cluster, penstock: InstalledPenstock, workload: Workload) -> None:
    """The other one answers, whoever asks in between."""
    workload.produce(350)
    workload.becomes(4)
    metric = (f"{METRICS}/namespaces/{workload.namespace}/penstock-lag?labelSelector=penstock.dev/scaler={workload.name},"
              f"penstock.dev/target=100")
    answers: list[str] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            try:
                [item] = json.loads(cluster.kubectl("get", "--raw", metric))["items"]
                answers.append(item["value"])
            except KubectlError as no:
                answers.append(str(no))

    asking = threading.Thread(target=ask)
    asking.start()
    before = penstock.pods("scaler")
    try:
        cluster.delete("pod", before[0], NAMESPACE)
        eventually("two scalers again", lambda: penstock.pods("scaler"), lambda now: len(now) == 2 and before[0] not in now, 30)
        cluster.kubectl("wait", "--for=condition=Available", "--timeout=30s", "-n", NAMESPACE, "deployment/penstock-scaler")
    finally:
        done.set()
        asking.join()
    assert len(answers) > 5 and set(answers) == {"350"}, answers
    assert workload.replicas() == 4


def test_each_program_tells_of_itself(penstock: InstalledPenstock, workload: Workload) -> None:
    assert "leader_election_master_status" in penstock.scrape("operator")
    labels = f'namespace="{workload.namespace}",scaler="{workload.name}"'
    eventually("the lag of its topic", lambda: penstock.scrape("scaler"),
               lambda page: "penstock_consumer_lag{" in page and labels in page, 10)


def test_pods_are_as_restricted_as_they_can_be(cluster: Cluster, penstock: InstalledPenstock) -> None:
    """The namespace enforces it; two of each run, spread by budgets that let a node be drained."""
    for program in ("operator", "scaler"):
        assert len(penstock.pods(program)) == 2
        budget = cluster.get("poddisruptionbudget", f"penstock-{program}", NAMESPACE)
        assert budget["status"]["disruptionsAllowed"] == 1


def test_a_wrong_value_is_refused_by_name(cluster: TestbedCluster) -> None:
    with pytest.raises(HelmError, match=r"(?s)operator.*replica\b.*not allowed"):
        cluster.helm("template", "penstock", CHART, "--set", "operator.replica=3")
    with pytest.raises(HelmError, match="scaler.replicas: Must be greater than or equal to 1"):
        cluster.helm("template", "penstock", CHART, "--set", "scaler.replicas=0")
    cluster.helm("lint", CHART, "--strict")


def test_rights_are_those_that_were_reviewed(cluster: TestbedCluster) -> None:
    """golden/roles.txt has a line for each right; a change of the chart that changes one must change it there, too."""
    text = cluster.helm("template", "penstock", CHART, "-n", NAMESPACE, "--show-only", "templates/rbac.yaml", "--set", "keda.enabled=true")
    lines = []
    for role in filter(lambda each: "rules" in (each or {}), yaml.safe_load_all(text)):
        where = f"in {role['metadata']['namespace']}" if role["kind"] == "Role" else "everywhere"
        for rule in role["rules"]:
            # An empty list would mean all, and a star does.
            assert all(rule.values()) and "*" not in str(rule), rule
            names = f" named {', '.join(rule['resourceNames'])}" if "resourceNames" in rule else ""
            for group in rule["apiGroups"]:
                lines += [f"{role['metadata']['name']} {where}: {', '.join(rule['verbs'])} {'.'.join(filter(None, [resource, group]))}{names}"
                          for resource in rule["resources"]]
    assert "\n".join(lines) + "\n" == ROLES.read_text()


def test_monitoring_finds_the_pods_and_says_what_the_files_say(cluster: TestbedCluster, penstock: InstalledPenstock) -> None:
    switches = ",".join(f"monitoring.{what}.enabled=true" for what in ("podMonitor", "rules", "dashboard"))
    made = yaml.safe_load_all(cluster.helm("template", "penstock", CHART, "-n", NAMESPACE, "--show-only", "templates/monitoring.yaml",
                                           "--set", switches, "--set", "monitoring.rules.labels.release=kube-prometheus"))
    by_kind = {each["kind"]: each for each in made if each}
    monitor, rules, dashboard = (by_kind[kind] for kind in ("PodMonitor", "PrometheusRule", "ConfigMap"))
    selected = ",".join(f"{key}={value}" for key, value in monitor["spec"]["selector"]["matchLabels"].items())
    [endpoint] = monitor["spec"]["podMetricsEndpoints"]
    pods = cluster.list("pod", NAMESPACE, selected)
    assert len(pods) >= 4
    for pod in pods:
        assert endpoint["port"] in [port["name"] for port in pod["spec"]["containers"][0]["ports"]]
    assert rules["spec"] == yaml.safe_load(ALERTS.read_text())
    assert rules["metadata"]["labels"]["release"] == "kube-prometheus"
    assert json.loads(dashboard["data"]["penstock.json"]) == json.loads(DASHBOARD.read_text())
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"


def test_chart_and_programs_are_of_one_version(cluster: TestbedCluster) -> None:
    chart = yaml.safe_load(cluster.helm("show", "chart", CHART))
    assert chart["version"] == chart["appVersion"]
    assert run("--version").out.split()[-1] == chart["appVersion"]


def test_an_upgrade_changes_what_was_asked_for(cluster: TestbedCluster, penstock: InstalledPenstock) -> None:
    cluster.helm("upgrade", "penstock", CHART, "-n", NAMESPACE, "--wait", "--reuse-values", "--set",
                 "scaler.partitionMetrics=true,scaler.replicas=1")
    [pod] = eventually("one scaler", lambda: penstock.pods("scaler"), lambda pods: len(pods) == 1, 30)
    command = cluster.get("pod", pod, NAMESPACE)["spec"]["containers"][0]["command"]
    assert "--partition-metrics" in command


def test_uninstalled_it_leaves_what_people_made_and_nothing_that_disturbs(
        cluster: TestbedCluster, penstock: InstalledPenstock, workload: Workload, module_logs: Path) -> None:
    """The last test of this module. Workloads keep their replicas; the API of external metrics is gone: an APIService without
    anybody behind it makes discovery fail for all."""
    workload.produce(350)
    workload.becomes(4)
    assert cluster.kubectl("get", "apiservice", "v1beta1.external.metrics.k8s.io", "-o", "name")
    penstock.save_logs(module_logs)
    cluster.helm("uninstall", "penstock", "-n", NAMESPACE, "--wait")
    eventually("the APIService is gone", lambda: cluster.kubectl("get", "apiservice", "v1beta1.external.metrics.k8s.io", "--ignore-not-found"),
               lambda text: text == "", 30)
    for definition in DEFINITIONS.glob("*.yaml"):
        assert cluster.kubectl("get", "-f", str(definition), "-o", "name")
    assert workload.status()["desiredReplicas"] == 4
    assert workload.replicas() == 4
    assert "penstock.dev" in cluster.kubectl("api-resources", "--api-group=penstock.dev")
