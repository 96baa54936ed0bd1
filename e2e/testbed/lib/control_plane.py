"""The command lines of etcd, the API server, the controllers and the scheduler."""

from __future__ import annotations

from pathlib import Path

from . import parts, pki
from .layout import API_SERVICE_IP, ETCD_PORT, NODE_IP, SERVICE_CIDR, Layout


def write_kubeconfigs(layout: Layout, port: int) -> None:
    """One for each client; the address holds inside and outside, where a relay listens on the same port."""
    for user in (*pki.CLIENTS, "kubelet"):
        pki.write_kubeconfig(layout.pki, user, f"https://127.0.0.1:{port}", layout.config / f"{user}.kubeconfig")


def make_pki(layout: Layout) -> None:
    pki.make_all(layout.pki, layout.node, NODE_IP, API_SERVICE_IP)


def etcd(layout: Layout) -> list[str | Path]:
    client, peer = f"http://127.0.0.1:{ETCD_PORT}", f"http://127.0.0.1:{ETCD_PORT + 1}"
    return [
        parts.ETCD.path / "usr" / "bin" / "etcd", "--name", layout.node, "--data-dir", layout.data / "etcd",
        "--unsafe-no-fsync",  # survives a killed process, which is all that a test needs
        "--listen-client-urls", client, "--advertise-client-urls", client,
        "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", f"{layout.node}={peer}",
    ]


def apiserver(layout: Layout, port: int) -> list[str | Path]:
    keys = layout.pki
    return [
        parts.CONTROL_PLANE.path / "kube-apiserver",
        f"--etcd-servers=http://127.0.0.1:{ETCD_PORT}",
        "--bind-address=0.0.0.0", f"--secure-port={port}", f"--advertise-address={NODE_IP}",
        f"--tls-cert-file={keys}/apiserver.crt", f"--tls-private-key-file={keys}/apiserver.key",
        f"--client-ca-file={keys}/ca.crt",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={keys}/sa.pub", f"--service-account-signing-key-file={keys}/sa.key",
        f"--service-cluster-ip-range={SERVICE_CIDR}",
        "--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction", "--allow-privileged=true",
        f"--kubelet-certificate-authority={keys}/ca.crt",
        f"--kubelet-client-certificate={keys}/apiserver-kubelet.crt", f"--kubelet-client-key={keys}/apiserver-kubelet.key",
        "--kubelet-preferred-address-types=InternalIP",  # node names do not resolve
        f"--requestheader-client-ca-file={keys}/front-proxy-ca.crt", "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={keys}/front-proxy.crt", f"--proxy-client-key-file={keys}/front-proxy.key",
        "--enable-aggregator-routing=true",  # straight to the endpoints: the control plane alone has no ClusterIPs
        "--profiling=false",
    ]


def _client_flags(layout: Layout, user: str) -> list[str]:
    config = layout.config / f"{user}.kubeconfig"
    return [f"--kubeconfig={config}", f"--authentication-kubeconfig={config}", f"--authorization-kubeconfig={config}",
            "--leader-elect=false", "--bind-address=127.0.0.1", "--profiling=false"]


def controller_manager(layout: Layout, hpa_sync: str) -> list[str | Path]:
    keys = layout.pki
    return [
        parts.CONTROL_PLANE.path / "kube-controller-manager", *_client_flags(layout, "controller-manager"),
        f"--service-account-private-key-file={keys}/sa.key", f"--root-ca-file={keys}/ca.crt",
        f"--cluster-signing-cert-file={keys}/ca.crt", f"--cluster-signing-key-file={keys}/ca.key",
        "--use-service-account-credentials=true",
        "--kube-api-qps=200", "--kube-api-burst=400",  # else its start is throttled for seconds
        f"--horizontal-pod-autoscaler-sync-period={hpa_sync}",
    ]


def scheduler(layout: Layout) -> list[str | Path]:
    return [parts.CONTROL_PLANE.path / "kube-scheduler", *_client_flags(layout, "scheduler")]
