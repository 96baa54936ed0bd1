"""Where an instance keeps its things, and the addresses inside it."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# On disk, since volumes and images live here too, and short: a unix socket's path may have 107 characters.
BASE = Path("/var/tmp")
PREFIX = "penstock-tb-"

# 198.18.0.0/15 is set aside for benchmarks: no network in use is ever meant by it.
NODE_IP = "198.18.0.1"
POD_CIDR = "198.18.128.0/17"
SERVICE_CIDR = "198.19.0.0/16"
API_SERVICE_IP = "198.19.0.1"
ETCD_PORT = 12379


@dataclass(frozen=True)
class Layout:
    """The directories and names of the instance called name."""

    name: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,22}[a-z0-9])?", self.name):
            raise ValueError(f"instance name {self.name!r}: lower-case letters, digits and '-', at most 24")

    @property
    def root(self) -> Path:
        return BASE / f"{PREFIX}{self.name}"

    @property
    def node(self) -> str:
        return f"tb-{self.name}"

    @property
    def pki(self) -> Path:
        return self.root / "pki"

    @property
    def config(self) -> Path:
        return self.root / "config"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def kubeconfig(self) -> Path:
        return self.config / "admin.kubeconfig"

    @property
    def options_file(self) -> Path:
        return self.config / "options.json"

    @property
    def state_file(self) -> Path:
        return self.run / "state.json"

    @property
    def containerd_socket(self) -> Path:
        return self.run / "containerd.sock"


def instances() -> list[str]:
    """The names of all instances that have a directory, running or not."""
    return sorted(path.name.removeprefix(PREFIX) for path in BASE.glob(f"{PREFIX}*"))


def write_json(path: Path, value: Any) -> None:
    """Replaces a file as a whole, so that a reader never sees half of it."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_text(json.dumps(value, indent=1))
    fresh.rename(path)
