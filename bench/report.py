"""What bench/engine found, as a table and as a page with a plot."""

from __future__ import annotations

import datetime
import platform
import subprocess
from argparse import Namespace
from pathlib import Path
from typing import Any

Row = dict[str, Any]
REQUESTS_OF_KEDA = "1 Metadata, 1 OffsetFetch and 1 ListOffsets for each leader"


def _net(side: Row, row: Row) -> float:
    """The brokers' CPU beyond what they use when nobody asks anything."""
    return max(0.0, side["brokers_cpu_ms"] - row["idle_ms"])


def _lines(rows: list[Row], brokers: int) -> list[list[str]]:
    lines = []
    for row in rows:
        work = [f"{row['scalers']:,}", f"{row['partitions']:,}"]
        if side := row.get("penstock"):
            lines.append([*work, "Penstock", f"{side['cpu_ms']:.1f}", f"{_net(side, row):.0f}", f"{side['rss_mib']:.0f}",
                          f"{side['connections']:.0f}", f"{side['requests']:.1f}", f"{side['kib_in'] + side['kib_out']:,.0f}",
                          f"{side['wall_p50_ms']:.1f}", f"{side['wall_max_ms']:.0f}"])
        if side := row.get("keda"):
            per_second = side["evaluations"]
            lines.append([*work, "KEDA", f"{side['cpu_ms']:.1f}", f"{_net(side, row):.0f}", f"{side['rss_mib']:.0f}",
                          f"{side['sockets']:.0f}", f"≈ {per_second * (2 + min(brokers, 10)):,.0f}", "",
                          f"{side['wall_p50_ms']:.1f}", f"{side['wall_max_ms']:.0f}"])
        if "penstock" in row and "keda" in row:
            ours, theirs = row["penstock"], row["keda"]
            cells = [theirs["cpu_ms"] / max(ours["cpu_ms"], 0.01), _net(theirs, row) / max(_net(ours, row), 1.0),
                     theirs["rss_mib"] / ours["rss_mib"], theirs["sockets"] / ours["connections"],
                     theirs["evaluations"] * (2 + brokers) / ours["requests"]]
            lines.append([*work, "KEDA / Penstock", *(f"{cell:,.1f} ×" for cell in cells), "", "", ""])
    return lines


HEAD = ["scalers", "partitions", "", "CPU ms/s", "brokers' CPU ms/s", "RSS MiB", "connections", "requests/s", "KiB/s",
        "time p50 ms", "max ms"]


def table(rows: list[Row], brokers: int) -> str:
    lines = [HEAD, *_lines(rows, brokers)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
