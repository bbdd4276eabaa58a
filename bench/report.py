"""A page of the runs that were kept: the last one's figures and curves, and how they went over the runs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import leather  # type: ignore[import-untyped]

from bench import suite
from bench.figures import QUANTILES, curves, figures

WIDTH, HEIGHT = 460, 300
STYLE = (
    "body{font:14px/1.4 system-ui,sans-serif;margin:2em;color:#222}"
    "table{border-collapse:collapse;margin:1em 0}"
    "th,td{padding:.2em .7em;text-align:right;border-bottom:1px solid #ddd}"
    "th:first-child,td:first-child{text-align:left}figure{display:inline-block;margin:0 1em 1em 0}"
)
HISTORY = ("ratio_p50", "cost_ratio", "new_orders_per_s", "filled_orders_per_s", "beyond_raw_ns_p50")
"""Figures that a line over the runs is drawn of."""

type Row = Mapping[str, Any]


def page(folder: Path) -> str:
    """HTML with its SVG in it, of the runs in a folder. ValueError: there are none."""
    runs = suite.read(folder)
    last = runs[-1]
    machine = ", ".join(f"{key} {value}" for key, value in last["machine"].items())
    of = f"{last['at']}, commit {last['commit']}. {machine}."
    parts = [
        f"<h1>nacre bench</h1><p>{escape(of)}</p>",
        _table(suite.shown(last)),
        *_history(runs),
        *(part for row in last["benches"] if row["found"] for part in _bench(row)),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>nacre bench</title>'
        f"<style>{STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _bench(row: Row) -> Iterator[str]:
    found = row["found"]
    yield f"<h2>{escape(row['name'])}</h2><p>nacre bench {escape(row['words'])}; load {row['load']}.</p>"
    for title, lines in _plots(row["name"], found):
        yield _plot(title, lines)
    values = [{"figure": place, "value": value} for place, value in figures(found)]
    yield f"<details><summary>{len(values)} figures</summary>{_table(values)}</details>"


def _plots(name: str, found: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, list[tuple[Any, float]]]]]:
    """(title, lines by name) of each plot."""
    told = {place: quantiles for place, quantiles in curves(found) if quantiles.get("max")}
    if told:
        yield "percentiles, log10 ns", {place: _curve(each) for place, each in list(told.items())[:6]}
    if name == "path":
        yield from _rates(found)
    for axis in found.get("axes", ()):
        points = [(str(point["size"]), point["ns_p50"]) for point in axis["points"]]
        yield f"cost against {axis['axis']}, ns", {axis["axis"]: points}


def _curve(quantiles: Mapping[str, float]) -> list[tuple[Any, float]]:
    return [(key, math.log10(max(quantiles[key], 1))) for key in QUANTILES if key in quantiles]


def _rates(found: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, list[tuple[Any, float]]]]]:
    """Latency against throughput: of each rate of the open loop."""
    loops = found.get("submit_to_ack_ns", {})
    open_ = {key: value for key, value in loops.items() if key.startswith("open_")}
    lines: dict[str, list[tuple[Any, float]]] = {
        quantile: [(key.removeprefix("open_"), value[quantile]) for key, value in open_.items()]
        for quantile in ("p50", "p99")
        if open_
    }
    if lines:
        yield "latency against orders a second, ns", lines


def _history(runs: Sequence[Row]) -> Iterator[str]:
    """A line over the runs, where there are several."""
    if len(runs) < 2:
        return
    yield "<h2>over the runs</h2>"
    for name in dict.fromkeys(row["name"] for run in runs for row in run["benches"]):
        for figure in HISTORY:
            points = [
                (run["commit"], dict(figures(row["found"]))[figure])
                for run in runs
                for row in run["benches"]
                if row["name"] == name and row["found"] and figure in dict(figures(row["found"]))
            ]
            if len(points) > 1:
                numbered = [(f"{at} {commit}", value) for at, (commit, value) in enumerate(points)]
                yield _plot(f"{name}: {figure}", {figure: numbered})


def _plot(title: str, lines: Mapping[str, Sequence[tuple[Any, float]]]) -> str:
    """Bars where there is one line, as its points have names, dots in groups where there are several."""
    if len(lines) == 1:
        chart = leather.Chart(title)
        ((name, points),) = lines.items()
        chart.add_columns(list(points), name=name)
        return f"<figure>{chart.to_svg(width=WIDTH, height=HEIGHT)}</figure>"
    names = list(dict.fromkeys(label for points in lines.values() for label, _ in points))
    chart = leather.Chart(f"{title} ({', '.join(names)})")
    for name, points in lines.items():
        chart.add_line([(names.index(label), value) for label, value in points], name=name)
    return f"<figure>{chart.to_svg(width=WIDTH, height=HEIGHT)}</figure>"


def _table(rows: Sequence[Row]) -> str:
    keys = list(dict.fromkeys(key for row in rows for key in row))
    head = "".join(f"<th>{escape(key)}</th>" for key in keys)
    body = "".join(
        "<tr>" + "".join(f"<td>{_cell(row.get(key))}</td>" for key in keys) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.3f}" if abs(value) < 1000 else f"{value:,.0f}"
    return escape("" if value is None else str(value))
