"""The analytics engine over journals: equity as the core's statement has it, the rest in plain Python."""

from __future__ import annotations

import math
import statistics
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from core.build import SCHEMA_VERSION, build_id
from core.scenario.money import Rates, Statement
from core_ext.journal import JournalWriter
from periphery.analytics.engine import AnalyticsEngine
from tests.support import Run, declared, order
from tests.unit.periphery.days import SECOND_NS, day, market, said, walks

PARAMS = {"period_s": 1, "a_year": 252, "benchmark": "DD", "factors": ["BB", "CC"]}
PRICES = walks(80, seed=5)
ORDERS = {
    2: [market("AA", "buy", 300, strategy="one")],
    5: [market("CC", "buy", 200, strategy="two")],
    20: [market("AA", "sell", 100, strategy="one")],
    33: [market("AA", "sell_short", 400, strategy="two"), market("BB", "buy", 50)],
    50: [market("CC", "sell", 200, strategy="two")],
}
FEE = 0.30 / 10_000


class Naive:
    """A list of fills, valued anew each time."""

    def __init__(self) -> None:
        self.fills: list[tuple[str, str, int, float]] = []

    def trade(self, made: dict[str, Any], price: float) -> None:
        sign = 1 if made["side"] == "buy" else -1
        paid = price + 0.01 * sign
        self.fills.append((made.get("strategy", ""), made["symbol"], sign * int(made["order_qty"]), paid))

    def gain(self, prices: dict[str, float], strategy: str | None = None, symbol: str | None = None) -> float:
        return sum(
            qty * (prices[of] - paid) - abs(qty) * paid * FEE
            for by, of, qty, paid in self.fills
            if strategy in (None, by) and symbol in (None, of)
        )


def expected() -> list[tuple[float, dict[str, float], dict[str, float]]]:
    """After each second: equity, gains by strategy, by instrument."""
    naive, found = Naive(), []
    for i, row in enumerate(PRICES):
        prices = dict(zip(("AA", "BB", "CC", "DD"), row, strict=True))
        for made in ORDERS.get(i, []):
            naive.trade(made, prices[made["symbol"]])
        by = {fill[0]: naive.gain(prices, strategy=fill[0]) for fill in naive.fills}
        of = {fill[1]: naive.gain(prices, symbol=fill[1]) for fill in naive.fills}
        found.append((1_000_000 + naive.gain(prices), by, of))
    return found


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    place = tmp_path_factory.mktemp("analytics")
    day(place / "journal", PRICES, ORDERS)
    return said(AnalyticsEngine, place / "journal", place / "state", PARAMS)


def test_equity_and_where_it_comes_from(told: list[dict[str, Any]]) -> None:
    naive = expected()
    assert len(told) == 77
    for one in told:
        equity, by_strategy, by_instrument = naive[one["time_ns"] // SECOND_NS - 2]
        assert one["equity"] == pytest.approx(equity, abs=1e-6)
        assert one["by_strategy"] == pytest.approx(by_strategy, abs=1e-6)
        assert one["by_instrument"] == pytest.approx(by_instrument, abs=1e-6)
        assert sum(one["by_strategy"].values()) == pytest.approx(equity - 1_000_000, abs=1e-6)
    assert set(told[-1]["by_strategy"]) == {"", "one", "two"}


def returns_until(last: int) -> list[float]:
    equities = [1_000_000.0, *(equity for equity, _, _ in expected()[2 : last + 1])]
    return [after / before - 1 for before, after in pairwise(equities)]


def test_figures_in_plain_python(told: list[dict[str, Any]]) -> None:
    last = told[-1]
    returns = returns_until(78)
    mean, deviation = statistics.fmean(returns), statistics.stdev(returns)
    below = math.sqrt(sum(min(r, 0) ** 2 for r in returns) / len(returns))
    value, high, deepest = 1.0, 1.0, 0.0
    for r in returns:
        value *= 1 + r
        high = max(high, value)
        deepest = max(deepest, 1 - value / high)
    annual = value ** (252 / len(returns)) - 1
    figures = {
        "return": returns[-1],
        "periods": len(returns),
        "total_return": value - 1,
        "annual_return": annual,
        "volatility": deviation * math.sqrt(252),
        "sharpe": mean / deviation * math.sqrt(252),
        "sortino": mean / below * math.sqrt(252),
        "calmar": annual / deepest,
        "max_drawdown": deepest,
        "drawdown": 1 - value / high,
        "best": max(returns),
        "worst": min(returns),
        "positive": sum(r > 0 for r in returns) / len(returns),
    }
    assert {key: last[key] for key in figures} == pytest.approx(figures, rel=1e-6)


def test_against_the_benchmark_in_plain_python(told: list[dict[str, Any]]) -> None:
    returns = returns_until(78)
    other = [b / a - 1 for a, b in pairwise([row[3] for row in PRICES[1:79]])]
    beta = statistics.covariance(returns, other) / statistics.variance(other)
    alpha = statistics.fmean(returns) - beta * statistics.fmean(other)
    active = [r - b for r, b in zip(returns, other, strict=True)]
    figures = {
        "alpha": (1 + alpha) ** 252 - 1,
        "beta": beta,
        "active_return": statistics.fmean(active) * 252,
        "tracking_error": statistics.stdev(active) * math.sqrt(252),
        "information_ratio": statistics.fmean(active) / statistics.stdev(active) * math.sqrt(252),
        "correlation": statistics.correlation(returns, other),
    }
    relative = told[-1]["relative"]
    assert relative.pop("benchmark") == "DD"
    assert relative == pytest.approx(figures, rel=1e-5)


def test_parts_by_factor_add_up(told: list[dict[str, Any]]) -> None:
    """Normal equations by Cramer's rule."""
    y = returns_until(78)
    x1, x2 = ([b / a - 1 for a, b in pairwise([row[at] for row in PRICES[1:79]])] for at in (1, 2))
    c11, c22, c12 = statistics.variance(x1), statistics.variance(x2), statistics.covariance(x1, x2)
    c1, c2 = statistics.covariance(x1, y), statistics.covariance(x2, y)
    determinant = c11 * c22 - c12 * c12
    betas = {"BB": (c1 * c22 - c2 * c12) / determinant, "CC": (c2 * c11 - c1 * c12) / determinant}
    found = told[-1]["by_factor"]
    assert found["betas"] == pytest.approx(betas, rel=1e-6)
    parts = {"BB": betas["BB"] * sum(x1), "CC": betas["CC"] * sum(x2)}
    assert found["contributions"] == pytest.approx(parts, rel=1e-6)
    assert found["specific"] == pytest.approx(sum(y) - sum(parts.values()), rel=1e-6)


def test_nothing_later_changes_what_was_said(tmp_path: Path) -> None:
    other = [*PRICES[:50], *([price * 2 for price in row] for row in PRICES[50:])]
    day(tmp_path / "one", PRICES, ORDERS)
    day(tmp_path / "two", other, ORDERS)
    one = said(AnalyticsEngine, tmp_path / "one", tmp_path / "a", PARAMS)
    two = said(AnalyticsEngine, tmp_path / "two", tmp_path / "b", PARAMS)
    until = 51 * SECOND_NS
    assert [x for x in one if x["time_ns"] <= until] == [x for x in two if x["time_ns"] <= until]
    assert one != two


# ---- what the core itself says -----------------------------------------------------------------------------

MORE: list[dict[str, Any]] = [
    {
        "type": "instrument", "symbol": "BTCP", "kind": "perpetual", "price_precision": 1, "qty_precision": 0,
        "tick": "0.1", "lot": "1", "currency": "USD", "base_currency": "BTC", "settle_currency": "BTC",
        "inverse": True, "multiplier": "100",
    },
    {
        "type": "instrument", "symbol": "ESZ6", "kind": "future", "price_precision": 2, "qty_precision": 0,
        "tick": "0.25", "lot": "1", "currency": "USD", "multiplier": "50",
    },
    {"type": "venue", "venue": "XALL", "mode": "match", "symbols": ["BTCP", "ESZ6"], "taker_fee_bps": "1"},
]  # fmt: skip


def touch(symbol: str, bid: str, ask: str, at: int, venue: str = "XALL") -> dict[str, Any]:
    return {
        "type": "quote", "venue": venue, "symbol": symbol, "bid_px": bid, "bid_qty": "5000", "ask_px": ask,
        "ask_qty": "5000", "at": at,
    }  # fmt: skip


def every_kind(journal: JournalWriter) -> Run:
    """Long, short, flat and open positions of four kinds; rates, a split, funding, a dividend, a bust."""
    run = declared(journal=journal)
    run.feed(*MORE)
    run.feed({"type": "fx", "pair": "BTC/USD", "rate": "60000"})
    run.feed({"type": "open_position", "account": "A1", "symbol": "AAPL", "qty": "-40", "avg_cost": "99.50"})
    at = SECOND_NS
    run.feed(touch("AAPL", "100.00", "100.02", at, "XNAS"), touch("ESZ6", "5000.00", "5000.25", at))
    run.feed(touch("BTCP", "60000.0", "60000.5", at))
    run.feed(order("a", "buy", "100"), order("b", "buy", "30", symbol="BTCP", strategy="s"))
    run.feed(order("c", "sell", "3", symbol="ESZ6", strategy="s"), order("d", "sell", "20", symbol="BTCP"))
    at = 2 * SECOND_NS
    run.feed(touch("AAPL", "101.00", "101.02", at, "XNAS"), touch("ESZ6", "4990.00", "4990.25", at))
    run.feed(touch("BTCP", "59000.0", "59000.5", at))
    run.feed(order("e", "sell", "25", strategy="t"), order("f", "buy", "5", symbol="ESZ6", strategy="t"))
    return run


def statement(run: Run) -> list[dict[str, Any]]:
    """The accounts as a scenario's end tells them."""
    core, rates = run.recorded.core, Rates()
    rates.set("BTC/USD", Fraction(60000))
    marks = {symbol.index: core.risk.mark2_of(symbol.index) for symbol in run.directory.symbol_list}
    return Statement(run.directory, core.positions.rows(), marks).accounts(rates)[0]


def test_equity_is_the_core_s_own(tmp_path: Path) -> None:
    with JournalWriter(tmp_path / "journal", schema_version=SCHEMA_VERSION, build_id=build_id()) as journal:
        run = every_kind(journal)
        run.feed({"type": "dividend", "symbol": "AAPL", "amount": "0.50"})
        run.feed({"type": "funding", "symbol": "BTCP", "rate": "0.0001"})
        run.feed({"type": "split", "symbol": "AAPL", "num": "3", "den": "1"})
        at = 2 * SECOND_NS + 5
        run.feed(touch("AAPL", "33.50", "33.52", at, "XNAS"))
        run.feed(touch("ESZ6", "4995.00", "4995.25", at), touch("BTCP", "59500.0", "59500.5", at))
        run.feed(touch("AAPL", "33.50", "33.52", 4 * SECOND_NS, "XNAS"))
        (owner,) = statement(run)
    last = said(AnalyticsEngine, tmp_path / "journal", tmp_path / "state", {"period_s": 1})[-1]
    assert last["unpriced"] == []
    assert last["equity"] == pytest.approx(float(owner["equity"]), abs=1e-5)
    assert sum(last["by_strategy"].values()) == pytest.approx(sum(last["by_instrument"].values()))


def test_what_has_no_rate_is_named(tmp_path: Path) -> None:
    with JournalWriter(tmp_path / "journal", schema_version=SCHEMA_VERSION, build_id=build_id()) as journal:
        run = declared(journal=journal)
        run.feed({"type": "account", "account": "A2", "currency": "EUR", "cash": "1000"})
        held = {"account": "A2", "symbol": "AAPL", "qty": "10", "avg_cost": "99.50"}
        run.feed({"type": "open_position", **held})
        run.feed(*(touch("AAPL", "100.00", "100.02", (i + 1) * SECOND_NS, "XNAS") for i in range(3)))
    last = said(AnalyticsEngine, tmp_path / "journal", tmp_path / "state", {"period_s": 1})[-1]
    assert (last["account"], last["unpriced"]) == ("A2", ["AAPL"])
    assert "equity" not in last
