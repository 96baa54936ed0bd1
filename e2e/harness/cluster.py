"""The Kubernetes under test: our testbed, or one that exists already and is named by KUBECONFIG."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from testbed import Testbed

from .programs import DEFINITIONS, HELM
from .wait import eventually


class KubectlError(Exception):
    """kubectl said no; the text is what it said."""


class HelmError(Exception):
    """helm said no; the text is what it said."""


class Cluster:
    """kubectl and helm on a cluster."""

    kubeconfig: Path
    kubectl_program = "kubectl"

    def kubectl(self, *arguments: str, stdin: str | None = None, timeout: float = 60) -> str:
        """kubectl's output, or KubectlError."""
        argv = [self.kubectl_program, f"--kubeconfig={self.kubeconfig}", *arguments]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout, input=stdin or "")
        if done.returncode:
            raise KubectlError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def helm(self, *arguments: str | Path, timeout: float = 400) -> str:
        """HelmError with its words when it fails."""
        done = subprocess.run([HELM, *arguments], capture_output=True, text=True, timeout=timeout, check=False, stdin=subprocess.DEVNULL,
                              env=os.environ | {"KUBECONFIG": str(self.kubeconfig)})
        if done.returncode != 0:
            raise HelmError(done.stderr)
        return done.stdout

    def apply(self, *objects: dict[str, Any], namespace: str | None = None) -> None:
        """`kubectl apply`, as a person would."""
        where = ["-n", namespace] if namespace else []
        self.kubectl("apply", *where, "-f", "-", stdin="---\n".join(yaml.safe_dump(o) for o in objects))

    def refused(self, obj: dict[str, Any], namespace: str) -> str:
        """What the API server says when it refuses the object; AssertionError if it does not."""
        try:
            self.apply(obj, namespace=namespace)
        except KubectlError as error:
            return str(error)
        raise AssertionError(f"accepted: {obj}")

    def get(self, kind: str, name: str, namespace: str) -> dict[str, Any]:
        return dict(json.loads(self.kubectl("get", kind, name, "-n", namespace, "-o", "json")))

    def secret(self, name: str, namespace: str) -> dict[str, str]:
        """What lies in a Secret, as text."""
        return {key: base64.b64decode(value).decode() for key, value in self.get("secret", name, namespace)["data"].items()}

    def list(self, kind: str, namespace: str, selector: str = "") -> list[dict[str, Any]]:
        return list(json.loads(self.kubectl("get", kind, "-n", namespace, "-l", selector, "-o", "json"))["items"])

    def patch(self, kind: str, name: str, namespace: str, patch: dict[str, Any]) -> None:
        self.kubectl("patch", kind, name, "-n", namespace, "--type=merge", "-p", json.dumps(patch))

    def delete(self, kind: str, name: str, namespace: str, wait: bool = True) -> None:
        self.kubectl("delete", kind, name, "-n", namespace, f"--wait={str(wait).lower()}")

    def events(self, namespace: str, name: str) -> list[dict[str, Any]]:
        """events.k8s.io/v1 about the object of that name, oldest first."""
        items = json.loads(self.kubectl("get", "events.events.k8s.io", "-n", namespace, "-o", "json"))["items"]
        return [e for e in items if e["regarding"]["name"] == name]

    def condition(self, kind: str, name: str, namespace: str, condition: str) -> dict[str, Any]:
        """A condition of the status; empty when it is not there."""
        status = self.get(kind, name, namespace).get("status", {})
        return next((c for c in status.get("conditions", []) if c["type"] == condition), {})

    def ready(self, kind: str, name: str, namespace: str, seconds: float = 40) -> dict[str, Any]:
        """Waits until the object is Ready; its status."""
        eventually(f"{kind} {name} is ready", lambda: self.condition(kind, name, namespace, "Ready"),
                   lambda c: c.get("status") == "True", seconds)
        return dict(self.get(kind, name, namespace)["status"])

    def install_definitions(self) -> None:
        self.kubectl("apply", "--server-side", "-f", str(DEFINITIONS))
        self.kubectl("wait", "--for=condition=Established", "--timeout=30s", "-f", str(DEFINITIONS))


class TestbedCluster(Cluster):
    __test__ = False

    def __init__(self, testbed: Testbed, definitions: bool = True) -> None:
        """Without the definitions for those who install them otherwise."""
        self.testbed = testbed
        self.kubeconfig = testbed.kubeconfig
        self.kubectl_program = shutil.which("kubectl", path=testbed.environment()["PATH"]) or "kubectl"
        if definitions:
            self.install_definitions()


class ExistingCluster(Cluster):
    """Penstock runs in it already: its programs can't be killed and started from here."""

    def __init__(self) -> None:
        self.kubeconfig = Path(os.environ["KUBECONFIG"])
        self.install_definitions()

    def needs(self, kind: str, name: str) -> None:
        """Skips the test where the cluster has no such object."""
        if not self.kubectl("get", kind, name, "--ignore-not-found"):
            pytest.skip(f"needs {kind} {name}")
