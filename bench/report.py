"""What bench/engine found, as tables and as a page."""

from __future__ import annotations

import datetime
import platform
from argparse import Namespace
from pathlib import Path
from typing import Any

import plot
from work import PARTITIONS

Row = dict[str, Any]
REQUESTS_OF_KEDA = "1 Metadata, 1 OffsetFetch and 1 ListOffsets for each leader"


def net(side: Row, row: Row) -> float | None:
    """The brokers' CPU beyond what they use when nobody asks anything; None: too little to tell from that."""
    beyond = float(side["asked_cpu_ms"] - row["idle_ms"])
    return beyond if beyond > 0.25 * row["idle_ms"] else None


def _shown(cpu_ms: float | None) -> str:
    return "not seen" if cpu_ms is None else f"{cpu_ms:,.0f}"


def _lines(rows: list[Row], brokers: int) -> list[list[str]]:
    lines = []
    for row in rows:
        work = [f"{row['scalers']:,}", f"{row['partitions']:,}"]
        ours, theirs = row.get("penstock"), row.get("keda")
        if ours:
            lines.append([*work, "Penstock", f"{ours['cpu_ms']:,.1f}", _shown(net(ours, row)), f"{ours['rss_mib']:,.0f}",
                          f"{ours['connections']:,.0f}", f"{ours['requests']:,.1f}", f"{ours['kib_in'] + ours['kib_out']:,.0f}",
                          f"{ours['wall_p50_ms']:,.1f}", f"{ours['wall_max_ms']:,.0f}"])
        if theirs:
            lines.append([*work, "KEDA", f"{theirs['cpu_ms']:,.1f}", _shown(net(theirs, row)), f"{theirs['rss_mib']:,.0f}",
                          f"{theirs['sockets']:,.0f}", f"≈ {theirs['evaluations'] * (2 + brokers):,.0f}", "",
                          f"{theirs['wall_p50_ms']:,.1f}", f"{theirs['wall_max_ms']:,.0f}"])
        if ours and theirs:
            mine, its = net(ours, row), net(theirs, row)
            cells = [f"{theirs['cpu_ms'] / ours['cpu_ms']:,.0f} ×" if ours["cpu_ms"] > 0 else "",
                     f"{its / mine:,.1f} ×" if mine and its else "", f"{theirs['rss_mib'] / ours['rss_mib']:,.1f} ×",
                     f"{theirs['sockets'] / ours['connections']:,.0f} ×",
                     f"≈ {theirs['evaluations'] * (2 + brokers) / ours['requests']:,.0f} ×"]
            lines.append([*work, "KEDA / Penstock", *cells, "", "", ""])
    return lines


HEAD = ["scalers", "partitions", "", "CPU ms/s", "brokers' CPU ms/s", "RSS MiB", "connections", "requests/s", "KiB/s",
        "time p50 ms", "max ms"]
FAKES_HEAD = ["scalers", "partitions", "moving", "CPU ms/s", "RSS MiB", "connections", "requests/s", "KiB/s", "time p50 ms", "max ms",
              "fakes' CPU ms/s"]


Lines = list[list[str]]  # the first is the head


def brokers_table(rows: list[Row], brokers: int) -> Lines:
    return [HEAD, *_lines(rows, brokers)]


def fakes_table(rows: list[Row]) -> Lines:
    lines = [FAKES_HEAD]
    for row in rows:
        ours = row["penstock"]
        lines.append([f"{row['scalers']:,}", f"{row['partitions']:,}", "all" if row["moving"] else "none", f"{ours['cpu_ms']:,.1f}",
                      f"{ours['rss_mib']:,.0f}", f"{ours['connections']:,.0f}", f"{ours['requests']:,.1f}",
                      f"{ours['kib_in'] + ours['kib_out']:,.0f}", f"{ours['wall_p50_ms']:,.0f}", f"{ours['wall_max_ms']:,.0f}",
                      f"{ours['asked_cpu_ms']:,.0f}"])
    return lines


def table(lines: Lines) -> str:
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)


def markdown(lines: Lines) -> str:
    head, *rest = lines
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---:"] * len(head), *rest])


def _sharing(rows: list[Row]) -> str:
    shared = [f"{row['scalers']:,} groups on {row['topics']:,} topics" for row in rows if row["topics"] < row["scalers"]]
    return f"Shared topics: {', '.join(shared)}; everywhere else each group has a topic of its own." if shared else \
        "Each group has a topic of its own."


def machine() -> str:
    model = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    cores = Path("/proc/cpuinfo").read_text().count("processor\t:")
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 2**20
    return f"{cores} cores ({model}), {memory:.0f} GiB, Linux {platform.release().partition('-')[0]}"


def _apis(rows: list[Row]) -> Lines:
    names = sorted({name for row in rows for name in row.get("penstock", {}).get("apis", {})})
    return [["scalers", "brokers", *names],
            *([f"{row['scalers']:,}", "fake" if "moving" in row else "real",
               *(f"{row['penstock']['apis'].get(name, 0):.1f}" for name in names)] for row in rows if "penstock" in row)]


def _lags(rows: list[Row], side: str) -> str:
    return ", ".join(f"{row[side]['mean_lag']:.2f}" for row in rows if side in row)


def _targets(fakes: list[Row], brokers: int) -> Lines:
    """Of the largest size on fakes, against what docs/architecture.md asks for at 10,000 scalers."""
    largest = max(row["scalers"] for row in fakes)
    sides = {row["moving"]: row["penstock"] for row in fakes if row["scalers"] == largest}
    allowed = 3 * brokers + 2
    wanted = [("CPU", "< 100 ms a tick", lambda one: one["cpu_ms"], lambda one: one["cpu_ms"] < 100),
              ("memory", "< 256 MiB", lambda one: one["rss_mib"], lambda one: one["rss_mib"] < 256),
              ("requests", f"≤ 3 × brokers + 2 = {allowed} a tick, averaged", lambda one: one["requests"], lambda one: one["requests"] <= allowed),
              ("connections", f"1 a broker = {brokers}", lambda one: one["connections"], lambda one: one["connections"] <= brokers)]
    lines = [["", f"target at {largest:,} scalers", *("all moving" if moving else "nothing moves" for moving in sides)]]
    for name, target, value, met in wanted:
        lines.append([name, target, *(f"{value(one):,.1f} {'met' if met(one) else 'MISSED'}" for one in sides.values())])
    return lines


def _on_brokers(rows: list[Row], options: Namespace, kafka: str) -> str:
    ticks = ", ".join(str(row["ticks"]) for row in rows)
    idle = ", ".join(f"{row['idle_ms']:.0f}" for row in rows)
    short = [f"{row['penstock']['known']:,} of {row['scalers']:,}" for row in rows
             if "penstock" in row and row["penstock"]["known"] < row["scalers"]]
    failed = sum(row["penstock"]["failed_ticks"] for row in rows if "penstock" in row)
    refused = sum(row["keda"]["failed"] for row in rows if "keda" in row)
    evaluations = sum(row["keda"]["evaluations"] * row["ticks"] for row in rows if "keda" in row)
    return f"""## On real brokers, beside KEDA

- {options.brokers} real Kafka {kafka} nodes (broker and controller in one, {options.heap} MiB of heap each), replication factor 1,
  {PARTITIONS} partitions a topic, with one record in each of the first 100 topics. Nothing is a fake. {_sharing(rows)}
- Work: each group's lag once a second; {ticks} seconds (by size), after 5 of warm-up. Every group has consumed everything,
  except each hundredth, which has consumed nothing. No group has members and no record arrives meanwhile.
- KEDA 2.21.0: its own Kafka scaler from its Go module, one for each group, evaluated once a second each, with its defaults.
  Without its operator, its ScaledObjects and its metrics server. Its requests are counted from its source, not measured:
  {REQUESTS_OF_KEDA}.
- The brokers' CPU is the sum of all, less what they use while nobody asks ({idle} ms/s, after the runs of each
  size); "not seen" is less than a quarter of that, which is no more than it varies by. KEDA's turn comes after Penstock's, on
  brokers that are warmer.
- Time is a whole tick for Penstock, one evaluation for KEDA.
- {f"Not every lag was known at the end: {', '.join(short)}" if short else "Every lag was known at the end"}; {failed} ticks and {refused} of KEDA's {evaluations:,.0f} evaluations failed. Mean
  lag by size, which tells whether both read the same: Penstock {_lags(rows, "penstock")}; KEDA {_lags(rows, "keda")}.

{markdown(brokers_table(rows, options.brokers))}

![CPU by number of scalers](engine.svg)
"""


def _on_fakes(fakes: list[Row], options: Namespace) -> str:
    failed = sum(row["penstock"]["failed_ticks"] for row in fakes)
    known = all(row["penstock"]["known"] == row["scalers"] for row in fakes)
    return f"""## On fakes of brokers: more than real ones hold here

- **These brokers are fakes**: `fake_kafka`, {options.brokers} listeners in one process of its own, which answers Kafka's protocol from
  arithmetic. It shows what Penstock costs, not what Kafka does.
- Groups have two members each; every other one is of the KIP-848 kind. "All moving" means that every partition gets 100 records a
  second, and every group commits all the time, a second behind. Every hundredth group has a backlog of 500,000 records a
  partition, of which nobody knows at first how old it is.
- {options.ticks} seconds each, after {options.warm} of warm-up, by when histories are as long as they get. {"Every lag was known at the end" if known else "Not every lag was known at the end"}; {failed} ticks failed.

{markdown(fakes_table(fakes))}

{markdown(_targets(fakes, options.brokers))}

Every partition's end, start and commit are read, decoded, compared and decided on in each tick, moving or not. A sample is made
anew each time, of a million small blocks: jemalloc gives them out; with the C library's allocator the same ticks took 130
and 135 ms. Requests beyond one OffsetFetch and one ListOffsets a broker are descriptions, at most a third of the groups each tick and
of one type, and, while the age of a backlog is older than anything that was seen, one more ListOffsets by time to each leader,
every fifth tick once its bounds are near each other.
"""


def page(rows: list[Row], fakes: list[Row], options: Namespace, kafka: str, today: str) -> str:
    return f"""# The engine's tick

`make bench` measures this anew and writes this page. Measured on {today} on
{machine()},
shared by the brokers, by what is measured, and by whatever else ran there: read CPU times, not durations.

- Penstock: plan, read, decide, publish for all ConsumerScalers, as `penstock-scaler` does it, with one client, without TLS.
- CPU is user and system time of the process by each second. RSS is the measuring program's after the last tick:
  `penstock-scaler` adds its watches and servers to it, as KEDA's operator does.

{_on_brokers(rows, options, kafka)}
{_on_fakes(fakes, options)}
Penstock's requests a tick, by kind:

{markdown(_apis([*rows, *fakes]))}
"""


def write(folder: Path, rows: list[Row], fakes: list[Row], options: Namespace, kafka: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    (folder / "engine.md").write_text(page(rows, fakes, options, kafka, today))
    (folder / "engine.svg").write_text(plot.engine(rows, fakes, net))
