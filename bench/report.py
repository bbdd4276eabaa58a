"""A page of the runs that were kept: the last one's figures and curves, and how they went over the runs."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import cycle
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
COLOURS = ("#2a6", "#27c", "#c52", "#a3a", "#777", "#b80", "#09a", "#d36")
"""Of lines: the plots' own are fewer than some have."""

WITH_PEERS = ("peers", "nt", "hftbacktest", "data")
"""Benches that ask somebody else the same: told in one table."""

type Row = Mapping[str, Any]


def page(folder: Path) -> str:
    """HTML with its SVG in it, of the runs in a folder. ValueError: there are none."""
    runs = suite.read(folder)
    return of(runs[-1], runs)


def write(found: Row, folder: Path) -> Path:
    """The page of a run and of those before it whose figures were kept in a folder: bench.html there."""
    path = folder / "bench.html"
    path.write_text(of(found, suite.history(folder), _placements(folder)))
    return path


def _placements(folder: Path) -> Row | None:
    """What the last `nacre bench placement --report FOLDER` found there."""
    path = folder / "placement.json"
    return json.loads(path.read_text()) if path.exists() else None


def of(last: Row, runs: Sequence[Row], placements: Row | None = None) -> str:
    """HTML of a run. runs: all, it among them, for lines over the runs. placements: of a run of its own,
    where this one has none."""
    benches = [row for row in last["benches"] if row["found"]]
    if placements and not any(row["name"] == "placement" for row in benches):
        load = placements.get("load_average")
        words = "placement --report DIR"
        benches.append(
            {"name": "placement", "words": words, "load": load, "found": placements, "apart": True}
        )
    machine = ", ".join(f"{key} {value}" for key, value in last["machine"].items())
    when = f"{last['at']}, commit {last['commit']}, {last['seconds']} s in all. {machine}."
    parts = [
        f"<h1>nacre bench</h1><p>{escape(when)}</p>",
        _table(suite.shown(last)),
        *_history(runs),
        _peers(last["benches"]),
        *(part for row in benches for part in _bench(row)),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>nacre bench</title>'
        f"<style>{STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _bench(row: Row) -> Iterator[str]:
    found = row["found"]
    apart = " In a run of its own, not this one." if row.get("apart") else ""
    words = f"nacre bench {row['words']}; load {row['load']}.{apart}"
    yield f"<h2>{escape(row['name'])}</h2><p>{escape(words)}</p>"
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
    if name == "placement":
        yield from _engines(found)
    if name == "model":
        yield from _processors(found)
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


def _engines(found: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, list[tuple[Any, float]]]]]:
    """A line an engine: its latency at each placement."""
    lines = {
        engine: [
            (where, math.log10(max(each["ns"]["p50"], 1)))
            for where, each in told["placements"].items()
            if (each.get("ns") or {}).get("p50")
        ]
        for engine, told in found["engines"].items()
    }
    if any(lines.values()):
        yield "page to paragraph by placement, log10 ns", {key: line for key, line in lines.items() if line}


def _processors(found: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, list[tuple[Any, float]]]]]:
    """What the model says of more processors."""
    rows = found["processors"]
    rates = [(str(row["size"]), row["events_per_s"]) for row in rows]
    yield "predicted: events a second of one core", {"events": rates}
    yield (
        "predicted: sojourn, ns",
        {key: [(str(row["size"]), row[f"{key}_ns"]) for row in rows] for key in ("p50", "p99")},
    )


def _peers(benches: Sequence[Row]) -> str:
    """Who was measured against in this run, each with its version or why it wasn't."""
    rows = [
        {"bench": row["name"], "peer": each["peer"]}
        | {"version": each.get("version", ""), "why not": each.get("why_not", "")}
        for row in benches
        for each in (row["found"] or {}).get("peers", ())
    ]
    rows += [
        {"bench": row["name"], "peer": "", "version": "", "why not": row["why"]}
        for row in benches
        if row["name"] in WITH_PEERS and not row["found"]
    ]
    return f"<h2>peers</h2>{_table(rows)}" if rows else ""


def _history(runs: Sequence[Row]) -> Iterator[str]:
    """A line over the runs, where there are several."""
    if len(runs) < 2:
        return
    yield "<h2>over the runs</h2>"
    for name in dict.fromkeys(row["name"] for run in runs for row in run["benches"]):
        for figure in suite.FIGURES:
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
    for colour, (name, points) in zip(cycle(COLOURS), lines.items(), strict=False):
        chart.add_line(
            [(names.index(label), value) for label, value in points], name=name, stroke_color=colour
        )
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
