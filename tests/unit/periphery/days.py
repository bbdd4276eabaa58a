"""Days of two or more instruments in a journal, for the engines that look at several."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from core import messages as m
from core.build import SCHEMA_VERSION, build_id
from core_ext.journal import JournalWriter
from periphery.service.config import Config
from periphery.service.engine import Engine
from periphery.service.runner import Runner
from periphery.service.state import read_said
from tests.support import Run

SECOND_NS = 1_000_000_000
SYMBOLS = ("AA", "BB", "CC", "DD")
DECLARED: list[dict[str, Any]] = [
    *(
        {
            "type": "instrument", "symbol": name, "kind": "equity", "price_precision": 2, "qty_precision": 0,
            "tick": "0.01", "lot": "1", "currency": "USD",
        }
        for name in SYMBOLS
    ),
    {"type": "venue", "venue": "XNAS", "mode": "match", "symbols": list(SYMBOLS), "taker_fee_bps": "0.30"},
    {"type": "account", "account": "A1", "currency": "USD", "cash": "1000000"},
]  # fmt: skip


def quote(symbol: str, mid: float, at: int) -> dict[str, Any]:
    """Two cents wide, around a price in cents."""
    return {
        "type": "quote", "venue": "XNAS", "symbol": symbol, "bid_px": f"{mid - 0.01:.2f}", "bid_qty": "9000",
        "ask_px": f"{mid + 0.01:.2f}", "ask_qty": "9000", "at": at,
    }  # fmt: skip


def walks(periods: int, seed: int) -> list[list[float]]:
    """Prices (periods, symbols) that move together, each by its own measure."""
    chance = random.Random(seed)
    prices, rows = [100.0, 50.0, 200.0, 80.0], []
    for _ in range(periods):
        market = chance.gauss(0, 0.004)
        moves = [chance.gauss(0, 0.003) + market * beta for beta in (1.0, 0.5, 1.5, 1.0)]
        prices = [price * (1 + move) for price, move in zip(prices, moves, strict=True)]
        rows.append([round(price, 2) for price in prices])
    return rows


class Day(Run):
    """A run that can say signals too, which no line of a scenario does."""

    def quotes(self, row: Sequence[float], at: int) -> None:
        """Of all symbols, at one time."""
        self.feed(*(quote(name, mid, at) for name, mid in zip(SYMBOLS, row, strict=True)))

    def signal_name(self, index: int, name: str) -> None:
        row = np.zeros((), m.NAME_EVENT)
        row["text"], row["index"], row["space"] = np.void(self.directory.field(name)), index, m.Space.SIGNAL
        self.recorded.feed(int(m.Kind.NAME), self.at, row.tobytes(), m.NONE)

    def signal(self, name: int, symbol: int, value: int) -> None:
        """value: in 10^-4."""
        row = np.zeros((), m.SIGNAL_EVENT)
        row["name"], row["symbol"], row["to"] = name, symbol, m.NONE
        row["mantissa"], row["exponent"] = value, -4
        self.recorded.feed(int(m.Kind.SIGNAL), self.at, row.tobytes(), m.NONE)


@contextmanager
def journaled(path: Path) -> Iterator[Day]:
    """A day that is written to a journal."""
    with JournalWriter(path, schema_version=SCHEMA_VERSION, build_id=build_id()) as journal:
        yield Day(journal=journal)


def day(
    path: Path, prices: Sequence[Sequence[float]], orders: dict[int, list[dict[str, Any]]] | None = None
) -> None:
    """Quotes of all symbols a second; then that second's orders, by its number."""
    with journaled(path) as run:
        run.feed(*DECLARED)
        for i, row in enumerate(prices):
            run.quotes(row, (i + 1) * SECOND_NS)
            for n, order in enumerate((orders or {}).get(i, [])):
                run.feed({"type": "order", "cl_ord_id": f"o{i}-{n}", "account": "A1", **order})


def market(symbol: str, side: str, qty: int, **more: str) -> dict[str, Any]:
    return {"symbol": symbol, "side": side, "order_qty": str(qty), "ord_type": "market", **more}


def said(kind: type[Engine], journal: Path, place: Path, params: dict[str, Any]) -> list[dict[str, Any]]:
    """All that an engine says over a journal, each with its time."""
    runner = Runner(kind, Config(journal=str(journal), state=str(place), params=params)).catch_up()
    runner.save()
    runner.close()
    return [{"time_ns": time_ns, **values} for _, time_ns, _, values in read_said(place / "outputs")]
