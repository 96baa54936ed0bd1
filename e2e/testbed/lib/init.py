"""PID 1 of a testbed, in namespaces of its own: sets up its mounts and its network, then reaps orphans until it is killed.

Usage: python3 -m testbed.lib.init SPEC.json, where SPEC is what instance.Spec.write_init wrote.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

# The kubelet and the network plugins write here under fixed names; what they write vanishes with the namespaces.
KEPT_CLEAN = ("/var/lib", "/var/log")


def _run(*argv: str, stdin: str | None = None) -> None:
    subprocess.run(argv, check=True, text=True, input=stdin)


def _cover(path: str, source: str) -> None:
    """Binds a file over another one, which may be a link into a directory that is empty in here."""
    real = Path(os.path.realpath(path))
    if not real.exists():
        real.parent.mkdir(parents=True, exist_ok=True)
        real.touch()
    _run("mount", "--bind", source, str(real))


def _mounts(spec: dict[str, Any]) -> None:
    _run("mount", "--make-rshared", "/")
    _run("mount", "-t", "tmpfs", "-o", "mode=755", "testbed", "/run")
    for number, folder in enumerate(KEPT_CLEAN):
        layers = [Path(f"/run/testbed-{number}-{kind}") for kind in ("upper", "work")]
        for layer in layers:
            layer.mkdir()
        options = f"lowerdir={folder},upperdir={layers[0]},workdir={layers[1]}"
        _run("mount", "-t", "overlay", "-o", options, "testbed", folder)
    _cover("/etc/resolv.conf", spec["resolv"])
    _cover("/etc/hosts", spec["hosts"])


def _sysctl(name: str, value: str, optional: bool = False) -> None:
    path = Path("/proc/sys") / name
    if path.exists() or not optional:
        path.write_text(value)


def _network(address: str) -> None:
    # A veth pair within one namespace carries the node address: not every kernel has the dummy device type. The default
    # route over it leads nowhere, but without one a connection to a ClusterIP fails before it can be translated.
    _run("ip", "-batch", "-", stdin=f"""\
link set lo up
link add node0 type veth peer name node1
link set node0 up
link set node1 up
addr add {address}/32 dev node0
route add default dev node0
""")
    _sysctl("net/ipv4/ip_forward", "1")
    _sysctl("net/ipv4/conf/all/rp_filter", "0")
    _sysctl("net/ipv4/conf/default/rp_filter", "0")
    _sysctl("net/bridge/bridge-nf-call-iptables", "1", optional=True)


def main() -> None:
    spec = json.loads(Path(sys.argv[1]).read_text())
    socket.sethostname(spec["node"])
    _mounts(spec)
    _network(spec["address"])
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel then reaps
    Path(spec["ready"]).touch()
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
