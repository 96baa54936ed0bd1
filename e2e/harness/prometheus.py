"""A real Prometheus in the testbed, with the chart's alerts, that scrapes Penstock's programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml
from testbed import Testbed
from testbed.lib import parts

from .penstock import HEALTH
from .programs import CHART
from .wait import eventually

ADDRESS = "127.0.0.1:9595"
ALERTS, DASHBOARD = CHART / "monitoring" / "alerts.yaml", CHART / "monitoring" / "dashboard.json"


class Prometheus:
    def __init__(self, testbed: Testbed, folder: Path) -> None:
        """Looks every second. Alerts fire as soon as what they tell of is so."""
        self.testbed = testbed
        rules = yaml.safe_load(ALERTS.read_text())
        for group in rules["groups"]:
            for rule in group["rules"]:
                rule["for"] = "0s"
        (folder / "alerts.yml").write_text(yaml.safe_dump(rules))
        targets = [{"targets": [f"127.0.0.1:{port}" for port in HEALTH.values()]}]
        (folder / "prometheus.yml").write_text(yaml.safe_dump({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"}, "rule_files": ["alerts.yml"],
            "scrape_configs": [{"job_name": "penstock", "static_configs": targets}]}))
        programs = parts.PROMETHEUS.ensure() / "usr" / "bin"
        testbed.call_inside([programs / "promtool", "check", "config", folder / "prometheus.yml"])
        self.process = testbed.run_inside(
            [programs / "prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
             f"--web.listen-address={ADDRESS}"], log=folder / "prometheus.log")
        eventually("Prometheus has seen both programs", lambda: self.query("count(up == 1)"),
                   lambda found: [value for _, value in found] == [len(HEALTH)], 30)

    def _get(self, path: str) -> Any:
        answer = json.loads(self.testbed.call_inside(["curl", "-s", "-m", "5", f"http://{ADDRESS}/api/v1/{path}"]))
        assert answer["status"] == "success", answer
        return answer["data"]

    def query(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """Labels and value of each series of an instant vector."""
        found = self._get(f"query?{urlencode({'query': expression})}")["result"]
        return [(one["metric"], float(one["value"][1])) for one in found]

    def firing(self) -> set[str]:
        return {alert["labels"]["alertname"] for alert in self._get("alerts")["alerts"] if alert["state"] == "firing"}

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)
