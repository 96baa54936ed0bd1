"""Writes an image archive that containerd imports: one layer, no image tool."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from pathlib import Path
from typing import Any

MEDIA = "application/vnd.oci.image"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def _file_digest(path: Path) -> str:
    with path.open("rb") as source:
        return "sha256:" + hashlib.file_digest(source, "sha256").hexdigest()


def _json(value: Any) -> tuple[str, bytes]:
    data = json.dumps(value).encode()
    return "sha256:" + hashlib.sha256(data).hexdigest(), data


def write_archive(target: Path, name: str, layer: Path, config: dict[str, Any]) -> None:
    """An archive of the image name (such as localhost/x:1) whose one layer is a tar file; config as in the OCI image spec."""
    layer_digest = _file_digest(layer)
    config_digest, config_data = _json({
        "architecture": ARCHITECTURES.get(platform.machine(), platform.machine()), "os": "linux", "config": config,
        "rootfs": {"type": "layers", "diff_ids": [layer_digest]},
        "history": [{"created_by": "testbed"}]})  # podman builds on no image whose layers have no history
    manifest_digest, manifest_data = _json({
        "schemaVersion": 2, "mediaType": f"{MEDIA}.manifest.v1+json",
        "config": {"mediaType": f"{MEDIA}.config.v1+json", "digest": config_digest, "size": len(config_data)},
        "layers": [{"mediaType": f"{MEDIA}.layer.v1.tar", "digest": layer_digest, "size": layer.stat().st_size}]})
    _, index_data = _json({"schemaVersion": 2, "manifests": [{
        "mediaType": f"{MEDIA}.manifest.v1+json", "digest": manifest_digest, "size": len(manifest_data),
        "annotations": {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name.rsplit(":", 1)[-1]}}]})

    def blob(digest: str) -> str:
        return "blobs/" + digest.replace(":", "/")

    with tarfile.open(target, "w") as archive:
        for path, data in (("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'), ("index.json", index_data),
                           (blob(config_digest), config_data), (blob(manifest_digest), manifest_data)):
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        archive.add(layer, blob(layer_digest))
