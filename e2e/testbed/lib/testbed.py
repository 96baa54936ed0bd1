"""One instance of the testbed, from the side of those who use it: tests and the commands of this folder."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal as signals
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from . import instance, kafka_parts, namespaces, parts
from .api import Api, wait_until
from .cache import ensure_all
from .kafka import Kafka
from .keda import Keda
from .layout import NODE_IP, Layout

UP_SECONDS = 180
DOWN_SECONDS = 30


class Testbed:
    """A cluster that belongs to its maker: it ends with down(), with the `with` block, or when the maker's process dies.

    `Testbed.attach(name)` gives one that runs already, from outside or from inside its namespaces.
    """

    __test__ = False  # not a test, whatever pytest thinks of the name

    def __init__(self, name: str = "default", profile: str = "node", keda: bool = False, hpa_sync: str = "5s") -> None:
        if profile not in parts.PROFILES:
            raise ValueError(f"profile {profile!r}: one of {', '.join(parts.PROFILES)}")
        self.layout = Layout(name)
        self._options = {"profile": profile, "keda": keda, "hpa_sync": hpa_sync}
        self._lifeline: int | None = None
        self._children: list[subprocess.Popen[Any]] = []

    @classmethod
    def attach(cls, name: str = "default") -> Testbed:
        """The running instance of that name; LookupError if there is none."""
        testbed = cls(name)
        testbed._options = {key: testbed.state[key] for key in testbed._options}
        return testbed

    def __enter__(self) -> Testbed:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    @property
    def name(self) -> str:
        return self.layout.name

    @property
    def state(self) -> dict[str, Any]:
        """What the supervisor wrote when the instance came up."""
        try:
            return dict(json.loads(self.layout.state_file.read_text()))
        except FileNotFoundError:
            raise LookupError(f"no testbed called {self.name!r} is up") from None

    @property
    def kubeconfig(self) -> Path:
        """The administrator's; valid inside and outside."""
        return self.layout.kubeconfig

    @property
    def profile(self) -> str:
        return str(self._options["profile"])

    @property
    def api(self) -> Api:
        return Api(self.layout.pki, int(self.state["port"]))

    @property
    def inside(self) -> bool:
        """Whether the caller runs inside the testbed's namespaces."""
        return namespaces.is_inside(str(self.state["net"]))

    # Life

    def up(self, detach: bool = False, progress: Callable[[str], None] = lambda line: None) -> None:
        """Builds what is missing and starts everything; with detach it outlives the caller.

        RuntimeError if it does not come up; its logs are then left in layout.log.
        """
        ensure_all(parts.needed(self.profile, bool(self._options["keda"])))
        instance.prepare(self.layout, self._options)
        process = self._start_supervisor(detach)
        shown = 0
        end = time.monotonic() + UP_SECONDS
        while True:
            lines = self.timeline()
            for line in lines[shown:]:
                progress(line)
            shown = len(lines)
            if (self.layout.run / "up").exists():
                return
            if process.poll() is not None or time.monotonic() > end:
                process.terminate()
                process.wait()
                raise RuntimeError(f"testbed {self.name} did not come up; logs: {self.layout.log}\n{self._tail('supervisor')}")
            time.sleep(0.05)

    def _start_supervisor(self, detach: bool) -> subprocess.Popen[bytes]:
        lifeline = -1
        if not detach:
            lifeline, self._lifeline = os.pipe()
        argv = [sys.executable, "-P", "-m", instance.SUPERVISOR, self.name, str(lifeline)]
        with (self.layout.log / "supervisor.log").open("w") as log:
            process = subprocess.Popen(argv, env={**os.environ, "PYTHONPATH": str(parts.HERE.parent)}, stdin=subprocess.DEVNULL,
                                       stdout=log, stderr=log, start_new_session=True,
                                       pass_fds=[] if detach else [lifeline])
        if not detach:
            os.close(lifeline)
        return process

    def down(self, keep_logs: Path | str | None = None) -> None:
        """Ends everything and removes every trace; also of an instance whose supervisor is dead. Copies logs if told to."""
        if self.layout.state_file.exists() and self.inside:
            raise RuntimeError(f"testbed {self.name} can't be ended from inside")
        if keep_logs and self.layout.log.is_dir():
            shutil.copytree(self.layout.log, keep_logs, dirs_exist_ok=True, ignore_dangling_symlinks=True)
        if pid := instance.supervisor_pid(self.layout):
            _end(pid, [(signals.SIGTERM, DOWN_SECONDS), (signals.SIGKILL, DOWN_SECONDS)], self._reap)
        instance.clean(self.layout)
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None

    def timeline(self) -> list[str]:
        """What came up and when, in seconds after the start."""
        path = self.layout.run / "timeline"
        return path.read_text().splitlines() if path.exists() else []

    def _tail(self, component: str, lines: int = 20) -> str:
        path = self.layout.log / f"{component}.log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""

    # Processes inside

    def environment(self) -> dict[str, str]:
        """Environment variables that processes inside get besides the caller's own."""
        return {
            "PATH": os.pathsep.join([*map(str, parts.program_directories(self.profile)), os.environ.get("PATH", ""), "/usr/sbin:/sbin"]),
            "KUBECONFIG": str(self.kubeconfig), "PENSTOCK_TESTBED": self.name,
            "CONTAINERD_ADDRESS": str(self.layout.containerd_socket), "CONTAINERD_NAMESPACE": "k8s.io",
        }

    def run_inside(self, argv: Sequence[str | Path], *, env: Mapping[str, str] | None = None, log: Path | str | None = None,
                   cwd: Path | str | None = None, new_session: bool = False, pass_fds: Sequence[int] = (),
                   stdin: int | IO[Any] | None = subprocess.DEVNULL, stdout: int | IO[Any] | None = None,
                   stderr: int | IO[Any] | None = None, prepare: Callable[[], None] | None = None) -> subprocess.Popen[Any]:
        """Starts a process inside. Its pid is its own (not a wrapper's); it dies with the testbed. Output is appended to log."""
        whole = {**os.environ, **self.environment(), **(env or {})}
        sink = Path(log).open("ab") if log else None
        try:
            out, err = (sink, sink) if sink else (stdout, stderr)
            init = None if self.inside else int(self.state["init"])
            process = namespaces.popen(init, argv, cwd=cwd, env=whole, stdin=stdin, stdout=out, stderr=err,
                                       new_session=new_session, pass_fds=pass_fds, prepare=prepare)
            self._children.append(process)
            return process
        finally:
            if sink:
                sink.close()

    def _reap(self) -> None:
        """A namespace ends only when those who started processes in it from outside have taken note of their end."""
        self._children = [child for child in self._children if child.poll() is None]

    def call_inside(self, argv: Sequence[str | Path], *, stdin: IO[Any] | None = None, env: Mapping[str, str] | None = None,
                    timeout: float = 60) -> str:
        """Runs a command inside to its end and returns its output; CalledProcessError carries both streams."""
        process = self.run_inside(argv, env=env, stdin=stdin or subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            out, err = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            process.wait()
            raise
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, list(map(str, argv)), out.decode(), err.decode())
        return str(out.decode())

    def start_component(self, name: str, argv: Sequence[str | Path], env: Mapping[str, str] | None = None,
                        pass_fds: Sequence[int] = ()) -> subprocess.Popen[Any]:
        """A process that belongs to the testbed rather than to the caller; logs to layout.log/NAME.log."""
        process = self.run_inside(argv, env=env, log=self.layout.log / f"{name}.log", cwd="/", new_session=True, pass_fds=pass_fds)
        inner = namespaces.inner_pid(process.pid)
        (self.layout.run / f"{name}.component").write_text(str(inner))
        return process

    def relay(self, name: str, listener: socket.socket, port: int) -> None:
        """Joins a listening socket of the host's side with a port inside."""
        self.start_component(name, [sys.executable, "-P", "-m", "testbed.lib.relay", str(listener.fileno()), str(port)],
                             {"PYTHONPATH": str(parts.HERE.parent)}, pass_fds=[listener.fileno()])

    def components(self) -> dict[str, int | None]:
        """Of each component its pid as the caller sees it, or None if it has ended."""
        pids = namespaces.outer_pids(os.getpid() if self.inside else int(self.state["init"]))
        files = sorted(self.layout.run.glob("*.component"), key=lambda path: path.stat().st_mtime_ns)
        return {path.stem: pids.get(int(path.read_text())) for path in files}

    def signal(self, component: str, number: signals.Signals) -> None:
        """Sends a signal to a component (SIGSTOP freezes it, SIGKILL is a crash)."""
        pid = self.components().get(component)
        if pid is None:
            raise LookupError(f"{component} does not run in testbed {self.name}")
        os.kill(pid, number)

    def kill_component(self, name: str) -> None:
        """SIGKILL; returns when it has ended. Nothing happens if it has already."""
        self._end_component(name, [(signals.SIGKILL, 10)])

    def stop_component(self, name: str, seconds: float = 10) -> None:
        """SIGTERM, then SIGKILL if that is not enough in time; returns when it has ended."""
        self._end_component(name, [(signals.SIGTERM, seconds), (signals.SIGKILL, 10)])

    def _end_component(self, name: str, steps: Sequence[tuple[signals.Signals, float]]) -> None:
        pid = self.components().get(name)
        if pid is not None:
            _end(pid, steps)
        self._reap()
        (self.layout.run / f"{name}.component").unlink(missing_ok=True)

    # What is put into the cluster

    def kubectl(self, *arguments: str, timeout: float = 60, stdin: str | None = None) -> str:
        """kubectl's standard output; CalledProcessError (with stderr) if it fails."""
        argv = [str(parts.CONTROL_PLANE.ensure() / "kubectl"), f"--kubeconfig={self.kubeconfig}", *arguments]
        return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=timeout,
                              **({"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL})).stdout

    def expose(self, namespace: str, service: str, port: int, target_port: int) -> None:
        """Makes SERVICE.NAMESPACE.svc:port lead to a process that listens on the node address, port target_port."""
        core = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": service, "namespace": namespace},
                "spec": {"ports": [{"name": "main", "port": port, "targetPort": target_port}]}}
        slice_ = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
                  "metadata": {"name": service, "namespace": namespace, "labels": {"kubernetes.io/service-name": service}},
                  "endpoints": [{"addresses": [NODE_IP], "conditions": {"ready": True}}],
                  "ports": [{"name": "main", "port": target_port}]}
        self.api.apply(f"/api/v1/namespaces/{namespace}/services/{service}", core)
        self.api.apply(f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices/{service}", slice_)

    def create_namespace(self, name: str) -> None:
        """Makes a namespace and waits for its service account, without which no pod is admitted."""
        api = self.api
        api.apply(f"/api/v1/namespaces/{name}", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        wait_until(f"service account of {name}", lambda: api.exists(f"/api/v1/namespaces/{name}/serviceaccounts/default"), 20)

    def load_image(self, image: str | Path) -> None:
        """Puts an image into the node: the path of an archive (docker or OCI), or a name in podman's store."""
        archive = Path(image)
        into_node = ["ctr", "images", "import", "-"]
        if archive.is_file():
            with archive.open("rb") as source:
                self.call_inside(into_node, stdin=source, timeout=300)
            return
        saved = subprocess.Popen(["podman", "save", str(image)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.call_inside(into_node, stdin=saved.stdout, timeout=300)
        if saved.wait() != 0:
            raise RuntimeError(f"podman save {image} ended with {saved.returncode}")

    def kafka(self, brokers: int = 1, name: str = "kafka", port: int = 19092) -> Kafka:
        """Brokers as plain processes inside, not started yet: broker n listens on the node address, port + n."""
        kafka_parts.ARCHIVE.ensure()
        return Kafka(self, brokers, name, port)

    def start_keda(self) -> None:
        """Installs KEDA's resources and starts its operator and metrics server; returns when the metrics API is available."""
        Keda(self).start()

    def stop_keda(self) -> None:
        """Stops both and withdraws the metrics API, as if KEDA had never been there but for its resource definitions."""
        Keda(self).stop()


def _end(pid: int, steps: Sequence[tuple[signals.Signals, float]], meanwhile: Callable[[], None] = lambda: None) -> None:
    """Ends a process that need not be a child of the caller, by signals with a time for each; returns when it has ended."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        for number, seconds in steps:
            signals.pidfd_send_signal(handle, number)
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                if select.select([handle], [], [], 0.05)[0]:
                    return
                meanwhile()
    except ProcessLookupError:
        return
    finally:
        os.close(handle)
