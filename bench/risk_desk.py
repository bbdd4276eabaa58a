"""A desk with many accounts and symbols, every one of its limits set and far away, and its core full of
orders."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.orders import HEAD, input_type
from bench.throughput_loop import Feed
from core import messages as m
from core.capacity import Capacity
from core.fused import Fused
from core.risk.inspect import holdings
from core.scenario.directory import Directory
from core.scenario.encoder import Encoder, Event
from core.scenario.reader import Line
from core.scenario.values import convert

ORDER = input_type(m.ORDER_EVENT)
CONFIG = np.dtype([*HEAD, ("request", "V256")])
MIDDLE = 10_000
FAR = "1000000000"
VALUES = {
    "permission": "buy",
    "max_order_qty": FAR,
    "max_order_notional": FAR,
    "price_collar_bps": "5000",
    "price_collar_ticks": "5000",
    "market_protection_bps": "100",
    "spread_bps": "5000",
    "market_data_age_s": FAR,
    "duplicate_content": "0.000001",
    "order_rate": "100",
    "repeated_execution": "100",
    "max_working_orders": "1000000000",
    "max_daily_orders": "1000000000",
    "order_trade_ratio": FAR,
    "max_position": FAR,
    "max_position_notional": "1000000000000",
    "short_sale": FAR,
    "min_cash": "-1000000000000",
    "margin": FAR,
    "gross_exposure": "1000000000000",
    "net_exposure": "1000000000000",
    "sector_exposure": "1000000000000",
    "max_daily_qty": FAR,
    "max_daily_notional": "1000000000000",
    "credit": "1000000000000",
    "self_trade": "cancel_newest",
    "daily_loss": "1000000000000",
    "drawdown": "1000000000000",
    "losing_streak": "1000000",
    "cancel_rate": "100",
    "max_daily_cancels": "1000000000",
}
CHECKS = tuple(VALUES)
"""All but `restricted`, which denies whatever it is on. All orders are bought, so that `permission` can
be set."""


@dataclass(frozen=True, slots=True)
class Shape:
    accounts: int = 1000
    symbols: int = 1000
    working: int = 120_000
    asked: int = 100_000
    new: int = 100_000
    flow: int = 20_000
    turns: int = 3
    seed: int = 1


class Desk:
    """A fused core with these checks on every account."""

    def __init__(self, shape: Shape, checks: Sequence[str], values: dict[str, str] | None = None) -> None:
        self.shape = shape
        self.core = Fused(capacity(shape, len(checks)))
        self.feed = Feed(self.core)
        self.random = np.random.default_rng(shape.seed)
        self.now_ns = 0
        self.count = 0
        self.source = 0
        self.feed.prefault()
        for event in declared(shape, checks, values or VALUES):
            self.tell(event)

    def tell(self, event: Event, time_ns: int = 0) -> None:
        """One input, and what follows from it."""
        row = np.zeros(1, CONFIG)
        self.source += 1
        row["source_seq"], row["kind"], row["length"] = self.source, event.kind, len(event.request)
        row["session"], row["time_ns"] = event.session, time_ns
        row["request"] = np.void(event.request.ljust(256, b"\0"))
        self.feed.run(row.view(np.uint8), row.itemsize, np.zeros(1, np.int64))

    def rows(self, count: int) -> np.ndarray[Any, Any]:
        """New orders at random: bought, below the market."""
        rows = np.zeros(count, ORDER)
        order = rows["request"]
        ids = np.arange(self.count, self.count + count)
        text = np.char.zfill(ids.astype("S"), 12)
        packed = np.zeros((count, 40), np.uint8)
        packed[:, 0] = 12
        packed[:, 1:13] = np.frombuffer(text.tobytes(), np.uint8).reshape(count, 12)
        order["cl_ord_id"] = packed.view("V40").reshape(count)
        order["account"] = self.random.integers(0, self.shape.accounts, count)
        order["symbol"] = self.random.integers(0, self.shape.symbols, count)
        order["strategy"], order["list_id"] = m.NONE, m.NONE
        order["venue"], order["ord_type"], order["time_in_force"] = 0, int(m.OrdType.LIMIT), 0
        order["flags"] = int(m.OrderFlag.HAS_PRICE | m.OrderFlag.HAS_QTY)
        order["qty"] = self.random.integers(1, 100, count)
        order["price"] = MIDDLE - 5 - self.random.integers(1, 400, count)
        self.count += count
        rows["kind"], rows["length"] = int(m.Kind.ORDER), m.ORDER_EVENT.itemsize
        rows["source_seq"] = np.arange(self.source + 1, self.source + 1 + count)
        rows["time_ns"] = self.now_ns + 10_000 * np.arange(1, count + 1)
        self.source += count
        self.now_ns += 10_000 * count
        return rows

    def fill_up(self) -> int:
        """So many working orders; how many there are."""
        self.run(self.rows(self.shape.working))
        self.core.raise_fault()
        return int(self.core.risk.life.statuses()[0].get(int(m.OrdStatus.PENDING_NEW), 0))

    def run(self, rows: np.ndarray[Any, Any]) -> int:
        """Every input through the whole core; ns on the processor, which others take turns on."""
        begun = time.thread_time_ns()
        self.feed.run(rows.view(np.uint8), rows.itemsize, np.zeros(1, np.int64))
        return time.thread_time_ns() - begun

    def denied(self) -> int:
        return self.count - sum(self.core.risk.life.statuses()[0].values())

    def asked(self, count: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """ORDER_EVENTs of positions that there are, and the positions."""
        rows = self.rows(count)["request"]
        self.source -= count
        places = np.array(
            [(p["account"], p["symbol"], p["position"]) for p in holdings(self.core.risk)], np.uint32
        )
        chosen = places[self.random.integers(0, len(places), count)]
        rows["account"], rows["symbol"] = chosen[:, 0], chosen[:, 1]
        return np.ascontiguousarray(rows).view(np.uint8), np.ascontiguousarray(chosen[:, 2])


def declared(shape: Shape, checks: Sequence[str], values: dict[str, str]) -> Iterator[Event]:
    """The events of `lines`."""
    encoder = Encoder("bench", Directory(), live=True)
    for line in lines(shape, checks, values):
        kind, _, data = convert(line)
        yield from encoder.encode(Line(1, 0, kind, data))


def capacity(shape: Shape, checks: int) -> Capacity:
    """Tables that fit."""
    orders = shape.working + shape.new + shape.asked + 1024
    positions = min(orders, shape.accounts * shape.symbols) + 1
    return Capacity(
        symbols=shape.symbols,
        accounts=shape.accounts,
        orders=orders,
        more_children=1024,
        ids=orders + 1024,
        fills=max(shape.flow, 1024),
        positions=positions,
        limits=checks * shape.accounts + 1,
        counters=checks * shape.accounts + 1,
        cells=positions,
        contents=1 << 18,
        rate_times=2400 * shape.accounts,
        lists=1024,
    )


def lines(shape: Shape, checks: Sequence[str], values: dict[str, str]) -> Iterator[dict[str, Any]]:
    symbols = [f"S{i}" for i in range(shape.symbols)]
    for symbol in symbols:
        yield {
            "type": "instrument",
            "symbol": symbol,
            "kind": "equity",
            "price_precision": 2,
            "qty_precision": 0,
            "tick": "0.01",
            "lot": "1",
            "currency": "USD",
            "sector": "tech",
        }
    yield {"type": "venue", "venue": "V", "mode": "manual", "symbols": symbols}
    for i in range(shape.accounts):
        yield {"type": "account", "account": f"A{i}", "currency": "USD", "cash": "1000000000"}
    for i in range(shape.accounts):
        for check in checks:
            yield {
                "type": "limit",
                "check": check,
                "value": values[check],
                "account": f"A{i}",
                "window_s": "0.01",
            }
    for symbol in symbols:
        yield {
            "type": "quote",
            "venue": "V",
            "symbol": symbol,
            "bid_px": "99.95",
            "bid_qty": "1000",
            "ask_px": "100.05",
            "ask_qty": "1000",
        }
