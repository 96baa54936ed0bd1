"""containerd: its configuration, and a store of all images made once and copied for every instance.

An import unpacks hundreds of megabytes; a copy by hard links takes a fraction of a second. The linked files are layers,
which nothing writes to; the databases are copied in truth.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from . import images
from .cache import Part, Steps


def configuration(root: Path, state: Path, socket: Path, plugins: Path, networks: Path) -> str:
    """A configuration of version 2, which containerd 1.6 and 1.7 read."""
    unused = ", ".join(f'"io.containerd.snapshotter.v1.{name}"' for name in ("aufs", "btrfs", "devmapper", "zfs"))
    return f"""version = 2
root = "{root}"
state = "{state}"
oom_score = 0
disabled_plugins = [{unused}]
[grpc]
  address = "{socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{images.PAUSE}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{plugins}"
    conf_dir = "{networks}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
"""


def store_part(runtime: Part) -> Part:
    """The containerd root directory with every image imported and unpacked."""
    def make(target: Path, steps: Steps) -> None:
        socket = target / "run" / "containerd.sock"
        config = target / "containerd.toml"
        config.write_text(configuration(target / "root", target / "run", socket, target / "none", target / "none"))
        programs = runtime.path / "usr" / "bin"
        script = f"""set -eu
mount -t tmpfs testbed /run
PATH={programs}:$PATH
containerd --config {config} & daemon=$!
export CONTAINERD_ADDRESS={socket} CONTAINERD_NAMESPACE=k8s.io
for _ in $(seq 300); do ctr version > /dev/null 2>&1 && break; sleep 0.1; done
for image; do ctr images import "$image"; done
kill $daemon
wait $daemon || true
"""
        archives = [part.path / "image.tar" for part in images.ALL]
        steps.run("import images", ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc",
                                    "bash", "-c", script, "-", *archives])
        shutil.rmtree(target / "run")

    return Part("image-store", (configuration(*[Path("x")] * 5),), make, (runtime, *images.ALL))


def copy_store(part: Path, target: Path) -> None:
    """A containerd root directory of an instance's own."""
    linked = subprocess.run(["cp", "-al", part / "root", target], stdin=subprocess.DEVNULL, capture_output=True)
    if linked.returncode != 0:  # another file system
        shutil.rmtree(target, ignore_errors=True)
        subprocess.run(["cp", "-a", part / "root", target], stdin=subprocess.DEVNULL, check=True)
        return
    for database in target.rglob("*.db"):
        if database.parent.parent == target:
            content = database.read_bytes()
            database.unlink()
            database.write_bytes(content)
