"""How fast is a strategy on recordings? Quotes in memory, and a recorded day with its decoding."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench.fed import Timed
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


def walk(count: int, seed: int) -> Any:
    """A random walk, two to six ticks wide."""
    random = np.random.default_rng(seed)
    rows = np.zeros(count, EVENT)
    rows["kind"], rows["px_digits"] = 9, 5
    rows["recv_ts_ns"] = 1_000_000_000 + 1_000_000 * np.arange(count)
    rows["px"] = 110_000 + np.cumsum(random.integers(-2, 3, count))
    rows["ask_px"] = rows["px"] + random.integers(2, 7, count)
    rows["qty"] = rows["ask_qty"] = SHOWN
    return rows


def case(kind: Callable[[], Strategy], rows: Any) -> tuple[Timed, Fed]:
    """The strategy over the rows."""
    fed = Fed(kind())
    wall_ns, processor_ns = fed.play(rows)
    return Timed(len(rows), wall_ns, processor_ns), fed


def expected(rows: Any, orders: list[tuple[int, int]]) -> tuple[int, int]:
    """(position, cash x 10^5) of market orders (row, signed quantity), each at its row's touch."""
    qty = cash = 0
    for row, change in orders:
        price = int(rows[row]["ask_px"] if change > 0 else rows[row]["px"])
        qty += change
        cash -= change * price
    return qty, cash


def crossings(rows: Any) -> list[tuple[int, int]]:
    """What `Averages` asks for, over lists of its own."""
    fast = slow = 0.0
    held, found = 0, []
    for i, (bid, ask) in enumerate(
        zip((rows["px"] / 1e5).tolist(), (rows["ask_px"] / 1e5).tolist(), strict=True)
    ):
        mid = (bid + ask) / 2
        fast = fast + 0.002 * (mid - fast) if i else mid
        slow = slow + 0.0005 * (mid - slow) if i else mid
        side = 1 if fast >= slow else -1
        if i + 1 >= 2000 and side != held:
            found.append((i, side * (2000 if held else 1000)))
            held = side
    return found


def found(fed: Fed) -> tuple[int, int]:
    """(position, cash x 10^5) that the core came to; cash by its fills."""
    rows = fed.core.fill_rows()
    qty = [int(each) for each in rows["qty"]]
    return sum(qty), -sum(each * int(px) for each, px in zip(qty, rows["px"], strict=True))


def run(quotes: int, orders: int, seed: int, data: Path | None) -> dict[str, Any]:
    """Every case; `ok`: each came to what plain Python came to."""
    rows = walk(quotes, seed)
    some = rows[:orders]
    silent, _ = case(named(Silent), rows)
    empty, plain = case(named(Empty), rows)
    averages, crossed = case(Averages, rows)
    always, filled = case(Always, some)
    tenth, _ = case(Always, rows[: max(orders // 10, 1)])
    alternating = [(i, -1000 if i % 2 else 1000) for i in range(len(some))]
    equal = {
        "averages": found(crossed) == expected(rows, crossings(rows)),
        "filled": found(filled) == expected(some, alternating),
        "silent": case(named(Silent), some)[1].core.core.state_hash()
        == case(named(Empty), some)[1].core.core.state_hash(),
        "quotes": plain.core.core.sequencer.seq >= len(rows),
    }
    cases = {"no_handler": silent, "empty": empty, "averages": averages}
    told: dict[str, Any] = {"ok": all(equal.values())}
    told |= {f"{name}_quotes_per_s": per_second(timed) for name, timed in cases.items()}
    told |= {"filled_orders_per_s": per_second(always), "goals": GOALS}
    told["timed"] = {name: timed.told() for name, timed in (cases | {"filled": always}).items()}
    told["cost_ratio"] = round(always.processor_ns / always.count / (tenth.processor_ns / tenth.count), 3)
    told |= {"reference_equal": equal, "with_decoding": decoded(data), "fills": len(filled.core.fill_rows())}
    return told | {"shape": {"quotes": quotes, "orders": orders, "seed": seed}, "machine": machine()}


def per_second(timed: Timed) -> int:
    """Of the thread's time on its processor: it shares the machine."""
    return round(timed.count * 1e9 / timed.processor_ns)


def named(kind: type[Strategy]) -> type[Strategy]:
    """The session's name goes into the state: the same for both."""
    return type("Same", (kind,), {})


def decoded(data: Path | None) -> dict[str, Any]:
    """A recorded day from its file, read twice, as `nacre backtest` does; {} where there is none."""
    file = None if data is None else data / "fx" / "oanda_eurusd_tick_20140502.zip"
    if file is None or not file.exists():
        return {}
    test = Backtest(named(Empty)(), [file])
    began = time.thread_time_ns()
    report = test.run()
    ns = time.thread_time_ns() - began
    return {"rows": report["rows"], "processor_ns_each": round(ns / max(report["rows"], 1), 1)}
