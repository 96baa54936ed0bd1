"""Plots as SVG, without a library."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log10
from statistics import median
from typing import Any

WIDTH, HEIGHT, LEFT, TOP, BOTTOM, LEGEND = 700, 380, 70, 20, 50, 210
LEAST, MOST = 0.1, 10_000.0  # ms


@dataclass
class Series:
    name: str
    colour: str
    dashes: str = ""
    points: list[tuple[float, float]] = field(default_factory=list)  # size, ms


def logarithmic(series: list[Series], across: str, up: str) -> str:
    """Lines on two logarithmic axes."""
    sizes = sorted({size for one in series for size, _ in one.points})
    span = log10(sizes[-1] / sizes[0]) or 1.0
    right = WIDTH - LEGEND

    def x(size: float) -> float:
        return LEFT + (right - LEFT) * log10(size / sizes[0]) / span

    def y(ms: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * log10(max(ms, LEAST) / LEAST) / log10(MOST / LEAST)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>']
    for power in range(round(log10(LEAST)), round(log10(MOST)) + 1):
        at = y(10.0**power)
        parts.append(f'<path d="M{LEFT},{at:.1f} H{right}" stroke="#ddd"/><text x="{LEFT - 8}" y="{at + 4:.1f}" '
                     f'text-anchor="end">{10.0**power:,g}</text>')
    parts += [f'<text x="{x(size):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{size:,}</text>' for size in sizes]
    parts.append(f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 10}" text-anchor="middle">{across}</text>')
    parts.append(f'<text x="16" y="{HEIGHT / 2}" transform="rotate(-90 16 {HEIGHT / 2})" text-anchor="middle">{up}</text>')
    for number, one in enumerate(one for one in series if one.points):
        style = f'stroke="{one.colour}" stroke-width="2" fill="none" stroke-dasharray="{one.dashes}"'
        places = [(x(size), y(ms)) for size, ms in one.points]
        parts.append(f'<polyline points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in places)}" {style}/>')
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{one.colour}"/>' for a, b in places]
        row = TOP + 20 + 22 * number
        parts.append(f'<path d="M{right + 15},{row} h24" {style}/><text x="{right + 45}" y="{row + 4}">{one.name}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def engine(rows: list[dict[str, Any]], fakes: list[dict[str, Any]], brokers_cpu: Any) -> str:
    """CPU of both, and of the brokers for them, by number of scalers."""
    blue, red, green = "#1f6feb", "#d1242f", "#1a7f37"
    series = []
    for name, colour, side in (("Penstock", blue, "penstock"), ("KEDA", red, "keda")):
        its = [row for row in rows if side in row]
        series.append(Series(name, colour, "", [(row["scalers"], row[side]["cpu_ms"]) for row in its]))
        seen = [(row["scalers"], brokers_cpu(row[side], row)) for row in its]
        series.append(Series(f"brokers, for {name}", colour, "5 4", [(size, ms) for size, ms in seen if ms]))
    for name, dashes, moving in (("Penstock, fakes, idle", "2 2", 0), ("Penstock, fakes, all moving", "", 100)):
        series.append(Series(name, green, dashes, [(row["scalers"], row["penstock"]["cpu_ms"]) for row in fakes if row["moving"] == moving]))
    return logarithmic(series, "scalers of 10 partitions", "CPU, ms a second")


def reaction(rows: list[dict[str, Any]], whats: dict[str, str], target_s: float) -> str:
    """A dot for each try, on a logarithmic axis, and a bar at the median; the target as a line."""
    colours = dict(zip(whats, ("#1f6feb", "#d1242f"), strict=True))
    least, most, left, right = 0.01, 100.0, 190, WIDTH - 110
    bottom = HEIGHT - BOTTOM
    strip = (bottom - TOP) / (len(rows) * len(whats))

    def x(seconds: float) -> float:
        return left + (right - left) * log10(min(max(seconds, least), most) / least) / log10(most / least)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>']
    for power in range(round(log10(least)), round(log10(most)) + 1):
        at = x(10.0**power)
        parts.append(f'<path d="M{at:.1f},{TOP} V{bottom}" stroke="#ddd"/><text x="{at:.1f}" y="{bottom + 18}" '
                     f'text-anchor="middle">{10.0**power:,g} s</text>')
    for number, row in enumerate(rows):
        top = TOP + strip * len(whats) * number
        parts.append(f'<path d="M{left},{top:.1f} H{right}" stroke="#ddd"/>'
                     f'<text x="{left - 10}" y="{top + strip * len(whats) / 2 + 4:.1f}" text-anchor="end">{row["name"]}</text>')
        for place, (what, colour) in enumerate(colours.items()):
            upper, middle = top + strip * place, x(median(row[what]))
            parts += [f'<circle cx="{x(one):.1f}" cy="{upper + strip * (0.25 + i % 5 * 0.125):.1f}" r="2.5" fill="{colour}" '
                      'fill-opacity="0.5"/>' for i, one in enumerate(row[what])]
            parts.append(f'<path d="M{middle:.1f},{upper + strip * 0.1:.1f} v{strip * 0.8:.1f}" stroke="{colour}" '
                         'stroke-width="3"/>')
    parts.append(f'<path d="M{x(target_s):.1f},{TOP} V{bottom}" stroke="#1a7f37" stroke-width="2" stroke-dasharray="6 4"/>')
    for number, (label, colour) in enumerate([*((whats[what], colour) for what, colour in colours.items()),
                                              (f"target, {target_s:g} s", "#1a7f37")]):
        at = TOP + 16 + 20 * number
        parts.append(f'<rect x="{right + 10}" y="{at - 9}" width="10" height="10" fill="{colour}"/>'
                     f'<text x="{right + 24}" y="{at}">{label}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def serve(rows: list[dict[str, Any]], names: dict[str, str], target_ms: float) -> str:
    """Bars of the percentiles, on a logarithmic axis, with the target as a line."""
    colours = {"p50_ms": "#1f6feb", "p99_ms": "#bf8700", "p999_ms": "#d1242f"}
    least, most = 0.1, 1000.0

    def y(ms: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * log10(min(max(ms, least), most) / least) / log10(most / least)

    right = WIDTH - 150
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>']
    for power in range(round(log10(least)), round(log10(most)) + 1):
        parts.append(f'<path d="M{LEFT},{y(10.0**power):.1f} H{right}" stroke="#ddd"/><text x="{LEFT - 8}" y="{y(10.0**power) + 4:.1f}" '
                     f'text-anchor="end">{10.0**power:,g} ms</text>')
    group = (right - LEFT) / len(rows)
    for number, row in enumerate(rows):
        x = LEFT + group * number
        for place, (name, colour) in enumerate(colours.items()):
            top = y(row[name])
            parts.append(f'<rect x="{x + group * (0.15 + 0.24 * place):.1f}" y="{top:.1f}" width="{group * 0.22:.1f}" '
                         f'height="{HEIGHT - BOTTOM - top:.1f}" fill="{colour}"/>')
        what = f"{names[row['over']].split(',')[0]}"
        parts.append(f'<text x="{x + group / 2:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{what}</text>'
                     f'<text x="{x + group / 2:.1f}" y="{HEIGHT - BOTTOM + 34}" text-anchor="middle">'
                     f'{"all moving" if row["moving"] else "nothing moves"}</text>')
    parts.append(f'<path d="M{LEFT},{y(target_ms):.1f} H{right}" stroke="#1a7f37" stroke-width="2" stroke-dasharray="6 4"/>')
    labels = [("p50", "#1f6feb"), ("p99", "#bf8700"), ("p99.9", "#d1242f"), (f"target p99, {target_ms:g} ms", "#1a7f37")]
    for number, (label, colour) in enumerate(labels):
        at = TOP + 16 + 20 * number
        parts.append(f'<rect x="{right + 8}" y="{at - 9}" width="10" height="10" fill="{colour}"/><text x="{right + 22}" y="{at}">{label}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
