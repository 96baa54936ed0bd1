"""The Native engine: an HPA on the metric that Penstock serves, 0 ↔ 1 by the operator."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from harness import Cluster, Penstock, eventually, never, objects
from harness.scaling import HEAVY, PARTITIONS, Scaling, Workload
from harness.streams_app import StreamsApp


@pytest.mark.usefixtures("external_metrics")
class TestNative(Scaling):
    engine = "Native"

    def test_kubectl_get_hpa_reads_as_lag_per_replica(self, workload: Workload, cluster: Cluster) -> None:
        workload.produce(350)
        workload.becomes(4)
        hpa = cluster.get("hpa", workload.name, workload.namespace)
        assert hpa["spec"]["minReplicas"] == 1 and hpa["spec"]["maxReplicas"] == 12
        [metric] = hpa["spec"]["metrics"]
        assert metric["external"]["target"] == {"type": "AverageValue", "averageValue": "100"}
        path = (f"/apis/external.metrics.k8s.io/v1beta1/namespaces/{workload.namespace}/penstock-lag"
                f"?labelSelector=penstock.dev%2Fscaler%3D{workload.name}%2Cpenstock.dev%2Ftarget%3D100")
        [item] = json.loads(cluster.kubectl("get", "--raw", path))["items"]
        assert item["value"] == "350"

    def test_a_streams_group_is_capped_at_its_tasks(self, workload: Workload, cluster: Cluster, tmp_path: Path) -> None:
        """Those of its topic's partitions, and those of a repartition topic that the scaler doesn't name."""
        group, tasks = f"{workload.name}-streams", PARTITIONS + 4
        workload.produce(PARTITIONS)
        with StreamsApp(tmp_path, workload.kafka.bootstrap, group, "streams", 4, workload.name):
            eventually("it has consumed", lambda: workload.kafka.committed(group, workload.name),
                       lambda commits: min(commits.values()) > 0, 60)
            cluster.patch("cscaler", workload.name, workload.namespace, {"spec": {"consumerGroup": group}})
            seen = eventually("its tasks are the cap", workload.status, lambda s: s.get("cap") == tasks, 30)
            assert (seen["group"]["type"], seen["group"]["members"]) == ("Streams", 1), seen
        workload.produce(HEAVY)
        workload.becomes(tasks)
        eventually("the cap is named", workload.status, lambda s: s.get("limitedBy") == "Partitions", 10)

    def test_a_persons_own_hpa_is_never_touched(self, workload: Workload, cluster: Cluster) -> None:
        cluster.delete("cscaler", workload.name, workload.namespace)
        cluster.kubectl("autoscale", "deployment", workload.name, "-n", workload.namespace, "--name=mine", "--max=3",
                        "--cpu-percent=80")
        before = cluster.get("hpa", "mine", workload.namespace)["spec"]
        cluster.apply(objects.scaler(workload.name, [workload.name], engine="Native"), namespace=workload.namespace)
        conflict = eventually("conflict", lambda: workload.condition("Conflict"), lambda c: c.get("status") == "True")
        assert "mine" in conflict["message"]
        workload.produce(1000)
        never("wrote in spite of the conflict", lambda: [h["metadata"]["name"] for h in cluster.list("hpa", workload.namespace)],
              lambda names: names != ["mine"], 5)
        assert cluster.get("hpa", "mine", workload.namespace)["spec"] == before

    def test_observe_decides_and_writes_nothing(self, workload: Workload, cluster: Cluster) -> None:
        cluster.patch("cscaler", workload.name, workload.namespace, {"spec": {"mode": "Observe"}})
        eventually("the HPA is gone", lambda: cluster.list("hpa", workload.namespace), lambda found: found == [])
        workload.produce(350)
        eventually("a decision", workload.status, lambda s: s.get("desiredReplicas") == 4, 10)
        never("scaled", workload.replicas, lambda n: n != 0, 5)

    def test_an_idle_world_causes_no_write(self, workload: Workload, cluster: Cluster, penstock: Penstock) -> None:
        eventually("asleep", workload.replicas, lambda n: n == 0)
        eventually("nothing arrives any more", workload.status, lambda s: s.get("arrivalRate") == "0", 60)

        def versions() -> list[str]:
            found = json.loads(cluster.kubectl("get", "cscaler,ptopic,eplat,hpa", "-n", workload.namespace, "-o", "json"))
            return [i["metadata"]["resourceVersion"] for i in found["items"] if i["kind"] != "HorizontalPodAutoscaler"]

        before = versions()
        never("wrote while nothing changed", versions, lambda now: now != before, 20)
