"""A report of executions: figures as a mapping for JSON, and as a page of tables and plots that needs nothing
else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

import leather  # type: ignore[import-untyped]

from core.analytics import groups
from core.analytics.measure import MARKOUTS_NS, Measured

FIGURES = {
    "orders": "orders", "fills": "fills", "value": "value", "arrival_bps": "arrival slippage, bps",
    "vwap_bps": "interval VWAP", "twap_bps": "interval TWAP", "close_bps": "close",
    "shortfall_bps": "shortfall",
    **{f"{part}_shortfall_bps": f"… {part}" for part in groups.SHORTFALL}, "regret_bps": "regret",
    "effective_spread_bps": "effective spread", "realized_spread_bps": "realised spread", "fees_bps": "fees",
    **{f"markout_{name}_bps": f"markout {name}" for name in MARKOUTS_NS},
    "order_fill_rate": "orders filled", "fill_rate": "children filled", "reject_ratio": "children rejected",
    "cancel_ratio": "children canceled", "maker_share": "maker share", "ack_p50_us": "ack p50, µs",
    "time_to_fill_p50_ms": "time to fill p50, ms", "queue_ahead": "queue ahead at fill",
}  # fmt: skip
"""Those of a table, a line each, and what they are called there; JSON has all."""

STYLE = (
    "body{font:14px/1.4 system-ui,sans-serif;margin:2em;color:#222}"
    "table{border-collapse:collapse;margin:1em 0}th,td{padding:.2em .7em;text-align:right}"
    "th,td{border-bottom:1px solid #ddd}"
    "th:first-child,td:first-child{text-align:left}figure{display:inline-block;margin:0 1em 1em 0}"
)
WIDTH, HEIGHT = 460, 300
NANOSECONDS = 10**9


def figures(measured: Measured, keys: Sequence[str] = groups.KEYS) -> dict[str, Any]:
    """Every figure: `total`, then rows for each key. Ratios are from 0 to 1; what can't be known is None."""
    return {
        "until": datetime.fromtimestamp(measured.end_ns // NANOSECONDS, UTC).isoformat(),
        "total": groups.by(measured, "all"),
        **{key: groups.by(measured, key) for key in keys},
    }


def shown(value: object) -> str:
    """A figure as a table has it."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.3f}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def html(found: Mapping[str, Any], title: str) -> str:
    """One page: SVG and style are in it, so it can be mailed and opened without a network."""
    until = escape(str(found["until"]))
    head = f"<h1>{escape(title)}</h1><p>Until {until}. Costs are positive, in basis points.</p>"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body>{head}{body(found)}</body></html>\n"
    )


def body(found: Mapping[str, Any]) -> str:
    """The tables and plots, for a page that has more."""
    keys = [key for key in groups.KEYS if key in found]
    parts = [_table("total", "all", found["total"]), _plots(found)]
    return "".join(parts + [_table(f"by {key}", key, found[key]) for key in keys])


def _table(title: str, key: str, rows: Sequence[Mapping[str, Any]]) -> str:
    head = "".join(f"<th>{escape(str(row[key]))} {escape(row['currency'])}</th>" for row in rows)
    lines = ((text, [shown(row.get(name)) for row in rows]) for name, text in FIGURES.items())
    body = "".join(
        f"<tr><td>{escape(text)}</td>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
        for text, cells in lines
        if any(cells)
    )
    return (
        f"<h2>{escape(title)}</h2><table><thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


# ---- plots ------------------------------------------------------------------------------------------------


def _plots(found: Mapping[str, Any]) -> str:
    charts = [
        _shortfall(found),
        _markouts(found),
        *(_slippage(found, key) for key in groups.KEYS if key in found),
    ]
    return "".join(
        f"<figure>{chart.to_svg(width=WIDTH, height=HEIGHT)}</figure>"
        for chart in charts
        if chart is not None
    )


def _shortfall(found: Mapping[str, Any]) -> leather.Chart | None:
    """Its parts, over all orders of the currency with the largest value."""
    total = max(found["total"], key=lambda row: row["value"], default=None)
    if total is None or total["shortfall_bps"] is None:
        return None
    chart = leather.Chart("shortfall, bps")
    chart.add_bars([(total[f"{part}_shortfall_bps"], part) for part in reversed(groups.SHORTFALL)])
    return chart


def _markouts(found: Mapping[str, Any]) -> leather.Chart | None:
    """What the market did after fills, by venue: a line each."""
    chart, any_line = leather.Chart("markout, bps: above 0 it went our way"), False
    for row in found.get("venue", found["total"]):
        points = [(i, row[f"markout_{name}_bps"]) for i, name in enumerate(MARKOUTS_NS)]
        points = [(i, value) for i, value in points if value is not None]
        if len(points) > 1:
            chart.add_line(points, name=str(row.get("venue", "all")))
            any_line = True
    names = list(MARKOUTS_NS)
    chart.add_x_axis(ticks=list(range(len(names))), tick_formatter=lambda value, i, count: names[int(value)])
    return chart if any_line else None


def _slippage(found: Mapping[str, Any], key: str) -> leather.Chart | None:
    """Against the price at arrival, a bar a group."""
    bars = [
        (row["arrival_bps"], f"{row[key]} {row['currency']}")
        for row in found[key]
        if row["arrival_bps"] is not None
    ]
    if not bars:
        return None
    chart = leather.Chart(f"arrival slippage by {key}, bps")
    chart.add_bars(bars[::-1])
    return chart
