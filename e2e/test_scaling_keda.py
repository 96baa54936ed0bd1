"""The Keda engine: KEDA's own HPA and 0 ↔ 1, on the metric that Penstock's external scaler answers."""

from __future__ import annotations

import pytest
from harness import Cluster
from harness.scaling import Scaling, Workload

pytestmark = pytest.mark.keda


class TestKeda(Scaling):
    engine = "Keda"

    def test_the_scaled_object_is_what_a_person_would_write(self, workload: Workload, cluster: Cluster) -> None:
        spec = cluster.get("scaledobject", workload.name, workload.namespace)["spec"]
        assert spec["maxReplicaCount"] == 12 and spec["minReplicaCount"] == 0
        [trigger] = spec["triggers"]
        assert trigger["type"] in ("external", "external-push")
        assert trigger["metadata"]["consumerScaler"] == workload.name
