"""What a core for these tests declares, and its market."""

from __future__ import annotations

import contextlib
import json
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

from core.live.sample import EURUSD
from periphery.client.errors import NoAnswer

TICK = Decimal("0.00001")
DECLARED: list[dict[str, Any]] = [
    EURUSD,
    {
        "type": "instrument", "symbol": "BTCUSD", "kind": "spot", "price_precision": 2, "qty_precision": 8,
        "tick": "0.01", "lot": "0.00000001", "base_currency": "BTC", "currency": "USD",
    },
    {"type": "venue", "venue": "V1", "mode": "match", "symbols": ["EURUSD", "BTCUSD"], "taker_fee_bps": "0.2",
     "fee_precision": 2},
    {"type": "account", "account": "A", "currency": "USD", "cash": "100000000"},
]  # fmt: skip


class Feed:
    """Quotes of EURUSD, twenty a second, at a price that only a test moves (an order that is on its way to
    the touch must find it there); levels and trades of BTCUSD.
    """

    def __init__(self, client: Any, every_s: float = 0.05) -> None:
        self.client = client
        self.bid = Decimal("1.10000")
        self.every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feed")

    def start(self) -> None:
        for line in levels():
            self.client.market(line)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def move(self, ticks: int) -> None:
        self.bid += ticks * TICK

    def _run(self) -> None:
        n = 0
        while not self._stop.wait(self.every_s):
            n += 1
            with contextlib.suppress(NoAnswer):  # the core stands still: a case may want it so
                self._tell(n)

    def _tell(self, n: int) -> None:
        self.client.market(quote(self.bid) | {"bid_qty": str(10_000_000 + n % 2)})
        if n % 4 == 0:
            self.client.market(
                {"type": "trade", "venue": "V1", "symbol": "BTCUSD", "px": "60000.01", "qty": "0.00000003",
                 "aggressor": "buy"}
            )  # fmt: skip
            self.client.market(level("buy", "59999.99", str(n)))


def quote(bid: Decimal) -> dict[str, Any]:
    return {
        "type": "quote", "venue": "V1", "symbol": "EURUSD", "bid_px": str(bid), "bid_qty": "10000000",
        "ask_px": str(bid + 2 * TICK), "ask_qty": "10000000",
    }  # fmt: skip


def level(side: str, px: str, qty: str) -> dict[str, Any]:
    return {"type": "depth", "venue": "V1", "symbol": "BTCUSD", "side": side, "px": px, "qty": qty}


def levels() -> list[dict[str, Any]]:
    return [
        level("buy", "59999.99", "1.5"), level("buy", "59999.98", "2"), level("sell", "60000.01",
        "1.00000001"),
        level("sell", "60000.02", "3"),
    ]  # fmt: skip


def write(folder: Path, lines: list[dict[str, Any]] | None = None) -> Path:
    path = folder / "declared.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines or DECLARED))
    return path
