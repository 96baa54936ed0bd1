"""A few requests to the API server as the administrator, without a kubectl process for each."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FIELD_MANAGER = "testbed"


class Api:
    """One API server. Safe to use from one thread at a time: each request has its own connection."""

    def __init__(self, pki: Path, port: int) -> None:
        self._port = port
        self._context = ssl.create_default_context(cafile=str(pki / "ca.crt"))
        self._context.load_cert_chain(pki / "admin.crt", pki / "admin.key")

    def request(self, method: str, path: str, body: object = None, content_type: str = "application/json") -> tuple[int, Any]:
        """The status, and the answer parsed if it is JSON; OSError if the server can't be reached."""
        connection = http.client.HTTPSConnection("127.0.0.1", self._port, context=self._context, timeout=10)
        try:
            data = None if body is None else json.dumps(body)
            connection.request(method, path, data, {"Content-Type": content_type, "Accept": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode()
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        finally:
            connection.close()
        is_json = answer.getheader("Content-Type", "").startswith("application/json")
        return answer.status, json.loads(text) if is_json else text

    def apply(self, path: str, manifest: object) -> None:
        """Server-side apply of one object to its path."""
        status, answer = self.request("PATCH", f"{path}?fieldManager={FIELD_MANAGER}&force=true", manifest,
                                      "application/apply-patch+yaml")
        if status not in (200, 201):
            raise RuntimeError(f"apply {path}: {status} {answer}")

    def exists(self, path: str) -> bool:
        """Whether GET path succeeds; False as well while the server can't be reached."""
        try:
            return self.request("GET", path)[0] == 200
        except OSError:
            return False


def wait_until(what: str, condition: Callable[[], bool], seconds: float, interval: float = 0.1) -> None:
    """Returns when the condition holds; TimeoutError otherwise."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(interval)
