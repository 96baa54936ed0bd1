"""The Keda engine: KEDA's own HPA and 0 ↔ 1, on the metric that Penstock's external scaler answers."""

from __future__ import annotations

import base64

import pytest
from harness import Cluster, Penstock, eventually
from harness.cli import inside
from harness.penstock import GRPC, NAMESPACE
from harness.scaling import Scaling, Workload
from testbed import Testbed

pytestmark = pytest.mark.keda


class TestKeda(Scaling):
    engine = "Keda"

    def test_the_scaled_object_is_what_a_person_would_write(self, workload: Workload, cluster: Cluster) -> None:
        spec = cluster.get("scaledobject", workload.name, workload.namespace)["spec"]
        assert spec["maxReplicaCount"] == 12 and spec["minReplicaCount"] == 0
        [trigger] = spec["triggers"]
        assert trigger["type"] in ("external", "external-push")
        assert trigger["metadata"]["consumerScaler"] == workload.name

    def test_certificates_that_are_made_anew_are_followed_by_everybody(self, workload: Workload, cluster: Cluster, testbed: Testbed,
                                                                       penstock: Penstock) -> None:
        def shown() -> str:
            show = f"openssl s_client -connect 127.0.0.1:{GRPC} -alpn h2 </dev/null 2>/dev/null | openssl x509 -noout -serial"
            return testbed.call_inside(["sh", "-c", show])

        def authorities_of_keda() -> int:
            held = cluster.get("secret", "penstock-caller-tls", "keda")["data"]["ca.crt"]
            return base64.b64decode(held).count(b"BEGIN CERTIFICATE")

        def all_connect_anew_and_scale(lag: int, replicas: int) -> None:
            penstock.stop("scaler")
            penstock.start("scaler")
            workload.produce(lag)
            workload.becomes(replicas)
            asked = inside(testbed, "lag", workload.name, "-n", workload.namespace, f"--scaler=127.0.0.1:{GRPC}")
            assert asked.status == 0, asked

        before = shown()
        cluster.delete("secret", "penstock-scaler-tls", NAMESPACE)
        renewed = eventually("another certificate is shown", shown, lambda serial: serial != before, 20)
        all_connect_anew_and_scale(350, 4)

        cluster.delete("secret", "penstock-scaler-ca", NAMESPACE)
        eventually("KEDA trusts two authorities", authorities_of_keda, lambda count: count == 2, 20)
        assert shown() == renewed, "a certificate of the old authority stays until its own end"
        all_connect_anew_and_scale(300, 7)
