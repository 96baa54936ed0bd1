"""Certificates, keys and kubeconfigs of one instance, made with the openssl command."""

from __future__ import annotations

import base64
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

DAYS = "3650"
EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
CLIENTS = {
    "admin": "/O=system:masters/CN=kubernetes-admin",
    "controller-manager": "/CN=system:kube-controller-manager",
    "scheduler": "/CN=system:kube-scheduler",
    "proxy": "/CN=system:kube-proxy",
}


def _openssl(folder: Path, *arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stderr}")


def make_authority(folder: Path, name: str) -> None:
    """NAME.crt and NAME.key of a new certificate authority."""
    _openssl(folder, "req", "-x509", *EC, "-days", DAYS, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.crt",
             "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign,digitalSignature")


def make_certificate(folder: Path, name: str, authority: str, subject: str, usage: str, names: str = "") -> None:
    """NAME.crt and NAME.key signed by the authority; names are subjectAltName entries such as DNS:x,IP:y."""
    extensions = folder / f"{name}.ext"
    extensions.write_text("keyUsage=critical,digitalSignature,keyEncipherment\n" + f"extendedKeyUsage={usage}\n"
                          + (f"subjectAltName={names}\n" if names else ""))
    _openssl(folder, "req", *EC, "-subj", subject, "-keyout", f"{name}.key", "-out", f"{name}.csr")
    serial = str(int.from_bytes(name.encode(), "big") % 2**150 + 1)
    _openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.crt", "-CAkey", f"{authority}.key",
             "-set_serial", serial, "-days", DAYS, "-out", f"{name}.crt", "-extfile", extensions.name)
    extensions.unlink()
    (folder / f"{name}.csr").unlink()


def _service_account_keys(folder: Path) -> None:
    _openssl(folder, "genrsa", "-out", "sa.key", "2048")
    _openssl(folder, "rsa", "-in", "sa.key", "-pubout", "-out", "sa.pub")


def make_all(folder: Path, node: str, address: str, service_address: str) -> None:
    """Everything that a cluster of one node needs, in about half a second."""
    folder.mkdir(mode=0o700, parents=True)
    make_authority(folder, "ca")
    make_authority(folder, "front-proxy-ca")
    dns = ["localhost", node, "kubernetes"]
    dns += [f"kubernetes.default{suffix}" for suffix in ("", ".svc", ".svc.cluster.local")]
    api_names = ",".join([f"DNS:{name}" for name in dns] + [f"IP:{ip}" for ip in ("127.0.0.1", address, service_address)])
    kubelet_subject = f"/O=system:nodes/CN=system:node:{node}"
    jobs = [
        ("apiserver", "ca", "/CN=kube-apiserver", "serverAuth", api_names),
        ("kubelet-server", "ca", kubelet_subject, "serverAuth", f"DNS:{node},IP:{address},IP:127.0.0.1"),
        ("apiserver-kubelet", "ca", "/O=system:masters/CN=kube-apiserver-kubelet-client", "clientAuth", ""),
        ("front-proxy", "front-proxy-ca", "/CN=front-proxy-client", "clientAuth", ""),
        ("kubelet", "ca", kubelet_subject, "clientAuth", ""),
        *[(name, "ca", subject, "clientAuth", "") for name, subject in CLIENTS.items()],
    ]
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(_service_account_keys, folder)]
        waiting += [pool.submit(make_certificate, folder, *job) for job in jobs]
        for one in waiting:
            one.result()


def write_kubeconfig(folder: Path, user: str, server: str, target: Path) -> None:
    """A kubeconfig (JSON is YAML) that carries the user's certificate and key in itself."""
    def read(name: str) -> str:
        return base64.b64encode((folder / name).read_bytes()).decode()

    target.touch(mode=0o600)
    target.write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "testbed",
        "clusters": [{"name": "testbed", "cluster": {"server": server, "certificate-authority-data": read("ca.crt")}}],
        "users": [{"name": user, "user": {"client-certificate-data": read(f"{user}.crt"), "client-key-data": read(f"{user}.key")}}],
        "contexts": [{"name": "testbed", "context": {"cluster": "testbed", "user": user}}],
    }, indent=1))
