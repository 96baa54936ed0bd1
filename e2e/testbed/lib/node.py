"""The node: containerd, kubelet, kube-proxy, DNS and volumes, with the settings that a machine within a machine needs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from . import images, parts, runtime
from .api import Api, wait_until
from .layout import NODE_IP, POD_CIDR, Layout

if TYPE_CHECKING:
    from .testbed import Testbed

START_SECONDS = 120
RESOLV_CONF = f"nameserver {NODE_IP}\nsearch default.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n"


def start_runtime(testbed: Testbed) -> None:
    """Starts containerd on a copy of the prepared image store."""
    layout = testbed.layout
    runtime.copy_store(parts.STORE.path, layout.data / "containerd")
    _write_network(layout)
    config = runtime.configuration(layout.data / "containerd", layout.run / "containerd", layout.containerd_socket,
                                   parts.CNI.path / "usr" / "lib" / "cni", layout.config / "cni")
    (layout.config / "containerd.toml").write_text(config)
    testbed.start_component("containerd", [parts.RUNTIME.path / "usr" / "bin" / "containerd", "--config",
                                           layout.config / "containerd.toml"])


def start(testbed: Testbed, api: Api, say: Callable[[str], None]) -> None:
    """Starts the rest; returns when the node is Ready."""
    layout = testbed.layout
    wait_until("containerd", layout.containerd_socket.exists, START_SECONDS)
    (layout.config / "kubelet.yaml").write_text(json.dumps(_kubelet(layout), indent=1))
    (layout.config / "kube-proxy.yaml").write_text(json.dumps(_kube_proxy(layout), indent=1))
    (layout.config / "Corefile").write_text(_corefile(layout))
    testbed.start_component("kubelet", [
        parts.NODE.path / "kubelet", f"--config={layout.config}/kubelet.yaml", f"--kubeconfig={layout.config}/kubelet.kubeconfig",
        f"--root-dir={layout.data}/kubelet", f"--hostname-override={layout.node}", f"--node-ip={NODE_IP}", "--v=2"])
    testbed.start_component("kube-proxy", [
        parts.NODE.path / "kube-proxy", f"--config={layout.config}/kube-proxy.yaml", f"--hostname-override={layout.node}"])
    testbed.start_component("coredns", [parts.COREDNS.path / "coredns", "-conf", layout.config / "Corefile"])
    _start_provisioner(testbed, api)
    wait_until("node Ready", lambda: _is_ready(api, layout.node), START_SECONDS)
    say("node ready")


def _is_ready(api: Api, node: str) -> bool:
    status, answer = api.request("GET", f"/api/v1/nodes/{node}")
    conditions = answer["status"].get("conditions", []) if status == 200 else []
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _write_network(layout: Layout) -> None:
    folder = layout.config / "cni"
    folder.mkdir()
    (layout.data / "cni").mkdir()
    address = {"type": "host-local", "ranges": [[{"subnet": POD_CIDR}]], "routes": [{"dst": "0.0.0.0/0"}],
               "dataDir": str(layout.data / "cni")}
    bridge = {"type": "bridge", "bridge": "cni0", "isGateway": True, "hairpinMode": True, "ipMasq": False, "ipam": address}
    (folder / "10-testbed.conflist").write_text(json.dumps({"cniVersion": "0.4.0", "name": "testbed", "plugins": [
        bridge, {"type": "portmap", "capabilities": {"portMappings": True}}]}))


def _kubelet(layout: Layout) -> dict[str, object]:
    (layout.config / "pod-resolv.conf").touch()  # empty: the host's name servers can't be reached from a pod
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
        "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": True},
                           "x509": {"clientCAFile": f"{layout.pki}/ca.crt"}},
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{layout.pki}/kubelet-server.crt", "tlsPrivateKeyFile": f"{layout.pki}/kubelet-server.key",
        "containerRuntimeEndpoint": f"unix://{layout.containerd_socket}",
        "cgroupDriver": "cgroupfs", "cgroupRoot": f"/{layout.node}", "failCgroupV1": False, "failSwapOn": False,
        "oomScoreAdj": 0,  # lowering it takes CAP_SYS_RESOURCE, which a container lacks
        "makeIPTablesUtilChains": False,
        "clusterDomain": "cluster.local", "clusterDNS": [NODE_IP], "resolvConf": f"{layout.config}/pod-resolv.conf",
        # No eviction for want of disk, and no removal of images: they could not be pulled again.
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%", "nodefs.inodesFree": "1%"},
        "imageGCHighThresholdPercent": 100, "imageGCLowThresholdPercent": 99, "enforceNodeAllocatable": [],
        "podLogsDir": f"{layout.log}/pods", "staticPodPath": "", "volumePluginDir": f"{layout.data}/volume-plugins",
        "registerNode": True,
        "syncFrequency": "15s",  # instead of a minute: what changes in a Secret reaches the pods that soon
    }


def _kube_proxy(layout: Layout) -> dict[str, object]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": f"{layout.config}/proxy.kubeconfig"},
        "mode": "nftables", "nftables": {"minSyncPeriod": "100ms"}, "clusterCIDR": POD_CIDR, "detectLocalMode": "ClusterCIDR",
        "healthzBindAddress": "127.0.0.1:10256", "metricsBindAddress": "127.0.0.1:10249", "oomScoreAdj": 0,
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s",
                      "udpTimeout": "0s", "udpStreamTimeout": "0s"},  # these are the machine's, not ours
    }


def _corefile(layout: Layout) -> str:
    return f""".:53 {{
    bind {NODE_IP}
    errors
    health 127.0.0.1:18082
    ready 127.0.0.1:18181
    kubernetes cluster.local in-addr.arpa {{
        kubeconfig {layout.kubeconfig}
        pods insecure
        fallthrough in-addr.arpa
        ttl 5
    }}
    cache 5
}}
"""


def _start_provisioner(testbed: Testbed, api: Api) -> None:
    """Volumes of the default StorageClass are directories of the instance, made by a short pod each."""
    layout = testbed.layout
    paths = json.dumps({"nodePathMap": [{"node": "DEFAULT_PATH_FOR_NON_LISTED_NODES", "paths": [f"{layout.data}/volumes"]}]})
    (layout.config / "volumes.json").write_text(paths)
    helper = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "helper-pod"}, "spec": {
        "terminationGracePeriodSeconds": 0,
        "containers": [{"name": "helper-pod", "image": images.BASE, "imagePullPolicy": "Never"}]}}
    system = "/api/v1/namespaces/kube-system"
    api.apply(f"{system}/serviceaccounts/local-path", {
        "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "local-path", "namespace": "kube-system"}})
    api.apply("/apis/storage.k8s.io/v1/storageclasses/standard", {
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
        "metadata": {"name": "standard", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": "rancher.io/local-path", "volumeBindingMode": "WaitForFirstConsumer", "reclaimPolicy": "Delete"})
    api.apply(f"{system}/configmaps/local-path-config", {
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "local-path-config", "namespace": "kube-system"},
        "data": {"config.json": paths, "setup": '#!/bin/sh\nmkdir -m 0777 -p "$VOL_DIR"\n',
                 "teardown": '#!/bin/sh\nrm -rf "$VOL_DIR"\n', "helperPod.yaml": json.dumps(helper)}})
    testbed.start_component("local-path-provisioner", [
        parts.PROVISIONER.path / "local-path-provisioner", "start", "--config", layout.config / "volumes.json",
        "--kubeconfig", layout.kubeconfig, "--namespace", "kube-system", "--helper-image", images.BASE,
        "--provisioner-name", "rancher.io/local-path", "--service-account-name", "local-path",
        "--configmap-name", "local-path-config"])
