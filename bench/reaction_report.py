"""What bench/reaction found, as a table and as a page."""

from __future__ import annotations

import datetime
from math import ceil
from pathlib import Path
from statistics import mean, median

import plot
from report import Lines, Row, machine, markdown

HEAD = ["scaled by", "what", "tries", "mean s", "p50 s", "p99 s", "worst s", "target"]
WHATS = {"woke": "0 → 1", "grew": "1 → 4"}
TARGET_SECONDS = 2.0


def _line(row: Row, what: str) -> list[str]:
    seconds = sorted(row[what])
    p99 = seconds[ceil(0.99 * len(seconds)) - 1]
    verdict = "met" if seconds[-1] < TARGET_SECONDS else "MISSED"
    numbers = (mean(seconds), median(seconds), p99, seconds[-1])
    return [row["name"], WHATS[what], f"{len(seconds)}", *(f"{one:.2f}" for one in numbers),
            f"< {TARGET_SECONDS:g} s {verdict}" if what in row["targets"] else ""]


def lines(rows: list[Row]) -> Lines:
    return [HEAD, *(_line(row, what) for what in WHATS for row in rows)]


def page(rows: list[Row], deployments: int, versions: dict[str, str], load: tuple[float, float], today: str) -> str:
    rounds = len(rows[0]["woke"]) // deployments
    return f"""# How fast replicas follow

`make bench` measures this anew and writes this page. Measured on {today} on
{machine()},
shared by all that is named below and by whatever else ran there: a load average of {load[0]:.1f} before and {load[1]:.1f} at the end.

- Nothing is a fake: {", ".join(f"{name} {version}" for name, version in versions.items())}, `penstock-operator` and `penstock-scaler`.
  HPAs look every 15 s, which is their default.
- All rows are of one run, at the same time on the same machine, in two clusters with one broker each: external metrics, which
  HPAs read, have one server in a cluster. In the first that is Penstock (engine Native); in the second it is KEDA, and there
  all others are, side by side.
- Each row has {deployments} Deployments, each with a topic of 12 partitions and a consumer group of its own, tried {rounds} times each.
  All scalers have a threshold of 100 records, 0 to 50 replicas, the shortest cooldown, and the same `behavior`, under which an HPA
  may go anywhere at once. KEDA's own `kafka` trigger is polled every 30 s, which is its default, and in a row of its own every 5 s.
- 0 → 1: the group has consumed everything and the Deployment sleeps. After a time of random length up to 30 s one record is
  produced.
- 1 → 4: after a time of random length up to 15 s, 349 more records are, so that the lag is 350. Then everything is committed and
  the Deployment goes to sleep again.
- Time runs from the moment the first record is given to a producer until a Kubernetes watch tells that the Deployment's
  `spec.replicas` has at least that number: delivery, reading, deciding and writing are in it.
- p99 of less than a hundred tries is the worst of them. Targets are for the worst.

{markdown(lines(rows))}

![Each try, with a bar at the median](reaction.svg)

Not measured: pods (there is no node, they stay pending), what consumers do once they are there, the way down, more scalers
than these, TLS.
"""


def write(folder: Path, rows: list[Row], deployments: int, versions: dict[str, str], load: tuple[float, float]) -> None:
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "reaction.md").write_text(page(rows, deployments, versions, load, today))
    (folder / "reaction.svg").write_text(plot.reaction(rows, WHATS, TARGET_SECONDS))
