"""What nothing compiled tells is what the compiled tells, to the last bit."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

from core.data.recording import Options
from periphery.strategy import Strategy, market
from periphery.strategy.backtest import Backtest

T0_NS = 1_700_000_000 * 10**9
MEMBERS = {
    "quote": ("symbol", "venue", "time_ns", "bid", "ask", "mid", "bid_size", "ask_size", "bid_px", "ask_px",
              "bid_qty", "ask_qty", "bid_units", "ask_units", "bid_qty_units", "ask_qty_units"),
    "trade": ("symbol", "venue", "time_ns", "side", "price", "size", "px", "qty", "px_units", "qty_units"),
    "bar": ("symbol", "every", "start_ns", "end_ns", "open", "high", "low", "close", "volume", "count"),
}  # fmt: skip
EVERY = ("1s", "7t", "250v", "300ms")


class Seen(Strategy):
    at_stop = "keep"

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, Any]] = []

    def on_start(self) -> None:
        for every in EVERY:
            self.bars("X", every, "trades")

    def on_trade(self, trade: Any) -> None:
        self.told.append(("trade", trade))

    def on_bar(self, bar: Any) -> None:
        self.told.append(("bar", bar))


class Quotes(Seen):
    def on_start(self) -> None:
        self.bars("X", "1s")

    def on_quote(self, quote: Any) -> None:
        self.told.append(("quote", quote))


def members(kind: str, told: Any) -> tuple[Any, ...]:
    return tuple(getattr(told, name) for name in MEMBERS[kind])


def run(strategy: Seen, path: Path, kind: str) -> list[tuple[str, Any]]:
    test = Backtest(strategy, [path], Options(symbol="X", venue="V", kind=kind))
    test.run()
    return strategy.told


def test_quotes_have_the_same_members(tmp_path: Path) -> None:
    random = Random(1)
    path = tmp_path / "quotes.csv"
    lines = ["ts,bid_px,bid_qty,ask_px,ask_qty"]
    for i in range(200):
        bid = 100 + random.randrange(1000) / 1000
        lines.append(f"{T0_NS + i * 37_000_000},{bid:.3f},{random.randrange(1, 99)},{bid + 0.002:.3f},7.25")
    path.write_text("\n".join(lines) + "\n")
    for kind, told in run(Quotes(), path, "quote"):
        if kind == "bar":
            continue
        place = market.Place(told.symbol, told.venue, 3, 2)
        own = market.Quote(
            place, told.time_ns, told.bid_units, told.bid_qty_units, told.ask_units, told.ask_qty_units
        )
        assert members("quote", own) == members("quote", told)
        assert repr(own) == repr(told)


def test_trades_and_their_bars_are_the_same(tmp_path: Path) -> None:
    random = Random(2)
    path = tmp_path / "trades.csv"
    lines = ["ts,px,qty,side"]
    for i in range(500):
        at = T0_NS + i * random.randrange(20_000_000, 40_000_000)
        lines.append(f"{at},{100 + random.randrange(1000) / 1000:.3f},{random.randrange(1, 99)},buy")
    lines[1:] = sorted(lines[1:])
    path.write_text("\n".join(lines) + "\n")
    told = run(Seen(), path, "trade")
    builders = [market.BarBuilder(every, True) for every in EVERY]
    bars: list[market.Bar] = []
    for kind, trade in told:
        if kind != "trade":
            continue
        place = market.Place(trade.symbol, trade.venue, 3, 0)
        own = market.Trade(place, trade.time_ns, trade.px_units, trade.qty_units, 0)
        assert members("trade", own) == members("trade", trade)
        for builder in builders:
            if builder.span_ns and builder.bar is not None and trade.time_ns >= builder.bar.end_ns:
                closed = builder.close()
                assert closed is not None
                bars.append(closed)
            full = builder.add("X", trade.time_ns, trade.price, trade.size)
            if full is not None:
                bars.append(full)

    def order(bar: Any) -> tuple[Any, ...]:
        return members("bar", bar)

    assert sorted(map(order, bars)) == sorted(members("bar", bar) for kind, bar in told if kind == "bar")
    assert len(bars) > 50


def test_a_bar_that_cant_be_is_named() -> None:
    with pytest.raises(ValueError, match="bars every '5x': a number and one of"):
        market.BarBuilder("5x", False)
