"""KEDA's operator and metrics server as processes inside, instead of pods, for the plain control plane."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

from . import parts, pki
from .api import wait_until

if TYPE_CHECKING:
    from .testbed import Testbed

NAMESPACE = "keda"
SERVICE = "keda-metrics-apiserver"
OPERATOR, ADAPTER = "keda-operator", "keda-adapter"
APISERVICE = "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.external.metrics.k8s.io"
ADAPTER_PORT = 16443
GRPC = "127.0.0.1:19666"
START_SECONDS = 60


class Keda:
    """Starts and stops KEDA in one testbed."""

    def __init__(self, testbed: Testbed) -> None:
        self._testbed = testbed
        self._certificates = testbed.layout.config / "keda"

    def start(self) -> None:
        """Returns when the metrics API is available."""
        part = parts.KEDA_PART.ensure()
        if not self._certificates.exists():
            self._make_certificates()
        self._testbed.kubectl("apply", "--server-side", "-f", str(part / "crds"))
        self._testbed.kubectl("wait", "--for=condition=Established", "--timeout=30s", "-f", str(part / "crds"))
        self._testbed.create_namespace(NAMESPACE)
        self._testbed.expose(NAMESPACE, SERVICE, 443, ADAPTER_PORT)
        self._testbed.start_component(OPERATOR, self._operator(part), {
            "WATCH_NAMESPACE": "", "KEDA_CLUSTER_OBJECT_NAMESPACE": NAMESPACE, "POD_NAMESPACE": NAMESPACE, "POD_NAME": OPERATOR})
        self._testbed.start_component(ADAPTER, self._adapter(part), {"WATCH_NAMESPACE": "", "POD_NAMESPACE": NAMESPACE})
        self._register()
        wait_until("KEDA's metrics API", self._available, START_SECONDS)

    def stop(self) -> None:
        """Stops both and withdraws the metrics API. The resource definitions and what was made of them stay."""
        self._testbed.api.request("DELETE", APISERVICE)
        for component in (ADAPTER, OPERATOR):
            self._testbed.stop_component(component)

    def _make_certificates(self) -> None:
        folder = self._certificates
        folder.mkdir(mode=0o700)
        pki.make_authority(folder, "ca")
        names = ["localhost", *(f"{service}.{NAMESPACE}{suffix}" for service in (OPERATOR, SERVICE) for suffix in ("", ".svc"))]
        pki.make_certificate(folder, "tls", "ca", "/CN=keda", "serverAuth,clientAuth", ",".join(f"DNS:{name}" for name in names))

    def _operator(self, part: Path) -> list[str | Path]:
        return [part / OPERATOR, f"--kubeconfig={self._testbed.kubeconfig}", f"--cert-dir={self._certificates}",
                "--enable-cert-rotation=false", "--enable-webhook-patching=false", "--enable-apiservice-patching=false",
                f"--metrics-service-bind-address={GRPC}", "--metrics-bind-address=127.0.0.1:18080",
                "--health-probe-bind-address=127.0.0.1:18081"]

    def _adapter(self, part: Path) -> list[str | Path]:
        folder, config = self._certificates, self._testbed.kubeconfig
        return [part / ADAPTER, "--port=18090", f"--secure-port={ADAPTER_PORT}", f"--cert-dir={folder}",
                f"--tls-cert-file={folder}/tls.crt", f"--tls-private-key-file={folder}/tls.key",
                f"--client-ca-file={folder}/ca.crt", f"--kubeconfig={config}", f"--lister-kubeconfig={config}",
                f"--authentication-kubeconfig={config}", f"--authorization-kubeconfig={config}",
                f"--metrics-service-address={GRPC}", f"--metrics-service-grpc-authority={OPERATOR}.{NAMESPACE}.svc"]

    def _register(self) -> None:
        group, version = "external.metrics.k8s.io", "v1beta1"
        authority = base64.b64encode((self._certificates / "ca.crt").read_bytes()).decode()
        self._testbed.api.apply(APISERVICE, {
            "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": f"{version}.{group}"},
            "spec": {"group": group, "version": version, "groupPriorityMinimum": 100, "versionPriority": 100,
                     "caBundle": authority, "service": {"name": SERVICE, "namespace": NAMESPACE, "port": 443}}})

    def _available(self) -> bool:
        conditions = self._testbed.api.request("GET", APISERVICE)[1].get("status", {}).get("conditions", [])
        return any(one["type"] == "Available" and one["status"] == "True" for one in conditions)
