"""What a backtest came to, over its time: the equity curve, drawdown, and figures that docs/strategies.md
defines.

Floats, for people to look at: the exact ledger is the report's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core.scenario.directory import Directory, Symbol
from core.scenario.money import Rates
from periphery.client.units import from_units

if TYPE_CHECKING:
    from periphery.strategy.backtest import Backtest

SAMPLES = 1000  # of the equity curve, about
YEAR_NS = 31_557_600 * 10**9  # 365.25 days
FEE_UNIT = 1e-16

type Floats = npt.NDArray[np.float64]


@dataclass(slots=True)
class Marks:
    """Marks of all instruments at equal steps of time: twice the price, in units; NaN before the first."""

    period_ns: int
    times_ns: list[int] = field(default_factory=list)
    rows: list[list[float]] = field(default_factory=list)

    def take(self, time_ns: int, marks: Sequence[int | None]) -> None:
        """As they are now."""
        self.times_ns.append(time_ns)
        self.rows.append([float("nan") if mark is None else float(mark) for mark in marks])


@dataclass(frozen=True, slots=True)
class Curve:
    """Of one account, in its currency: at each time the equity, and whether anything is held."""

    times_ns: npt.NDArray[np.int64]
    equity: Floats
    held: npt.NDArray[np.bool_]

    @property
    def drawdown(self) -> Floats:
        """Below the highest equity so far, as money: 0 or less."""
        return self.equity - np.maximum.accumulate(self.equity)


def curve(test: Backtest, account: int, currency: str, money: float) -> Curve:
    """The account's equity at each of the test's marks, from its fills. money: what it began with."""
    fills = test.core.fill_rows()
    fills = fills[fills["account"] == account]
    marks = test.marks
    times = np.array(marks.times_ns, np.int64)
    equity = np.full(len(times), money)
    held = np.zeros(len(times), bool)
    shown = np.array(marks.rows).reshape(len(times), -1)
    for symbol in test.book.directory.symbol_list:
        own = fills[fills["symbol"] == symbol.index]
        if len(own):
            gain, qty = _gain(symbol, own, times, shown[:, symbol.index] / 2)
            equity = equity + gain * rate_of(test.book.rates, symbol.settle_currency, currency)
            held |= qty != 0
    return Curve(times, equity, held)


def _gain(symbol: Symbol, fills: Any, times: Any, mark: Floats) -> tuple[Floats, Floats]:
    """(what was made since the beginning, what is held) at each time, in the settle currency."""
    qty = fills["qty"] / 10.0**symbol.qty_precision
    px = fills["px"] / 10.0**symbol.price_precision
    multiplier = symbol.multiplier / 10.0**symbol.multiplier_precision
    fees = (fills["fee_low"] + fills["fee_high"] * 2.0**64) * FEE_UNIT
    value = qty * multiplier / px if symbol.inverse else -qty * px * multiplier
    before = np.searchsorted(fills["time_ns"], times, "left")  # a mark is taken before the rows of its time
    before[-1:] = len(fills)  # but the last one
    total = [np.concatenate(([0.0], np.cumsum(each)))[before] for each in (value - fees, qty)]
    shown = mark / 10.0**symbol.price_precision
    with np.errstate(divide="ignore", invalid="ignore"):
        worth = -total[1] * multiplier / shown if symbol.inverse else total[1] * shown * multiplier
    return total[0] + np.where(total[1] == 0, 0.0, worth), total[1]


def rate_of(rates: Rates, source: str, target: str) -> float:
    """What one unit of a currency is in another, as told last; NaN: nobody told."""
    if source == target:
        return 1.0
    found = rates.find(source, target)
    return float("nan") if found is None else float(found)


def statistics(test: Backtest, found: Curve, report: Mapping[str, Any]) -> dict[str, Any]:
    """Figures of the account; None where there is nothing to say."""
    equity = found.equity
    returns = np.diff(equity) / equity[:-1] if len(equity) > 1 and (equity[:-1] > 0).all() else np.array([])
    years = len(returns) * test.marks.period_ns / YEAR_NS
    a_year = len(returns) / years if years else 0.0
    trades = closed(test)
    gains, losses = trades[trades > 0].sum(), -trades[trades < 0].sum()
    low = int(found.drawdown.argmin()) if len(equity) else 0
    high = int(equity[: low + 1].argmax()) if len(equity) else 0
    value = traded_value(test, str(report["currency"]))
    figures = {
        "total_return": equity[-1] / equity[0] - 1 if len(equity) and equity[0] > 0 else None,
        "volatility": returns.std() * sqrt(a_year) if len(returns) else None,
        "sharpe": _ratio(returns.mean(), returns.std(), a_year) if len(returns) else None,
        "sortino": _ratio(returns.mean(), _downside(returns), a_year) if len(returns) else None,
        "max_drawdown": -found.drawdown[low] if len(equity) else None,
        "max_drawdown_ratio": _part(-found.drawdown[low], equity[high]) if len(equity) else None,
        "max_drawdown_from_ns": int(found.times_ns[high]) if len(equity) else None,
        "max_drawdown_to_ns": int(found.times_ns[low]) if len(equity) else None,
        "closing_fills": len(trades),
        "hit_rate": (trades > 0).mean() if len(trades) else None,
        "profit_factor": gains / losses if losses else None,
        "average_gain": trades[trades > 0].mean() if gains else None,
        "average_loss": trades[trades < 0].mean() if losses else None,
        "turnover": value,
        "turnover_ratio": value / equity.mean() if len(equity) and equity.mean() > 0 else None,
        "in_the_market": found.held.mean() if len(equity) else None,
        "sampled_every_ns": test.marks.period_ns,
    }  # fmt: skip
    return {key: _plain(value) for key, value in figures.items()}


def _ratio(mean: float, deviation: float, a_year: float) -> float | None:
    return mean / deviation * sqrt(a_year) if deviation else None


def _part(value: float, of: float) -> float | None:
    return value / of if of > 0 else None


def _downside(returns: Floats) -> float:
    return float(np.sqrt((np.minimum(returns, 0.0) ** 2).mean()))


def _plain(value: Any) -> Any:
    """A number that JSON has; what isn't finite is None."""
    if value is None or isinstance(value, int):
        return value
    number = float(value)
    return number if np.isfinite(number) else None


def closed(test: Backtest) -> Floats:
    """What each fill that reduced a position made, at the average cost before it, less its own fee; in the
    settle currency."""
    made = []
    held: dict[tuple[int, int], tuple[float, float]] = {}
    symbols = test.book.directory.symbol_list
    for row in test.core.fill_rows():
        symbol, key = symbols[row["symbol"]], (int(row["account"]), int(row["symbol"]))
        qty, px = row["qty"] / 10.0**symbol.qty_precision, row["px"] / 10.0**symbol.price_precision
        had, cost = held.get(key, (0.0, 0.0))
        ends = min(abs(had), abs(qty)) if had * qty < 0 else 0.0
        if ends:
            fee = (float(row["fee_low"]) + float(row["fee_high"]) * 2.0**64) * FEE_UNIT
            multiplier = symbol.multiplier / 10.0**symbol.multiplier_precision
            change = (1 / cost - 1 / px) if symbol.inverse else (px - cost)
            made.append((1 if had > 0 else -1) * ends * change * multiplier - fee)
        held[key] = _after(had, cost, qty, px, ends)
    return np.array(made, float)


def _after(had: float, cost: float, qty: float, px: float, ends: float) -> tuple[float, float]:
    """(quantity, average price) after a fill."""
    now = had + qty
    if not ends:
        return now, (cost * abs(had) + px * abs(qty)) / abs(now) if now else 0.0
    if abs(qty) > abs(had):
        return now, px
    return now, cost if abs(now) > 1e-12 else 0.0


def traded_value(test: Backtest, currency: str) -> float:
    """Of all fills, bought and sold, at the rates as told last."""
    total = 0.0
    for symbol in test.book.directory.symbol_list:
        own = test.core.fill_rows()
        own = own[own["symbol"] == symbol.index]
        qty = np.abs(own["qty"]) / 10.0**symbol.qty_precision
        px = own["px"] / 10.0**symbol.price_precision
        value = (qty / px if symbol.inverse else qty * px).sum() if len(own) else 0.0
        multiplier = symbol.multiplier / 10.0**symbol.multiplier_precision
        if len(own):
            total += value * multiplier * rate_of(test.book.rates, symbol.settle_currency, currency)
    return total


def results(test: Backtest, report: Mapping[str, Any]) -> tuple[Curve, dict[str, Any]]:
    """The curve and the figures of the account that the terms name."""
    account = test.book.directory.accounts[test.terms.account]
    begun = float(Decimal(account.cash) / Decimal(10) ** 12)
    found = curve(test, account.index, account.currency, begun)
    return found, statistics(test, found, report)


def fill_lines(rows: npt.NDArray[np.void], directory: Directory) -> list[dict[str, Any]]:
    """Fills as `Playback.fill_rows` has them, in words: numbers as decimal strings."""
    return [_fill(row, directory) for row in rows]


def _fill(row: np.void, d: Directory) -> dict[str, Any]:
    symbol = d.symbol_list[row["symbol"]]
    qty = int(row["qty"])
    fee = (int(row["fee_high"]) << 64) | int(row["fee_low"])
    return {
        "time_ns": int(row["time_ns"]),
        "account": d.account_list[row["account"]].name,
        "symbol": symbol.name,
        "venue": d.venue_list[row["venue"]],
        "side": "buy" if qty > 0 else "sell",
        "qty": str(from_units(abs(qty), symbol.qty_precision)),
        "px": str(from_units(int(row["px"]), symbol.price_precision)),
        "fee": format(Decimal(fee).scaleb(-16).normalize(), "f"),
        "liquidity": "maker" if row["maker"] else "taker",
    }
