"""A backtest as a page: figures, equity and drawdown, fills, positions, what the executions cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

import leather  # type: ignore[import-untyped]

from core.analytics.observer import Observer
from core.analytics.report import STYLE, body, figures, shown
from periphery.strategy.results import Curve

WIDTH, HEIGHT = 940, 300
FILLS_SHOWN = 500
POINTS = 500
SECOND_NS = 10**9
_FACTS = (
    "strategy", "events", "rows", "orders", "fills", "pnl", "realized_pnl", "unrealized_pnl", "fees",
    "balance", "equity", "currency", "state_hash",
)  # fmt: skip


def costs(journal: Path) -> dict[str, Any]:
    """What the executions in a journal cost, as `nacre tca report` tells it."""
    return figures(Observer(journal).catch_up().measure())


def page(
    report: Mapping[str, Any], curve: Curve, fills: Sequence[Mapping[str, Any]], cost: Mapping[str, Any]
) -> str:
    """One page: SVG and style are in it, so it can be mailed and opened without a network."""
    title = f"Backtest: {report['strategy']}"
    parts = [
        f"<h1>{escape(title)}</h1>",
        pairs("result", {key: report[key] for key in _FACTS if key in report}),
        pairs("figures", report["statistics"]),
        _plots(curve, str(report["currency"])),
        rows("positions", report["positions"]),
        rows(f"fills (the last {FILLS_SHOWN} of {len(fills):,})", fills[-FILLS_SHOWN:]),
        f"<h1>Executions</h1><p>Costs are positive, in basis points.</p>{body(cost)}",
    ]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def pairs(title: str, values: Mapping[str, Any]) -> str:
    """A table of two columns; what is None is left out."""
    lines = "".join(
        f"<tr><td>{escape(key.replace('_', ' '))}</td><td>{escape(_shown(key, value))}</td></tr>"
        for key, value in values.items()
        if value is not None
    )
    return f"<h2>{escape(title)}</h2><table><tbody>{lines}</tbody></table>"


def rows(title: str, told: Sequence[Mapping[str, Any]]) -> str:
    """A table with a column for each key of the first."""
    if not told:
        return f"<h2>{escape(title)}</h2><p>none</p>"
    head = "".join(f"<th>{escape(key.replace('_', ' '))}</th>" for key in told[0])
    lines = "".join(
        "<tr>" + "".join(f"<td>{escape(_shown(key, value))}</td>" for key, value in row.items()) + "</tr>"
        for row in told
    )
    return f"<h2>{escape(title)}</h2><table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"


def _shown(key: str, value: object) -> str:
    if key in ("time_ns", "max_drawdown_from_ns", "max_drawdown_to_ns") and isinstance(value, int):
        return when(value)
    return shown(value)


def when(time_ns: int) -> str:
    """ISO 8601 in UTC, to the microsecond."""
    return datetime.fromtimestamp(time_ns / SECOND_NS, UTC).isoformat(timespec="microseconds")


def _plots(curve: Curve, currency: str) -> str:
    if len(curve.times_ns) < 2:
        return ""
    step = -(-len(curve.times_ns) // POINTS)
    at = [*range(0, len(curve.times_ns) - 1, step), len(curve.times_ns) - 1]
    charts = []
    for name, values in ((f"equity, {currency}", curve.equity), (f"drawdown, {currency}", curve.drawdown)):
        chart = leather.Chart(name)
        times = (datetime.fromtimestamp(int(curve.times_ns[i]) / SECOND_NS, UTC) for i in at)
        points = [(time.replace(tzinfo=None), float(values[i])) for time, i in zip(times, at, strict=True)]
        known = [(time, value) for time, value in points if value == value]
        if len(known) > 1:
            chart.add_line(known)
            charts.append(f"<figure>{chart.to_svg(width=WIDTH, height=HEIGHT)}</figure>")
    return "".join(charts)
