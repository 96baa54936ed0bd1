"""Penstock's two programs as processes inside a testbed, with the rights of their own service accounts."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any, NoReturn

import pytest
import yaml

from testbed import Testbed
from testbed.lib.images import write_program_image

from .cluster import Cluster, TestbedCluster
from .programs import CHART, built
from .wait import eventually

NAMESPACE = "penstock"
GRPC = 19443          # inside the testbed; KEDA and the operator reach it on the loopback address
METRICS_API = 17443   # on the node address, behind Service penstock-scaler
HEALTH = {"operator": 28081, "scaler": 28082}
HEALTH_IN_PODS = {"operator": 8081, "scaler": 8080}
IMAGE = "localhost/penstock-kafka:4.3.1"


class InstalledPenstock:
    """Penstock in pods, as the chart makes them: a test that wants to start or kill its processes is skipped."""

    def __init__(self, cluster: Cluster) -> None:
        """Returns when both Deployments are available."""
        self.cluster = cluster
        cluster.kubectl("wait", "--for=condition=Available", "--timeout=60s", "-n", NAMESPACE, "--all", "deployment", timeout=90)

    @classmethod
    def by_helm(cls, cluster: TestbedCluster, folder: Path, *settings: str) -> InstalledPenstock:
        """Installs an image of the programs that were built, which is made in the folder."""
        image = folder / "penstock.tar"
        write_program_image(image, "localhost/penstock:dev", [built(f"penstock-{program}") for program in HEALTH] + [built("kubectl-penstock")])
        cluster.testbed.load_image(image)
        cluster.testbed.create_namespace(NAMESPACE)
        cluster.kubectl("label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=restricted")
        cluster.helm("install", "penstock", CHART, "-n", NAMESPACE, "--wait", "--set", ",".join(["image.tag=dev", *settings]))
        return cls(cluster)

    def pods(self, program: str) -> list[str]:
        """The names of those that are not on their way out."""
        return [pod["metadata"]["name"] for pod in self.cluster.list("pod", NAMESPACE, f"app.kubernetes.io/name=penstock-{program}")
                if "deletionTimestamp" not in pod["metadata"]]

    def scrape(self, program: str, path: str = "/metrics") -> str:
        """A page of the first pod's health port."""
        return self.cluster.kubectl("get", "--raw", f"/api/v1/namespaces/{NAMESPACE}/pods/{self.pods(program)[0]}:{HEALTH_IN_PODS[program]}/proxy{path}")

    def save_logs(self, folder: Path) -> None:
        for program in filter(self.pods, HEALTH):
            (folder / f"{program}.log").write_text(self.cluster.kubectl(
                "logs", "-n", NAMESPACE, "-l", f"app.kubernetes.io/name=penstock-{program}", "--prefix", "--tail=-1"))

    def __getattr__(self, name: str) -> NoReturn:
        pytest.skip(f"needs Penstock's processes at hand: {name}")


class Penstock:
    def __init__(self, cluster: TestbedCluster, logs: Path) -> None:
        self.cluster = cluster
        self.testbed: Testbed = cluster.testbed
        self.logs = logs
        self.processes: dict[str, subprocess.Popen[Any]] = {}

    def install(self) -> None:
        """The namespace, the service accounts and their rights, also where KEDA runs, the Service of the metrics API."""
        self.testbed.create_namespace(NAMESPACE)
        keda = "true" if self.cluster.kubectl("get", "namespace", "keda", "--ignore-not-found") else "false"
        rights = self.cluster.helm("template", "penstock", CHART, "-n", NAMESPACE, "--show-only", "templates/rbac.yaml",
                                   "--set", f"keda.enabled={keda}")
        self.cluster.kubectl("apply", "-f", "-", stdin=rights)
        self.testbed.expose(NAMESPACE, "penstock-scaler", 443, METRICS_API)
        for program in HEALTH:
            self._write_kubeconfig(program)

    def _kubeconfig(self, program: str) -> Path:
        return self.logs / f"{program}.kubeconfig"

    def _write_kubeconfig(self, program: str) -> None:
        """The administrator's kubeconfig with the program's own token instead of the administrator's certificate."""
        config = yaml.safe_load(self.cluster.kubeconfig.read_text())
        token = self.cluster.kubectl("create", "token", f"penstock-{program}", "-n", NAMESPACE, "--duration=8h").strip()
        for user in config["users"]:
            user["user"] = {"token": token}
        for context in config["contexts"]:
            context["context"]["namespace"] = NAMESPACE
        self._kubeconfig(program).write_text(yaml.safe_dump(config))

    def _arguments(self, program: str) -> list[str]:
        shared = [f"--kubeconfig={self._kubeconfig(program)}", f"--namespace={NAMESPACE}",
                  f"--health-address=127.0.0.1:{HEALTH[program]}"]
        if program == "scaler":
            return [*shared, f"--grpc-address=127.0.0.1:{GRPC}", f"--metrics-api-address=0.0.0.0:{METRICS_API}"]
        return [*shared, f"--scaler-address=127.0.0.1:{GRPC}", f"--keda-scaler-address=127.0.0.1:{GRPC}",
                "--metrics-service=penstock-scaler", f"--kafka-image=4.3.1={IMAGE}"]

    def start(self, *programs: str) -> None:
        """Starts the programs (both if none is named) and waits until they are ready."""
        for program in programs or HEALTH:
            self.processes[program] = self.testbed.run_inside([built(f"penstock-{program}"), *self._arguments(program)],
                                                              log=self.logs / f"{program}.log")
        for program in programs or HEALTH:
            eventually(f"{program} is ready", lambda program=program: self.scrape(program, "/readyz"), seconds=20)

    def scrape(self, program: str, path: str = "/metrics") -> str:
        """A page of the program's health port."""
        process = self.processes[program]
        assert process.poll() is None, f"{program} ended with {process.poll()}: see {self.logs}/{program}.log"
        return self.testbed.call_inside(["curl", "-sf", "-m", "5", f"http://127.0.0.1:{HEALTH[program]}{path}"])

    def kill(self, *programs: str) -> None:
        """kill -9."""
        for program in programs or HEALTH:
            self.processes[program].kill()
            self.processes[program].wait(10)

    def stop(self, *programs: str) -> None:
        """SIGTERM; a program that does not end cleanly within five seconds is a failure."""
        for program in programs or HEALTH:
            process = self.processes[program]
            if process.poll() is None:
                process.terminate()
                try:
                    code = process.wait(5)
                except subprocess.TimeoutExpired:
                    process.kill()
                    raise AssertionError(f"{program} did not end within 5 s of SIGTERM") from None
                assert code == 0, f"{program} ended with {code} after SIGTERM"
