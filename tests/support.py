"""Runs of the core for tests: lines of a scenario fed to a core made as the test wants it."""

from __future__ import annotations

import json
from typing import Any

from core.backtest.recorded import Recorded
from core.capacity import Capacity
from core.scenario.directory import Directory
from core.scenario.encoder import Encoder
from core.scenario.printer import Printer
from core.scenario.reader import Line
from core.scenario.values import convert, parse_object

SMALL = Capacity(
    symbols=8,
    accounts=8,
    strategies=8,
    sessions=8,
    currencies=8,
    sectors=8,
    orders=256,
    more_children=1024,
    ids=1024,
    fills=4096,
    positions=64,
    limits=64,
    counters=256,
    cells=256,
    rate_times=4096,
    depths=8,
    spine=64,
    loopback=256,
)
DECLARED: list[dict[str, Any]] = [
    {
        "type": "instrument",
        "symbol": "AAPL",
        "kind": "equity",
        "price_precision": 2,
        "qty_precision": 0,
        "tick": "0.01",
        "lot": "1",
        "currency": "USD",
    },
    {"type": "venue", "venue": "XNAS", "mode": "match", "symbols": ["AAPL"], "taker_fee_bps": "0.30"},
    {"type": "venue", "venue": "MANU", "mode": "manual", "symbols": ["AAPL"], "maker_fee_bps": "-0.20"},
    {"type": "account", "account": "A1", "currency": "USD", "cash": "1000000"},
]
type Values = dict[str, Any]


def quote(
    venue: str = "XNAS", bid: str = "100.00", ask: str = "100.02", qty: str = "100", **more: Any
) -> Values:
    """A quote of AAPL."""
    line = {"type": "quote", "venue": venue, "symbol": "AAPL", "bid_px": bid, "bid_qty": qty, "ask_px": ask}
    return {**line, "ask_qty": qty, **more}


def order(cl_ord_id: str, side: str = "buy", qty: str = "10", **more: Any) -> Values:
    """A market order, routed, where `more` says nothing else."""
    line = {"type": "order", "cl_ord_id": cl_ord_id, "account": "A1", "symbol": "AAPL", "side": side}
    return {**line, "order_qty": qty, "ord_type": "market", **more}


class Run:
    """A core being fed lines; `printed` has what it printed, parsed."""

    def __init__(self, capacity: Capacity = SMALL, **made: Any) -> None:
        self.directory = Directory()
        self.encoder = Encoder("test", self.directory)
        self.printed: list[Values] = []
        self.count = 0
        self.at = 0
        self.recorded = Recorded(capacity, on_page=self._page, **made)
        self.printer = Printer(self.directory, self.recorded.core.egress.id_bytes, self.printed.append)

    def _page(self, raw: bytes) -> None:
        self.printer.page(raw)

    def feed(self, *lines: Values) -> list[Values]:
        """Feeds the lines, after those fed before; what they printed."""
        before = len(self.printed)
        for values in lines:
            line_type, at, data = convert(parse_object(json.dumps(values)))
            self.at = self.at if at is None else at
            self.count += 1
            self.printer.line = self.count
            for event in self.encoder.encode(Line(self.count, self.at, line_type, data)):
                self.recorded.feed(event.kind, self.at, event.request, event.session)
            self.printer.flush()
        return self.printed[before:]

    @property
    def state_hash(self) -> str:
        return self.recorded.core.state_hash()


def declared(**made: Any) -> Run:
    """A run with an instrument, a match venue, a manual venue and an account."""
    run = Run(**made)
    run.feed(*DECLARED)
    return run
