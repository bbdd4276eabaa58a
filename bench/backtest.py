"""How fast is a strategy on recordings? Quotes in memory, so that decoding is told apart; one recorded day with it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.machine import machine
from core.data.instruments import Instrument, Listing
from core.data.play import Player
from core.data.reader import EVENT
from core.session.market import Quote
from periphery.strategy import Strategy
from periphery.strategy.backtest import Backtest, Terms

GOALS = {
    "no_handler_quotes_per_s": 10_000_000,
    "empty_quotes_per_s": 3_000_000,
    "averages_quotes_per_s": 1_500_000,
    "filled_orders_per_s": 300_000,
}
CHUNK = 4096  # rows a reader hands on at once
SHOWN = 1_000_000
FEE_BPS = "0.2"


@dataclass(frozen=True, slots=True)
class Shape:
    """quotes: rows of a case. orders: rows on each of which an order is filled."""

    quotes: int = 1_000_000
    orders: int = 100_000
    seed: int = 1


class Silent(Strategy):
    """No handler at all."""


class Empty(Strategy):
    """A handler that does nothing."""

    def on_quote(self, quote: Quote) -> None:
        pass


class Averages(Strategy):
    """Reads bid and ask, keeps two averages, trades when they cross."""

    def on_start(self) -> None:
        self.fast = self.slow = 0.0
        self.count = 0
        self.held: str | None = None

    def on_quote(self, quote: Quote) -> None:
        mid = (quote.bid + quote.ask) / 2
        if self.count:
            self.fast += 0.002 * (mid - self.fast)
            self.slow += 0.0005 * (mid - self.slow)
        else:
            self.fast = self.slow = mid
        self.count += 1
        if self.count < 2000:
            return
        side = "buy" if self.fast >= self.slow else "sell"
        if side != self.held:
            self.submit("X", side, 1000 if self.held is None else 2000, time_in_force="ioc")
            self.held = side


class Always(Strategy):
    """An order on each quote, on one side and then on the other."""

    def on_start(self) -> None:
        self.side = "sell"

    def on_quote(self, quote: Quote) -> None:
        self.side = "buy" if self.side == "sell" else "sell"
        self.submit("X", self.side, 1000, venue="V")


class Fed(Backtest):
    """A backtest whose rows lie in memory."""

    def __init__(self, strategy: Strategy) -> None:
        instrument = Instrument("X", "X", "fx", 5, 0, ["V"])
        self.given = Listing({("X", "fx"): instrument}, ["V"])
        super().__init__(strategy, [], terms=Terms(taker_fee_bps=FEE_BPS, cash="0"))

    def _listed(self) -> Listing:
        return self.given

    def play(self, rows: Any) -> tuple[int, int]:
        """(wall, processor) ns."""
        symbol = self.book.directory.symbols["X"]
        table = np.array([[symbol.index, symbol.price_precision, symbol.qty_precision]], np.int64)
        player = Player(self.core, table, self.book.directory.venues["V"])
        self.take_over()
        self.strategy.on_start()
        began, worked = time.perf_counter_ns(), time.thread_time_ns()
        for at in range(0, len(rows), CHUNK):
            player.play(rows[at : at + CHUNK])
        return time.perf_counter_ns() - began, time.thread_time_ns() - worked


def quotes(count: int, seed: int) -> Any:
    """A random walk, two to six ticks wide."""
    random = np.random.default_rng(seed)
    rows = np.zeros(count, EVENT)
    rows["kind"], rows["px_digits"] = 9, 5
    rows["recv_ts_ns"] = 1_000_000_000 + 1_000_000 * np.arange(count)
    rows["px"] = 110_000 + np.cumsum(random.integers(-2, 3, count))
    rows["ask_px"] = rows["px"] + random.integers(2, 7, count)
    rows["qty"] = rows["ask_qty"] = SHOWN
    return rows


def case(kind: Callable[[], Strategy], rows: Any) -> tuple[dict[str, Any], Fed]:
    fed = Fed(kind())
    wall, worked = fed.play(rows)
    told = {"count": len(rows), "ns_each": round(wall / len(rows), 1), "processor_ns_each": round(worked / len(rows), 1)}
    return told, fed
