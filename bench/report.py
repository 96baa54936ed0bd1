"""What bench/engine found, as a table and as a page with a plot."""

from __future__ import annotations

import datetime
import platform
from argparse import Namespace
from pathlib import Path
from typing import Any

Row = dict[str, Any]
PARTITIONS = 10  # of a topic
REQUESTS_OF_KEDA = "1 Metadata, 1 OffsetFetch and 1 ListOffsets for each leader"


def _net(side: Row, row: Row) -> float | None:
    """The brokers' CPU beyond what they use when nobody asks anything; None: too little to tell from that."""
    net = float(side["brokers_cpu_ms"] - row["idle_ms"])
    return net if net > 0.25 * row["idle_ms"] else None


def _shown(net: float | None) -> str:
    return "not seen" if net is None else f"{net:,.0f}"


def _lines(rows: list[Row], brokers: int) -> list[list[str]]:
    lines = []
    for row in rows:
        work = [f"{row['scalers']:,}", f"{row['partitions']:,}"]
        ours, theirs = row.get("penstock"), row.get("keda")
        if ours:
            lines.append([*work, "Penstock", f"{ours['cpu_ms']:,.1f}", _shown(_net(ours, row)), f"{ours['rss_mib']:,.0f}",
                          f"{ours['connections']:,.0f}", f"{ours['requests']:,.1f}", f"{ours['kib_in'] + ours['kib_out']:,.0f}",
                          f"{ours['wall_p50_ms']:,.1f}", f"{ours['wall_max_ms']:,.0f}"])
        if theirs:
            lines.append([*work, "KEDA", f"{theirs['cpu_ms']:,.1f}", _shown(_net(theirs, row)), f"{theirs['rss_mib']:,.0f}",
                          f"{theirs['sockets']:,.0f}", f"≈ {theirs['evaluations'] * (2 + brokers):,.0f}", "",
                          f"{theirs['wall_p50_ms']:,.1f}", f"{theirs['wall_max_ms']:,.0f}"])
        if ours and theirs:
            mine, its = _net(ours, row), _net(theirs, row)
            cells = [f"{theirs['cpu_ms'] / ours['cpu_ms']:,.0f} ×" if ours["cpu_ms"] > 0 else "",
                     f"{its / mine:,.1f} ×" if mine and its else "", f"{theirs['rss_mib'] / ours['rss_mib']:,.1f} ×",
                     f"{theirs['sockets'] / ours['connections']:,.0f} ×",
                     f"≈ {theirs['evaluations'] * (2 + brokers) / ours['requests']:,.0f} ×"]
            lines.append([*work, "KEDA / Penstock", *cells, "", "", ""])
    return lines


HEAD = ["scalers", "partitions", "", "CPU ms/s", "brokers' CPU ms/s", "RSS MiB", "connections", "requests/s", "KiB/s",
        "time p50 ms", "max ms"]


def table(rows: list[Row], brokers: int) -> str:
    lines = [HEAD, *_lines(rows, brokers)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)


def _markdown(rows: list[Row], brokers: int) -> str:
    lines = _lines(rows, brokers)
    rule = ["---:"] * len(HEAD)
    return "\n".join(f"| {' | '.join(line)} |" for line in [HEAD, rule, *lines])


def _sharing(rows: list[Row]) -> str:
    shared = [f"{row['scalers']:,} groups on {row['topics']:,} topics" for row in rows if row["topics"] < row["scalers"]]
    return f"Shared topics: {', '.join(shared)}; everywhere else each group has a topic of its own." if shared else \
        "Each group has a topic of its own."


def _machine() -> str:
    model = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    cores = Path("/proc/cpuinfo").read_text().count("processor\t:")
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 2**20
    return f"{cores} cores ({model}), {memory:.0f} GiB, Linux {platform.release().partition('-')[0]}"


def _apis(rows: list[Row]) -> str:
    names = sorted({name for row in rows for name in row.get("penstock", {}).get("apis", {})})
    lines = [["scalers", *names], ["---:"] * (len(names) + 1)]
    lines += [[f"{row['scalers']:,}", *(f"{row['penstock']['apis'].get(name, 0):.1f}" for name in names)]
              for row in rows if "penstock" in row]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _lags(rows: list[Row], side: str) -> str:
    return ", ".join(f"{row[side]['mean_lag']:.2f}" for row in rows if side in row)


def page(rows: list[Row], brokers: int, heap: int, kafka: str, today: str) -> str:
    ticks = ", ".join(str(row["ticks"]) for row in rows)
    idle = ", ".join(f"{row['idle_ms']:.0f}" for row in rows)
    short = [f"{row['penstock']['known']:,} of {row['scalers']:,}" for row in rows
             if "penstock" in row and row["penstock"]["known"] < row["scalers"]]
    known = all(row["penstock"]["known"] == row["scalers"] for row in rows if "penstock" in row)
    failed = sum(row["penstock"]["failed_ticks"] for row in rows if "penstock" in row)
    refused = sum(row["keda"]["failed"] for row in rows if "keda" in row)
    return f"""# The engine's tick on real brokers, beside KEDA

`make bench` measures this anew and writes this page. Measured on {today} on
{_machine()},
shared by the brokers, by what is measured, and by whatever else ran there: read CPU times, not durations.

- Brokers: {brokers} real Kafka {kafka} node{"s" if brokers > 1 else ""} (broker and controller in one, {heap} MiB of heap each), replication
  factor 1, {PARTITIONS} partitions a topic, with one record in each of the first 100 topics. Nothing is a fake. {_sharing(rows)}
- Work: each group's lag once a second; {ticks} seconds (by size), after 5 of warm-up. Every group has consumed everything, except each
  hundredth, which has consumed nothing. No group has members and no record arrives meanwhile: `lag_bench` measures the
  engine with moving ends.
- Penstock: plan, read, decide, publish for all ConsumerScalers, as `penstock-scaler` does it, with one client.
- KEDA 2.21.0: its own Kafka scaler from its Go module, one for each group, evaluated once a second each, with its defaults.
  Without its operator, its ScaledObjects and its metrics server. Its requests are counted from its source, not measured:
  {REQUESTS_OF_KEDA}.
- CPU is user and system time of the process by each second. The brokers' is the sum of all, less what they use while
  nobody asks ({idle} ms/s, after the runs of each size); "not seen" is less than a quarter of that,
  which is no more than it varies by. KEDA's turn comes after Penstock's, on brokers that are warmer.
- RSS is the measuring program's after the last tick: `penstock-scaler` adds its watches and servers to it, as KEDA's
  operator does. Time is a whole tick for Penstock, one evaluation for KEDA.
- {"Every lag was known at the end" if known else f"Not every lag was known at the end: {', '.join(short)}"}; {failed} ticks and {refused} of KEDA's evaluations failed. Mean lag
  by size, which tells whether both read the same: Penstock {_lags(rows, "penstock")}; KEDA {_lags(rows, "keda")}.

{_markdown(rows, brokers)}

{"" if rows[-1]["scalers"] >= 10_000 else f"More than {rows[-1]['scalers']:,} scalers were not measured on real brokers: what 10,000 cost is not known from this page."}

![CPU by number of scalers](engine.svg)

Penstock's requests a tick, by kind:

{_apis(rows)}
"""


def plot(rows: list[Row]) -> str:
    """CPU of both and of the brokers for them by number of scalers; both axes are logarithmic."""
    from math import log10

    width, height, left, top, bottom = 640, 360, 70, 20, 50
    sizes = [row["scalers"] for row in rows]
    series = [("Penstock", "#1f6feb", "", "penstock", False), ("brokers, for Penstock", "#1f6feb", "5 4", "penstock", True),
              ("KEDA", "#d1242f", "", "keda", False), ("brokers, for KEDA", "#d1242f", "5 4", "keda", True)]

    def value(row: Row, side: str, net: bool) -> float:
        return max(0.1, _net(row[side], row) or 0.1 if net else row[side]["cpu_ms"])

    span = log10(sizes[-1] / sizes[0]) or 1.0

    def place(size: float, ms: float) -> str:
        x = left + (width - left - 170) * log10(size / sizes[0]) / span
        y = height - bottom - (height - top - bottom) * (log10(ms) + 1) / 5  # 0.1 ms to 10,000 ms
        return f"{x:.1f},{y:.1f}"

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
             f'<rect width="{width}" height="{height}" fill="white"/>']
    for power in range(-1, 5):
        x, y = place(sizes[0], 10.0**power).split(",")
        parts.append(f'<path d="M{x},{y} H{width - 170}" stroke="#ddd"/><text x="{left - 8}" y="{float(y) + 4:.1f}" '
                     f'text-anchor="end">{10.0**power:,g}</text>')
    for size in sizes:
        x = place(size, 1).split(",")[0]
        parts.append(f'<text x="{x}" y="{height - bottom + 18}" text-anchor="middle">{size:,}</text>')
    parts.append(f'<text x="{(width - 100) / 2}" y="{height - 10}" text-anchor="middle">scalers of {PARTITIONS} partitions</text>')
    parts.append(f'<text x="16" y="{height / 2}" transform="rotate(-90 16 {height / 2})" text-anchor="middle">CPU, ms a second</text>')
    for number, (name, colour, dashes, side, net) in enumerate(series):
        points = [place(row["scalers"], value(row, side, net)) for row in rows if side in row]
        if not points:
            continue
        y = top + 20 + 22 * number
        style = f'stroke="{colour}" stroke-width="2" fill="none" stroke-dasharray="{dashes}"'
        parts.append(f'<polyline points="{" ".join(points)}" {style}/>')
        parts += [f'<circle cx="{x}" cy="{y_}" r="3" fill="{colour}"/>' for x, y_ in (one.split(",") for one in points)]
        parts.append(f'<path d="M{width - 160},{y} h24" {style}/><text x="{width - 130}" y="{y + 4}">{name}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def write(folder: Path, rows: list[Row], options: Namespace, kafka: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    (folder / "engine.md").write_text(page(rows, options.brokers, options.heap, kafka, today))
    (folder / "engine.svg").write_text(plot(rows))
