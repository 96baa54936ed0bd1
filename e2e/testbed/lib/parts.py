"""What the testbed is made of: Go programs from their modules, Debian packages unpacked without being installed."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from . import images, kafka_parts, runtime
from .cache import ROOT, BuildError, Part, Steps

HERE = Path(__file__).resolve().parent.parent
# Nobody debugs these programs, and the compiler collects its garbage less often: a sixth of its time.
GO_ENV = {"GOFLAGS": "-trimpath -buildvcs=false -gcflags=all=-dwarf=false", "GOGC": "400"}
LINK_FLAGS = "-s -w"
KUBERNETES = "k8s.io/kubernetes/cmd/"
KEDA = "github.com/kedacore/keda/v2"


def _go() -> str:
    """The go command: from PATH, or where `make deps` puts one."""
    found = shutil.which("go") or shutil.which("go", path=str(ROOT / "go" / "bin"))
    if not found:
        raise BuildError("go is missing: run `make deps`")
    return found


def _link_flags(module: Path) -> str:
    """Kubernetes' programs tell their version, which is set when they are linked."""
    found = re.search(r"^require k8s.io/kubernetes (v(\d+)\.(\d+)\.\S+)", (module / "go.mod").read_text(), re.MULTILINE)
    if not found:
        return LINK_FLAGS
    values = {"gitVersion": found[1], "gitMajor": found[2], "gitMinor": found[3]}
    return " ".join([LINK_FLAGS, *(f"-X k8s.io/component-base/version.{name}={value}" for name, value in values.items())])


def _build_programs(module: Path, programs: dict[str, str]) -> Callable[[Path, Steps], None]:
    def make(target: Path, steps: Steps) -> None:
        for number, (name, package) in enumerate(programs.items(), 1):
            steps.run(f"{name} ({number}/{len(programs)})",
                      [_go(), "build", "-ldflags", _link_flags(module), "-o", target / name, package], cwd=module, env=GO_ENV)
    return make


def _go_part(name: str, module: str, programs: dict[str, str], more: Callable[[Path, Steps], None] | None = None) -> Part:
    """A part of Go programs (file name to package) of one wrapper module in go/."""
    folder = HERE / "go" / module
    build = _build_programs(folder, programs)

    def make(target: Path, steps: Steps) -> None:
        build(target, steps)
        if more:
            more(target, steps)

    inputs: tuple[str | Path, ...] = (platform.machine(), _link_flags(folder), str(GO_ENV),
                                      *programs, *programs.values(), *sorted(folder.iterdir()))
    return Part(f"go-{name}", inputs, make)


def _copy_keda_crds(target: Path, steps: Steps) -> None:
    listed = subprocess.run([_go(), "list", "-m", "-f", "{{.Dir}}", KEDA], cwd=HERE / "go" / "keda", text=True,
                            env={**os.environ, **GO_ENV}, capture_output=True)
    if listed.returncode != 0:
        raise steps.failure(f"no module directory: {listed.stderr}")
    shutil.copytree(Path(listed.stdout.strip()) / "config" / "crd" / "bases", target / "crds")


def _deb_part(name: str, *packages: str) -> Part:
    """Packages of the machine's own distribution, downloaded and unpacked only: no service is started."""
    def make(target: Path, steps: Steps) -> None:
        debs = target / "debs"
        debs.mkdir()
        steps.run("download", ["apt-get", "-o", "APT::Sandbox::User=root", "download", *packages], cwd=debs)
        for deb in sorted(debs.glob("*.deb")):
            steps.run(f"unpack {deb.name.split('_')[0]}", ["dpkg", "-x", deb, target])
        shutil.rmtree(debs)

    return Part(name, (platform.machine(), f"{images.os_release('ID')} {images.os_release('VERSION_ID')}", *packages), make)


CONTROL_PLANE = _go_part("kube-control-plane", "kubernetes", {
    name: KUBERNETES + name for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")})
NODE = _go_part("kube-node", "kubernetes", {name: KUBERNETES + name for name in ("kubelet", "kube-proxy")})
COREDNS = _go_part("coredns", "coredns", {"coredns": "penstock.dev/testbed/coredns"})
PROVISIONER = _go_part("local-path-provisioner", "local-path-provisioner", {
    "local-path-provisioner": "github.com/rancher/local-path-provisioner"})
KEDA_PART = _go_part("keda", "keda", {"keda-operator": f"{KEDA}/cmd/operator", "keda-adapter": f"{KEDA}/cmd/adapter"},
                     _copy_keda_crds)
ETCD = _deb_part("etcd", "etcd-server")
RUNTIME = _deb_part("containerd", "containerd", "runc")
STORE = runtime.store_part(RUNTIME)
CNI = _deb_part("cni", "containernetworking-plugins")
PROMETHEUS = _deb_part("prometheus", "prometheus")

PROFILES: dict[str, tuple[Part, ...]] = {
    "control-plane": (CONTROL_PLANE, ETCD),
    "node": (CONTROL_PLANE, ETCD, NODE, COREDNS, PROVISIONER, RUNTIME, CNI, STORE),
}
ALL = (*PROFILES["node"], KEDA_PART, PROMETHEUS, kafka_parts.ARCHIVE)


def needed(profile: str, keda: bool) -> list[Part]:
    """Everything that an instance of that kind runs."""
    return [*PROFILES[profile], *([KEDA_PART] if keda else [])]


def program_directories(profile: str) -> list[Path]:
    """Where the programs of a profile are, for PATH."""
    return [part.path / folder for part in PROFILES[profile] for folder in (".", "usr/bin", "usr/sbin")
            if (part.path / folder).is_dir()]
