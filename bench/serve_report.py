"""What bench/serve found, as a table and as a page."""

from __future__ import annotations

import datetime
from argparse import Namespace
from pathlib import Path

import plot
from report import Lines, Row, machine, markdown
from work import PARTITIONS

HEAD = ["asked by", "moving", "requests/s", "failed", "p50 ms", "p99 ms", "p99.9 ms", "max ms", "target p99", "scaler CPU ms/s", "RSS MiB",
        "ticks", "mean tick ms", "sent late p99 ms", "asker CPU ms/s"]
WHO = {"grpc": "gRPC GetMetrics", "https": "metrics API, HTTPS"}


def lines(rows: list[Row], target_ms: float) -> Lines:
    return [HEAD, *([WHO[row["over"]], "all" if row["moving"] else "none", f"{row['rate']:,.0f}", f"{row['failed']:,}", f"{row['p50_ms']:.2f}",
                     f"{row['p99_ms']:.2f}", f"{row['p999_ms']:.2f}", f"{row['max_ms']:.1f}",
                     f"< {target_ms} ms {'met' if row['p99_ms'] < target_ms else 'MISSED'}", f"{row['asked_cpu_ms']:,.0f}",
                     f"{row['rss_mib']:,.0f}", f"{row['ticks']:.0f}", f"{row['tick_ms']:,.0f}", f"{row['late_p99_ms']:.2f}",
                     f"{row['cpu_ms']:,.0f}"] for row in rows)]


def page(rows: list[Row], options: Namespace, target_ms: float, today: str) -> str:
    objects = options.objects
    return f"""# Answers while ticks run

`make bench` measures this anew and writes this page. Measured on {today} on
{machine()},
shared by the scaler, by who asks, by the fake Kafka, and by whatever else ran there: "sent late" tells how much that was, and what
is late there is late in every percentile.

- The scaler is the real `penstock-scaler`, the whole program, with {objects:,} ConsumerScalers, {objects:,} HorizontalPodAutoscalers
  and {objects * PARTITIONS:,} partitions, ticking once a second.
- **Kafka is a fake** (`fake_kafka`, {options.brokers} brokers), as in [engine.md](engine.md): "all" moving means that each partition gets 100
  records a second. **Kubernetes is a fake** that lists these objects, tells the front proxy's authority and allows everybody.
- Who asks is a Go program of its own: over gRPC with KEDA's own client code on one connection, as KEDA does, with the
  callers' certificate; over HTTPS on 100 connections at most, with the front proxy's client certificate, as the API server's aggregation layer does. The
  scaler's authorizer asks about each namespace once (100 of them) and remembers the answer.
- Open loop: {options.rate:,} requests a second, {options.seconds} s for each row, over all objects in turn. A request is sent when its time has come, whatever
  became of the ones before, and is timed from that moment. "sent late" is how much of that was the asker's own.

{markdown(lines(rows, target_ms))}

![Latency by percentile](serve.svg)
"""


def write(folder: Path, rows: list[Row], options: Namespace, target_ms: float) -> None:
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "serve.md").write_text(page(rows, options, target_ms, today))
    (folder / "serve.svg").write_text(plot.serve(rows, WHO, target_ms))
