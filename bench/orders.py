"""Inputs of the bench at random, made beforehand, and what must come of them, counted without the core."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core import messages as m
from core.scenario.directory import Directory
from core.scenario.encoder import Encoder, Event
from core.scenario.reader import Line
from core.scenario.values import convert

type Array = np.ndarray[Any, np.dtype[Any]]

VENUE = 0
ORDERS_FROM, QUOTES_FROM, REPORTS_FROM = 0, 1, 64  # sources: the desk's ring, the feed's, the venue's
MAX_QTY = 1000  # of one order: the limit
EVENT_NS = 10_000  # from one order to the next, as their time stamps say
MIDDLE = 10_000  # price units round which everything is

HEAD: list[Any] = [
    ("time_ns", "<i8"),
    ("source_seq", "<u8"),
    ("kind", "<u2"),
    ("length", "<u2"),
    ("session", "<u4"),
    ("source", "u1"),
    ("flags", "u1"),
    ("pad", "u1", (6,)),
    ("pad2", "<u8", (2,)),
]
"""Of the sequencer's Input: what stands before its request."""


def input_type(request: np.dtype[Any]) -> np.dtype[Any]:
    """An Input with only as much request as its kind uses."""
    return np.dtype([*HEAD, ("request", request)])


ORDER = input_type(m.ORDER_EVENT)
REPORT = input_type(m.REPORT_EVENT)
QUOTE = input_type(m.QUOTE_EVENT)
FILLED = np.dtype([("order", ORDER), ("new", REPORT), ("trade", REPORT)])
"""A row of the second run: an order, and the acceptance and the full fill of another, chosen at random."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How much: symbols, accounts, orders that live before anything is timed; then what is timed."""

    symbols: int = 1000
    accounts: int = 8
    live: int = 1_000_000
    new: int = 500_000
    filled: int = 200_000
    quotes: int = 500_000
    seed: int = 1

    @property
    def orders(self) -> int:
        return self.live + self.new + self.filled


def declarations(shape: Shape) -> Iterator[Event]:
    """All that the orders refer to: instruments, a venue that answers by hand, accounts, limits."""
    encoder = Encoder("bench", Directory())
    for line in _lines(shape):
        kind, _, data = convert(line)
        yield from encoder.encode(Line(1, 0, kind, data))


def _lines(shape: Shape) -> Iterator[dict[str, Any]]:
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
        }
    yield {"type": "venue", "venue": "V", "mode": "manual", "symbols": symbols}
    accounts = [f"A{i}" for i in range(shape.accounts)]
    for account in accounts:
        yield {"type": "account", "account": account, "currency": "USD", "cash": "1000000"}
    for account in accounts:
        for check, value in limits(shape).items():
            yield {"type": "limit", "check": check, "value": value, "account": account}


def limits(shape: Shape) -> dict[str, str]:
    """A desk's limits, on each account: only the first is ever exceeded. Rate: over a second."""
    return {
        "max_order_qty": str(MAX_QTY),
        "max_order_notional": "1000000",
        "price_collar_bps": "500",
        "order_rate": str(messages_a_second(shape)),
        "max_position": "1000000000",
    }


def messages_a_second(shape: Shape) -> int:
    """What one account may send in a second: twice what each sends."""
    return 2 * 10**9 // (EVENT_NS * shape.accounts)


class Inputs:
    """Orders, reports and quotes of one shape, in their order, and the books that must come of them."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self._random = np.random.default_rng(shape.seed)
        self._popular = 1 / np.arange(1, shape.symbols + 1)  # Zipf's law, exponent 1
        self._popular /= self._popular.sum()
        self._made = self._reported = self._quoted = 0  # orders, reports, quotes
        self.expected = Expected()

    def declared(self, inputs: int) -> None:
        """So many inputs of the desk's ring came before the first order."""
        self._declared = inputs

    def orders(self, count: int) -> Array:
        """New limit orders for the venue; one of 200 is larger than its account may send."""
        rows = np.zeros(count, ORDER)
        self._fill_orders(rows)
        return rows

    def _fill_orders(self, rows: Array) -> None:
        count, number = len(rows), np.arange(self._made, self._made + len(rows))
        self._made += count
        _head(rows, m.Kind.ORDER, ORDERS_FROM, self._declared + number, m.ORDER_EVENT)
        request = rows["request"]
        request["cl_ord_id"] = names(b"C", number, 40)
        request["account"] = self._random.integers(self.shape.accounts, size=count)
        request["symbol"] = self._symbols(count)
        request["strategy"] = m.NONE
        request["venue"] = VENUE
        request["side"] = self._random.integers(2, size=count)
        request["ord_type"] = int(m.OrdType.LIMIT)
        request["flags"] = int(m.OrderFlag.HAS_PRICE | m.OrderFlag.HAS_QTY)
        large = self._random.random(count) < 1 / 200
        request["qty"] = np.where(large, 2 * MAX_QTY, self._random.integers(1, 101, size=count))
        request["price"] = MIDDLE + self._random.integers(-50, 51, size=count)
        self.expected.orders(request)

    def filled(self, count: int, live: Array) -> Array:
        """New orders, each followed by acceptance and fill of one of the `live`, none of them twice.

        live: the first orders that were made."""
        which = self.accepted(live)[:count]
        if len(which) < count:
            raise ValueError(
                f"{count} orders to fill, {len(which)} accepted ones live: ask for more live orders"
            )
        return self.fill(live["request"][which], which)

    def accepted(self, live: Array) -> Array:
        """Which of the orders were not too large, in random order."""
        return self._random.permutation(np.flatnonzero(live["request"]["qty"] <= MAX_QTY))

    def fill(self, chosen: Array, which: Array) -> Array:
        """A new order for each chosen one, and that one's acceptance and full fill.

        which: the chosen ones' numbers, as made."""
        count = len(chosen)
        rows = np.zeros(count, FILLED)
        self._fill_orders(rows["order"])
        number = self._reported + 2 * np.arange(count)
        self._reported += 2 * count
        for part, add, exec_type in (("new", 0, m.ExecType.NEW), ("trade", 1, m.ExecType.TRADE)):
            _head(rows[part], m.Kind.REPORT, REPORTS_FROM + VENUE, number + add, m.REPORT_EVENT)
            report = rows[part]["request"]
            report["venue"] = VENUE
            report["exec_type"] = int(exec_type)
            report["venue_seq"] = number + add + 1
            report["child_id"] = names(b"C", which, 56, b".1")
            report["exec_id"] = names(b"E", number + add, 40)
        rows["trade"]["request"]["last_qty"] = chosen["qty"]
        rows["trade"]["request"]["last_px"] = chosen["price"]
        self.expected.fills(chosen)
        return rows

    def opening(self) -> Array:
        """A quote of each symbol: what the first orders' prices are held against."""
        return self._quotes(np.arange(self.shape.symbols))

    def quotes(self, count: int) -> Array:
        """Quotes of the venue, one tick to some ticks wide."""
        return self._quotes(self._symbols(count))

    def _quotes(self, symbols: Array) -> Array:
        count = len(symbols)
        rows = np.zeros(count, QUOTE)
        _head(rows, m.Kind.QUOTE, QUOTES_FROM, self._quoted + np.arange(count), m.QUOTE_EVENT)
        self._quoted += count
        request = rows["request"]
        request["symbol"] = symbols
        request["venue"] = VENUE
        request["bid_px"] = MIDDLE - self._random.integers(1, 50, size=count)
        request["ask_px"] = MIDDLE + self._random.integers(1, 50, size=count)
        request["bid_qty"] = self._random.integers(1, 1000, size=count)
        request["ask_qty"] = self._random.integers(1, 1000, size=count)
        self.expected.quotes(request)
        return rows

    def _symbols(self, count: int) -> Array:
        return self._random.choice(self.shape.symbols, size=count, p=self._popular)


@dataclass(slots=True)
class Expected:
    """What the inputs must lead to, counted with Python's own integers; shares no code with the engines."""

    accepted: int = 0
    denied: int = 0
    filled: int = 0
    qty: Counter[tuple[int, int]] = field(default_factory=Counter)
    flow: Counter[tuple[int, int]] = field(default_factory=Counter)
    marks: dict[int, int] = field(default_factory=dict)

    def orders(self, request: Array) -> None:
        denied = int(np.count_nonzero(request["qty"] > MAX_QTY))
        self.denied += denied
        self.accepted += len(request) - denied

    def fills(self, chosen: Array) -> None:
        self.filled += len(chosen)
        columns = (chosen[name].tolist() for name in ("account", "symbol", "side", "qty", "price"))
        for account, symbol, side, qty, price in zip(*columns, strict=True):
            signed = -qty if side else qty
            self.qty[account, symbol] += signed
            self.flow[account, symbol] -= signed * price

    def quotes(self, request: Array) -> None:
        twice = (request["bid_px"] + request["ask_px"]).tolist()
        self.marks.update(zip(request["symbol"].tolist(), twice, strict=True))


def _head(rows: Array, kind: m.Kind, source: int, number: Array, request: np.dtype[Any]) -> None:
    rows["kind"] = int(kind)
    rows["length"] = request.itemsize
    rows["source"] = source
    rows["source_seq"] = number + 1
    rows["time_ns"] = EVENT_NS * number


def names(letter: bytes, numbers: Array, size: int, end: bytes = b"") -> Array:
    """A field of `size` bytes for each number: its length, the letter, nine digits, the end."""
    text = np.zeros((len(numbers), size), np.uint8)
    text[:, 0] = 10 + len(end)
    text[:, 1] = ord(letter)
    for place in range(9):
        text[:, 10 - place] = ord("0") + np.asarray(numbers) // 10**place % 10
    text[:, 11 : 11 + len(end)] = np.frombuffer(end, np.uint8)
    return text.view(f"V{size}")[:, 0]
