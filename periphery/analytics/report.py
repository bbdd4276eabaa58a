"""A tear sheet: an account's figures, its course, where it comes from, what its executions cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

import leather  # type: ignore[import-untyped]
import numpy as np
import numpy.typing as npt

from core.analytics.report import STYLE, body
from periphery.analytics.history import History
from periphery.strategy.report import HEIGHT, POINTS, SECOND_NS, WIDTH, pairs, rows, when

type Floats = npt.NDArray[np.float64]
NESTED = ("relative", "by_factor", "by_strategy", "by_instrument", "drawdowns", "unpriced")
ROLLING = 60  # periods


def page(histories: Sequence[History], cost: Mapping[str, Any], a_year: float) -> str:
    """One page for all accounts: plots and style are in it, so it opens without a network."""
    parts = ["<h1>Performance</h1>"]
    for history in histories:
        parts += _account(history, a_year)
    parts.append(f"<h1>Executions</h1><p>Costs are positive, in basis points.</p>{body(cost)}")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Performance</title>'
        f"<style>{STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _account(history: History, a_year: float) -> list[str]:
    told = history.told()
    plain = {key: value for key, value in told.items() if key not in NESTED}
    parts = [f"<h1>{escape(history.account)}</h1>", pairs("figures", plain)]
    if "relative" in told:
        parts.append(pairs("against the benchmark", told["relative"]))
    parts += [_plots(history, a_year), rows("deepest drawdowns", _falls(told["drawdowns"]))]
    for what in ("by_strategy", "by_instrument"):
        parts += [_bars(what, told.get(what, {}), history.currency)]
        parts.append(rows(what.replace("_", " "), _named(told.get(what, {}), what, history.currency)))
    if "by_factor" in told:
        of = told["by_factor"]
        lines = [
            {"factor": name, "beta": of["betas"][name], "contribution": of["contributions"][name]}
            for name in of["betas"]
        ]
        lines.append({"factor": "specific", "beta": None, "contribution": of["specific"]})
        parts.append(rows("by factor, of the sum of returns", lines))
    return parts


def _falls(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "depth": each["depth"],
            "from": when(each["from_ns"]),
            "lowest": when(each["low_ns"]),
            "until": "not yet" if each["until_ns"] is None else when(each["until_ns"]),
        }
        for each in found
    ]


def _named(gains: Mapping[str, float], what: str, currency: str) -> list[dict[str, Any]]:
    return [{what.removeprefix("by_"): name or "none", currency: gain} for name, gain in gains.items()]


def _plots(history: History, a_year: float) -> str:
    equity = np.array(history.equity)
    if len(equity) < 2:
        return ""
    shown = _line(f"equity, {history.currency}", history.times_ns, {"equity": equity})
    if not (equity > 0).all():
        return shown
    fallen = equity / np.maximum.accumulate(equity) - 1
    returns = equity[1:] / equity[:-1] - 1
    series = {"account": equity / equity[0]}
    benchmark = np.array(history.benchmark)
    known = benchmark[np.isfinite(benchmark)]
    if len(known):
        series["benchmark"] = benchmark / known[0]
    shown += _line("growth of 1", history.times_ns, series)
    shown += _line("drawdown", history.times_ns, {"drawdown": fallen})
    shown += _line("return a period", history.times_ns[1:], {"return": returns})
    if len(returns) > ROLLING:
        shown += _line(
            f"Sharpe over {ROLLING} periods",
            history.times_ns[ROLLING:],
            {"sharpe": _rolling(returns, a_year)},
        )
    return shown


def _rolling(returns: Floats, a_year: float) -> Floats:
    windows = np.lib.stride_tricks.sliding_window_view(returns, ROLLING)
    deviations = windows.std(axis=1, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(windows.mean(axis=1) / deviations * np.sqrt(a_year), np.float64)


def _line(title: str, times_ns: Sequence[int], series: Mapping[str, Floats]) -> str:
    """A plot of about POINTS points, the last one among them."""
    step = -(-len(times_ns) // POINTS)
    at = [*range(0, len(times_ns) - 1, step), len(times_ns) - 1]
    chart, drawn = leather.Chart(title), False
    for name, values in series.items():
        points = [
            (datetime.fromtimestamp(times_ns[i] / SECOND_NS, UTC).replace(tzinfo=None), float(values[i]))
            for i in at
            if np.isfinite(values[i])
        ]
        if len(points) > 1:
            chart.add_line(points, name=name)
            drawn = True
    return f"<figure>{chart.to_svg(width=WIDTH, height=HEIGHT)}</figure>" if drawn else ""


def _bars(what: str, gains: Mapping[str, float], currency: str) -> str:
    """By name, widest first; where all are 0 there is nothing to draw."""
    ordered = sorted(gains.items(), key=lambda pair: -abs(pair[1]))[:20]
    if not any(gain for _, gain in ordered):
        return ""
    chart = leather.Chart(f"{what.replace('_', ' ')}, {currency}")
    chart.add_bars([(gain, name or "none") for name, gain in ordered[::-1]])
    return f"<figure>{chart.to_svg(width=WIDTH, height=HEIGHT)}</figure>"
