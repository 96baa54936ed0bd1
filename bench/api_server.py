"""As much of an API server as penstock-scaler asks for: lists in pages, watches in which nothing happens, the front proxy's
ConfigMap, and a yes to each SubjectAccessReview."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from e2e.testbed.lib import pki

Object = dict[str, Any]
NAMESPACE = "penstock"


def _secret(name: str, values: dict[str, str]) -> Object:
    return {"metadata": {"namespace": NAMESPACE, "name": name, "uid": name},
            "data": {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}}


def consumer_scaler(i: int) -> Object:
    """Of group bench-g<i> on topic bench-<i>."""
    name = f"orders-consumer-{i}"
    return {"metadata": {"namespace": f"shop-{i % 100}", "name": name, "uid": f"3f0c9d0e-7a43-4d3c-9d55-{10**11 + i}", "generation": 1},
            "spec": {"platformRef": {"name": "main", "namespace": "kafka"}, "consumerGroup": f"bench-g{i}", "topics": [f"bench-{i}"],
                     "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}, "lagThreshold": 1000,
                     "minReplicas": 0, "maxReplicas": 50},
            "status": {"currentReplicas": 4}}


def autoscaler(i: int) -> Object:
    name = f"orders-consumer-{i}"
    return {"metadata": {"namespace": f"shop-{i % 100}", "name": name, "uid": f"hpa-{i}"},
            "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}, "minReplicas": 1, "maxReplicas": 50},
            "status": {"desiredReplicas": 4, "currentReplicas": 4}}


class ApiServer:
    """On loopback, with TLS; ends with the process."""

    def __init__(self, folder: Path, bootstrap: str, objects: int) -> None:
        for authority in ("ca", "front-proxy-ca"):
            pki.make_authority(folder, authority)
        for name, authority, usage in (("apiserver", "ca", "serverAuth"), ("scaler", "ca", "serverAuth"), ("client", "ca", "clientAuth"),
                                       ("front-proxy", "front-proxy-ca", "clientAuth")):
            subject = "/CN=front-proxy-client" if name == "front-proxy" else f"/CN={name}"
            pki.make_certificate(folder, name, authority, subject, usage, "IP:127.0.0.1" if usage == "serverAuth" else "")

        def text(name: str) -> str:
            return (folder / name).read_text()

        allowed = [{"namespace": f"shop-{n}"} for n in range(100)]
        view = _secret("penstock-view-0", {"platform": "kafka/main", "connection": json.dumps({"bootstrapServers": bootstrap}),
                                           "allowed": json.dumps(allowed)})
        certificate = _secret("penstock-scaler-tls", {"tls.crt": text("scaler.crt"), "tls.key": text("scaler.key"),
                                                      "ca.crt": text("ca.crt")})
        self._lists = {"consumerscalers": [consumer_scaler(i) for i in range(objects)],
                       "horizontalpodautoscalers": [autoscaler(i) for i in range(objects)],
                       "secrets/labelSelector": [view], "secrets/fieldSelector": [certificate]}
        self._config_map = {"metadata": {"namespace": "kube-system", "name": "extension-apiserver-authentication"},
                            "data": {"requestheader-client-ca-file": text("front-proxy-ca.crt"),
                                     "requestheader-allowed-names": '["front-proxy-client"]',
                                     "requestheader-username-headers": '["X-Remote-User"]'}}
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "apiserver.crt", folder / "apiserver.key")
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        server.daemon_threads = True
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.kubeconfig = folder / "kubeconfig"
        self.kubeconfig.write_text(json.dumps({
            "current-context": "bench", "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench", "namespace": NAMESPACE}}],
            "clusters": [{"name": "bench", "cluster": {"server": f"https://127.0.0.1:{server.server_port}", "certificate-authority": "ca.crt"}}],
            "users": [{"name": "bench", "user": {"client-certificate": "client.crt", "client-key": "client.key"}}]}))

    def answer(self, path: str, query: dict[str, str]) -> Object:
        plural = path.rpartition("/")[2]
        if plural == "subjectaccessreviews":
            return {"status": {"allowed": True}}
        if path.endswith("/configmaps/extension-apiserver-authentication"):
            return self._config_map
        if plural == "secrets":
            plural += "/labelSelector" if "labelSelector" in query else "/fieldSelector"
        first, items = int(query.get("continue", 0)), self._lists[plural]
        end = first + int(query["limit"])
        more = {"continue": str(end)} if end < len(items) else {}
        return {"metadata": {"resourceVersion": "1", **more}, "items": items[first:end]}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                url = urlsplit(self.path)
                query = {key: values[0] for key, values in parse_qs(url.query).items()}
                if "watch" in query:
                    self.send_response(200)
                    self.send_header("Content-Type", "application/json")
                    self.end_headers()
                    self.rfile.read(1)  # until the other side goes away
                    self.close_connection = True
                    return
                body = json.dumps(owner.answer(url.path, query)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.do_GET()

            def log_message(self, *_: object) -> None:
                pass

        return Handler
