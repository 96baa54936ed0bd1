"""The process outside that owns an instance: starts everything inside, and leaves nothing behind when it ends.

Usage: python3 -m testbed.lib.supervisor NAME LIFELINE. LIFELINE is the reading end of a pipe whose writing end the owner
holds, or -1: when it closes, because the owner ended in whatever way, the instance ends too. If this process is killed,
the kernel kills `unshare`, that kills PID 1 of the namespaces, and with it goes everything inside; only files are left.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from . import cgroups, control_plane, instance, namespaces, node
from .api import Api, wait_until
from .layout import NODE_IP, Layout, write_json
from .testbed import Testbed

START_SECONDS = 120
STOP_SECONDS = 10
DEFAULT_ACCOUNT = "/api/v1/namespaces/default/serviceaccounts/default"
UNSHARE = ("unshare", "--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child", "--mount-proc")


class _End(BaseException):
    """Raised by the signal handler, wherever the main thread is."""


class Supervisor:
    """Starts one instance and watches it."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.options: dict[str, Any] = json.loads(layout.options_file.read_text())
        self.with_node = self.options["profile"] == "node"
        self.begin = time.monotonic()
        self.init_pid: int | None = None
        self.testbed: Testbed | None = None

    def say(self, text: str) -> None:
        with (self.layout.run / "timeline").open("a") as timeline:
            timeline.write(f"{time.monotonic() - self.begin:6.2f} s  {text}\n")

    def start(self) -> None:
        """Everything, in the order of need; returns when it all answers."""
        with ThreadPoolExecutor(1) as pool, socket.create_server(("127.0.0.1", 0)) as listener:
            port = int(listener.getsockname()[1])
            keys = pool.submit(control_plane.make_pki, self.layout)
            self._start_namespaces()
            testbed = self.testbed = self._testbed(port)
            testbed.start_component("etcd", control_plane.etcd(self.layout))
            keys.result()
            control_plane.write_kubeconfigs(self.layout, port)
            testbed.start_component("kube-apiserver", control_plane.apiserver(self.layout, port))
            testbed.relay("relay", listener, port)
        self.say("etcd and API server started")
        if self.with_node:
            node.start_runtime(testbed)
        api = Api(self.layout.pki, port)
        wait_until("kube-apiserver", lambda: api.exists("/readyz"), START_SECONDS)
        self.say("API server ready")
        testbed.start_component("kube-controller-manager",
                                control_plane.controller_manager(self.layout, str(self.options["hpa_sync"])))
        testbed.start_component("kube-scheduler", control_plane.scheduler(self.layout))
        if self.with_node:
            node.start(testbed, api, self.say)
        wait_until("service account", lambda: api.exists(DEFAULT_ACCOUNT), START_SECONDS)
        self.say("control plane ready")
        if self.options["keda"]:
            testbed.start_keda()
            self.say("KEDA ready")
        (self.layout.run / "up").touch()

    def _start_namespaces(self) -> None:
        layout = self.layout
        (layout.config / "hosts").write_text(f"127.0.0.1 localhost\n{NODE_IP} {layout.node}\n")
        (layout.config / "resolv.conf").write_text(node.RESOLV_CONF if self.with_node else "")
        write_json(layout.config / "init.json", {
            "node": layout.node, "address": NODE_IP, "hosts": str(layout.config / "hosts"),
            "resolv": str(layout.config / "resolv.conf"), "ready": str(layout.run / "init.ready")})
        if self.with_node:
            cgroups.create(layout.node)
        with (layout.log / "init.log").open("w") as log:
            unshare = subprocess.Popen([*UNSHARE, sys.executable, "-P", "-m", "testbed.lib.init", str(layout.config / "init.json")],
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=namespaces.die_with_parent)
        children = Path(f"/proc/{unshare.pid}/task/{unshare.pid}/children")
        wait_until("unshare", lambda: unshare.poll() is not None or bool(children.read_text()), START_SECONDS, 0.01)
        self.init_pid = int(children.read_text())
        wait_until("namespaces", lambda: unshare.poll() is not None or (layout.run / "init.ready").exists(), START_SECONDS, 0.01)

    def _testbed(self, port: int) -> Testbed:
        write_json(self.layout.state_file, {**self.options, "name": self.layout.name, "port": port, "init": self.init_pid,
                                            "net": os.readlink(f"/proc/{self.init_pid}/ns/net"), "supervisor": os.getpid()})
        return Testbed.attach(self.layout.name)

    def watch(self) -> None:
        """Reaps the components, notes when one ends; returns when nothing runs any more."""
        assert self.testbed
        noted: set[str] = set()
        while True:
            try:
                os.waitpid(-1, 0)
            except ChildProcessError:
                return
            ended = {name for name, pid in self.testbed.components().items() if pid is None}
            for name in ended - noted:
                self.say(f"{name} has ended")
            noted |= ended

    def stop(self) -> None:
        """Kills PID 1: every process, mount and interface inside goes with it, once all have been reaped."""
        if self.init_pid is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.init_pid, signal.SIGKILL)
        end = time.monotonic() + STOP_SECONDS
        while time.monotonic() < end:
            try:
                if os.waitpid(-1, os.WNOHANG) == (0, 0):
                    time.sleep(0.02)
            except ChildProcessError:
                return


def _end(*_: object) -> None:
    raise _End


def _follow(lifeline: int) -> None:
    os.read(lifeline, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    layout = Layout(sys.argv[1])
    lifeline = int(sys.argv[2])
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    (layout.run / "supervisor.pid").write_text(str(os.getpid()))
    if lifeline >= 0:
        threading.Thread(target=_follow, args=(lifeline,), daemon=True).start()
    supervisor = Supervisor(layout)
    failed = False
    try:
        supervisor.start()
        supervisor.watch()
    except _End:
        pass
    except Exception:  # a start that failed: said in the log, which is kept
        traceback.print_exc()
        failed = True
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        supervisor.stop()
        instance.clean(layout, keep_logs=failed)
    sys.exit(failed)


if __name__ == "__main__":
    main()
