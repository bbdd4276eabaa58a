"""What a backtest leaves behind: figures, a page, tables; and the samples, over recordings of their own."""

from __future__ import annotations

import json
from itertools import pairwise
from math import sin
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from core.cli import root
from core.data.recording import Options
from periphery.strategy import Strategy
from periphery.strategy.backtest import Backtest, Terms
from periphery.strategy.loading import load_strategy
from periphery.strategy.results import results
from periphery.strategy.signals import BadSignals, read_signals

SAMPLES = Path(__file__).parents[2] / "periphery" / "strategy" / "samples"
S = 10**9
T0_NS = 1_700_000_000 * S


def recording(path: Path, count: int = 2000, seed: int = 5, level: int = 10_000, every_ms: int = 500) -> Path:
    """A walk of quotes that comes back to its level."""
    random = Random(seed)
    lines, at = ["ts,bid_px,bid_qty,ask_px,ask_qty"], 0.0
    for i in range(count):
        at = 0.98 * at + random.randrange(-6, 7)
        bid = level + round(at + 40 * sin(i / 60))
        lines.append(f"{T0_NS + i * every_ms * 10**6},{bid / 100:.2f},500,{(bid + 3) / 100:.2f},500")
    path.write_text("\n".join(lines) + "\n")
    return path


def run(strategy: Strategy, *paths: Path, **more: Any) -> tuple[Backtest, dict[str, Any]]:
    signals = more.pop("signals", ())
    symbol = "X" if len(paths) == 1 else None
    options = Options(symbol=symbol, venue="V") if symbol else Options(venue="V")
    test = Backtest(strategy, list(paths), options, Terms(**more), signals=signals)
    return test, test.run()


def sample(name: str, **params: Any) -> Strategy:
    return load_strategy(SAMPLES / f"{name}.py")(params)


# ---- samples -----------------------------------------------------------------------------------------------


def test_the_market_maker_stays_within_its_bounds_and_quotes_both_sides(tmp_path: Path) -> None:
    strategy = sample("market_maker", qty=10, most=30)
    test, report = run(strategy, recording(tmp_path / "q.csv"))
    sides = [fill["side"] for fill in test.fills]
    assert sides.count("buy") > 20
    assert sides.count("sell") > 20
    held = np.cumsum([float(f["qty"]) * (1 if f["side"] == "buy" else -1) for f in test.fills])
    assert abs(held).max() <= 30
    makers = [fill["liquidity"] for fill in test.fills[:-1]]
    assert set(makers) == {"maker"}
    assert report["positions"][0]["qty"] == "0"


def test_pairs_trade_both_legs_against_each_other(tmp_path: Path) -> None:
    lines, random = ["ts,symbol,bid_px,bid_qty,ask_px,ask_qty"], Random(3)
    apart = 0.0
    for i in range(3000):
        apart = 0.97 * apart + random.randrange(-4, 5)
        for symbol, bid in (("AAA", 10_000 + round(apart)), ("BBB", 5_000)):
            lines.append(f"{T0_NS + i * S},{symbol},{bid / 100:.2f},900,{(bid + 1) / 100:.2f},900")
    path = tmp_path / "pairs.csv"
    path.write_text("\n".join(lines) + "\n")
    test = Backtest(sample("pairs", window=60, qty=10), [path], Options(venue="V"), Terms())
    report = test.run()
    assert report["ok"]
    assert report["fills"] > 20
    assert all(row["qty"] == "0" for row in report["positions"])
    legs = list(zip(test.fills[::2], test.fills[1::2], strict=True))
    assert all(a["symbol"] != b["symbol"] and a["side"] != b["side"] for a, b in legs)
    assert float(report["pnl"]) > 0


def test_the_twap_user_is_filled_slice_by_slice(tmp_path: Path) -> None:
    strategy = sample("twap_user", qty=100, horizon_s=100, slices=5)
    test, report = run(strategy, recording(tmp_path / "q.csv"))
    fills = [(f["time_ns"], f["qty"]) for f in test.fills]
    assert [qty for _, qty in fills] == ["20"] * 5
    assert {b - a for (a, _), (b, _) in pairwise(fills)} == {20 * S}
    assert [line["cum_qty"] for line in test.logged] == [20, 40, 60, 80, 100]
    assert report["positions"][0]["qty"] == "100"


def test_the_signal_taker_holds_what_it_is_told_to(tmp_path: Path) -> None:
    file = tmp_path / "signals.csv"
    at = [T0_NS + i * 100 * S for i in (1, 2, 3)]
    file.write_text(
        f"time,name,value,symbol\n{at[0]},target,0.5,X\n{at[1]},target,-1,\n{at[1]},other,1,\n{at[2]},target,0,X\n"
    )
    test, _ = run(sample("signal_taker", most=40), recording(tmp_path / "q.csv"), signals=read_signals(file))
    found = [(fill["time_ns"], fill["side"], fill["qty"]) for fill in test.fills]
    assert found == [(at[0], "buy", "20"), (at[1], "sell", "60"), (at[2], "buy", "40")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("time,value\n1,2\n", "no column name"),
        ("time,name,value\n1,a,x\n", "line 2: could not convert"),
        ("time,name,value\n2020-01-01T00:00:00,a,1\n", "has no offset"),
        ("time,name,value\n1,,1\n", "without a name"),
    ],
)
def test_a_signal_that_is_none_is_told(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "signals.csv"
    file.write_text(text)
    with pytest.raises(BadSignals, match=says):
        read_signals(file)


def test_times_of_signals_are_exact(tmp_path: Path) -> None:
    file = tmp_path / "signals.csv"
    file.write_text("time,name,value\n2024-03-01T10:00:00.123456+01:00,a,1\n1709283600123456789,b,2\n")
    assert [each.time_ns for each in read_signals(file)] == [1709283600123456000, 1709283600123456789]


# ---- figures -----------------------------------------------------------------------------------------------


class Trades(Strategy):
    """Buys and sells at given quotes."""

    at_stop = "keep"
    plan: dict[int, tuple[str, int]] = {}  # noqa: RUF012  a test's own

    def on_start(self) -> None:
        self.n = 0

    def on_quote(self, quote: Any) -> None:
        if self.n in self.plan:
            self.submit("X", *self.plan[self.n])
        self.n += 1


def quotes(path: Path, prices: list[int]) -> Path:
    lines = [f"{T0_NS + i * S},{px}.00,900,{px}.00,900" for i, px in enumerate(prices)]
    path.write_text("ts,bid_px,bid_qty,ask_px,ask_qty\n" + "\n".join(lines) + "\n")
    return path


def test_the_figures_of_a_run_that_can_be_reckoned_by_hand(tmp_path: Path) -> None:
    prices = [100, 110, 90, 120, 120, 100, 105, 105]
    strategy = Trades()
    strategy.plan = {0: ("buy", 10), 3: ("sell", 4), 5: ("sell", 6)}
    test, report = run(strategy, quotes(tmp_path / "q.csv", prices), cash="10000", taker_fee_bps="10")
    curve, figures = results(test, report)
    # fees: 1, 0.48, 0.6; realised 80, 0
    at = {int(t - T0_NS) / S: e for t, e in zip(curve.times_ns, curve.equity, strict=True)}
    wanted = {0.5: 9999, 1.5: 10099, 2.5: 9899, 3.5: 10198.52, 5.5: 10077.92, 6.5: 10077.92}
    for second, equity in wanted.items():
        near = min(at, key=lambda t, s=second: abs(t - s))
        assert at[near] == pytest.approx(equity), second
    assert curve.equity[-1] == pytest.approx(float(report["equity"]))
    assert figures["closing_fills"] == 2
    assert figures["hit_rate"] == 0.5
    assert figures["profit_factor"] == pytest.approx((80 - 0.48) / 0.6)
    assert figures["turnover"] == pytest.approx(1000 + 480 + 600)
    assert figures["max_drawdown"] == pytest.approx(200)
    assert figures["total_return"] == pytest.approx(curve.equity[-1] / curve.equity[0] - 1)
    returns = np.diff(curve.equity) / curve.equity[:-1]
    a_year = 365.25 * 86400 * S / figures["sampled_every_ns"]
    assert figures["sharpe"] == pytest.approx(returns.mean() / returns.std() * a_year**0.5)
    assert figures["in_the_market"] == pytest.approx(5 / 7, abs=0.01)


def test_no_fills_no_figures(tmp_path: Path) -> None:
    test, report = run(Trades(), quotes(tmp_path / "q.csv", [100, 101, 102]))
    curve, figures = results(test, report)
    assert set(curve.equity) == {1_000_000.0}
    assert figures["hit_rate"] is figures["sharpe"] is figures["profit_factor"] is None
    assert figures["turnover"] == 0


# ---- files -------------------------------------------------------------------------------------------------


def test_the_page_and_the_tables(tmp_path: Path) -> None:
    path = recording(tmp_path / "q.csv")
    page, tables = tmp_path / "report.html", tmp_path / "tables"
    words = [
        "backtest", str(SAMPLES / "market_maker.py"), "--data", str(path), "--symbol", "X", "--venue", "V",
        "--report", str(page), "--parquet", str(tables), "-o", "json", "--maker-fee-bps", "0.1",
    ]  # fmt: skip
    done = CliRunner().invoke(root, words)
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert "journal" not in report
    assert report["replay_equal"]
    assert report["statistics"]["closing_fills"] > 0
    text = page.read_text()
    assert text.count("<svg") >= 2
    for word in ("equity, USD", "drawdown, USD", report["state_hash"], "arrival slippage", "sharpe"):
        assert word in text, word
    fills, orders, positions, equity = (
        pq.read_table(tables / f"{name}.parquet").to_pylist()
        for name in ("fills", "orders", "positions", "equity")
    )
    assert len(fills) == report["fills"]
    assert len(orders) == report["orders"]
    assert [row["time_ns"] for row in orders] == sorted(row["time_ns"] for row in orders)
    assert sum(float(row["cum_qty"]) for row in orders) == sum(float(row["qty"]) for row in fills)
    assert positions == report["positions"]
    assert equity[-1]["equity"] == pytest.approx(float(report["equity"]))


def test_looking_at_the_marks_changes_nothing(tmp_path: Path) -> None:
    path = recording(tmp_path / "q.csv", 300)
    seen, report = run(sample("ema_cross", fast=3, slow=9, qty=10), path)
    assert len(seen.marks.times_ns) > 250
    test = Backtest(
        sample("ema_cross", fast=3, slow=9, qty=10), [path], Options(symbol="X", venue="V"), Terms()
    )
    test.marks.period_ns = 0
    assert test.run()["state_hash"] == report["state_hash"]
