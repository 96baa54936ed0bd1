"""A picture of the wave: lag above, desired and actual replicas below, over the same seconds. Plain SVG, no library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

WIDTH, LEFT, RIGHT = 960, 70, 20
LAG_TOP, LAG_HEIGHT = 50, 200
REPLICAS_TOP, REPLICAS_HEIGHT = 310, 160


@dataclass(frozen=True)
class Point:
    second: float
    lag: int | None
    desired: int | None
    ready: int
    cap: int | None


def _line(points: Sequence[tuple[float, float]], colour: str, steps: bool) -> str:
    path, last = [], None
    for x, y in points:
        if steps and last is not None:
            path.append(f"{x:.1f},{last:.1f}")
        path.append(f"{x:.1f},{y:.1f}")
        last = y
    return f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{" ".join(path)}"/>'


def _text(x: float, y: float, text: str, anchor: str = "start", colour: str = "#444") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="{colour}">{text}</text>'


def draw(points: Sequence[Point], path: Path) -> None:
    last = max(p.second for p in points) or 1
    most_lag = max([p.lag or 0 for p in points] + [1])
    most_replicas = max([max(p.ready, p.desired or 0, p.cap or 0) for p in points] + [1]) + 1

    def x(second: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * second / last

    def lag_y(lag: float) -> float:
        return LAG_TOP + LAG_HEIGHT * (1 - lag / most_lag)

    def replicas_y(replicas: float) -> float:
        return REPLICAS_TOP + REPLICAS_HEIGHT * (1 - replicas / most_replicas)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} 520" font-family="sans-serif" font-size="13">',
           f'<rect width="{WIDTH}" height="520" fill="white"/>', _text(LEFT, 28, "Penstock: replicas follow the lag of a consumer group")]
    for top, height in ((LAG_TOP, LAG_HEIGHT), (REPLICAS_TOP, REPLICAS_HEIGHT)):
        out.append(f'<rect x="{LEFT}" y="{top}" width="{WIDTH - LEFT - RIGHT}" height="{height}" fill="#fafafa" stroke="#ccc"/>')
    for share in (0, 0.5, 1):
        out.append(_text(LEFT - 8, lag_y(most_lag * share) + 4, f"{most_lag * share:,.0f}", "end"))
    for replicas in sorted({0, most_replicas // 2, most_replicas - 1}):
        out.append(_text(LEFT - 8, replicas_y(replicas) + 4, str(replicas), "end"))
    for second in range(0, int(last) + 1, max(10, int(last / 12) // 10 * 10)):
        out.append(_text(x(second), REPLICAS_TOP + REPLICAS_HEIGHT + 18, f"{second} s", "middle"))
    out += [_line([(x(p.second), lag_y(p.lag)) for p in points if p.lag is not None], "#c0392b", steps=False),
            _line([(x(p.second), replicas_y(p.cap)) for p in points if p.cap], "#999999", steps=True),
            _line([(x(p.second), replicas_y(p.desired)) for p in points if p.desired is not None], "#2980b9", steps=True),
            _line([(x(p.second), replicas_y(p.ready)) for p in points], "#27ae60", steps=True),
            _text(LEFT + 10, LAG_TOP + 18, "lag (records)", colour="#c0392b"),
            _text(LEFT + 10, REPLICAS_TOP - 10, "desired", colour="#2980b9"), _text(LEFT + 80, REPLICAS_TOP - 10, "ready pods", colour="#27ae60"),
            _text(LEFT + 170, REPLICAS_TOP - 10, "cap: what the partitions can feed", colour="#777777"), "</svg>"]
    path.write_text("\n".join(out) + "\n")
