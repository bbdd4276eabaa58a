"""Binance spot as a core's venue: NautilusTrader's own clients in the gateway, at a replay server that keeps
records of its own.
"""

from __future__ import annotations

import csv
import json
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from periphery.client import Client, DenyEvent, OrderEvent, connect
from periphery.nautilus_trader.depth import short
from tests.integration.live_core import Process
from tests.nt.binance import BASE, QUOTE, Server

ROOT = Path(__file__).parents[2]
WAIT_S = 180.0
DECLARED: list[dict[str, Any]] = [
    {
        "type": "instrument", "symbol": "BTCUSDT", "kind": "spot", "price_precision": 2, "qty_precision": 5,
        "tick": "0.01", "lot": "0.00001", "base_currency": "BTC", "currency": "USDT",
    },
    {"type": "venue", "venue": "BINANCE", "mode": "manual", "symbols": ["BTCUSDT"], "taker_fee_bps": "10"},
    {"type": "account", "account": "A", "currency": "USDT", "cash": "500000"},
]  # fmt: skip


class Bridge:
    """A core, the exchange, a node with the gateway between them, and a desk."""

    def __init__(self, folder: Path, python: str) -> None:
        self.folder = folder
        self.python = python
        self.server = Server()
        self.port = self.server.start()
        self.core = Process(folder, "--wait", "sleep", declared=DECLARED)
        self.core.start()
        self.client: Client = connect(self.core.socket, name="desk")
        self.node: subprocess.Popen[str] | None = None
        self.said: list[dict[str, Any]] = []
        self.told: list[OrderEvent | DenyEvent] = []

    def gate(self, book: bool) -> None:
        """Start the node; until it is there."""
        command = [self.python, "-m", "tests.nt.binance_v1", str(self.core.socket), str(self.folder)]
        pipe = subprocess.PIPE
        self.node = subprocess.Popen(
            [*command, str(self.port), "book" if book else "quotes"],
            cwd=ROOT,
            stdin=pipe,
            stdout=pipe,
            text=True,
        )
        self.said = []
        threading.Thread(target=self._read, args=(self.node, self.said), daemon=True).start()
        self.until(lambda: self.now.get("up"), "the gateway is there")

    @staticmethod
    def _read(node: subprocess.Popen[str], said: list[dict[str, Any]]) -> None:
        assert node.stdout is not None
        said.extend(json.loads(line) for line in node.stdout if line.startswith("{"))

    @property
    def now(self) -> dict[str, Any]:
        return self.said[-1] if self.said else {}

    def until(self, true: Callable[[], Any], what: str) -> Any:
        end = time.monotonic() + WAIT_S
        while not (found := true()):
            if time.monotonic() > end:
                raise AssertionError(f"not within {WAIT_S} s: {what}; {self.now}, {self.states()}")
            while (event := self.client.poll()) is not None:
                if isinstance(event, OrderEvent | DenyEvent):
                    self.told.append(event)
            time.sleep(0.005)
        return found

    def shows(self, want: set[tuple[str, str, str]]) -> None:
        """The core's book of the venue: side, price, quantity."""

        def found() -> set[tuple[str, str, str]]:
            rows = self.client.request("levels", venue="BINANCE")["levels"]
            return {(side, short(Decimal(px)), short(Decimal(qty))) for _, side, px, qty in rows}

        self.until(lambda: found() == want, f"{want}, not {found()}")

    def order(self, name: str, qty: str, px: str, tif: str = "gtc", **more: Any) -> None:
        self.client.submit(
            "BTCUSDT", "buy", qty, "limit", px, account="A", venue="BINANCE", cl_ord_id=name,
            time_in_force=tif, **more,
        )  # fmt: skip

    def row(self, name: str) -> dict[str, Any]:
        rows = self.client.request("executions")["orders"]
        return next((row for row in rows if row["first_cl_ord_id"] == name), {})

    def is_at(self, name: str, status: str, filled: str = "0") -> None:
        def there() -> bool:
            row = self.row(name)
            return row.get("ord_status") == status and Decimal(row["cum_qty"]) == Decimal(filled)

        self.until(there, f"{name} {status}, {filled} filled: {self.row(name)}")

    def states(self) -> dict[str, str]:
        rows = self.client.request("executions")["orders"]
        return {row["first_cl_ord_id"]: f"{row['ord_status']} {row['cum_qty']}" for row in rows}

    def exec_types(self, name: str) -> list[str]:
        self.until(lambda: True, "")
        return [e.exec_type for e in self.told if isinstance(e, OrderEvent) and e.cl_ord_id == name]

    def denied(self, name: str) -> str:
        """Why, or nothing."""
        return next((e.reason for e in self.told if isinstance(e, DenyEvent) and e.cl_ord_id == name), "")

    def kill(self) -> None:
        assert self.node is not None
        self.node.kill()
        self.node.wait()
        self.until(lambda: self.client.request("status"), "the core")

    def close(self) -> None:
        if self.node is not None and self.node.poll() is None:
            self.node.kill()
            self.node.wait()
        self.client.close()
        self.server.stop()
        self.core.end()


def quotes_and_trades(b: Bridge) -> None:
    """60000.01 is more than 2^63 of 10^-16: it comes with every digit."""
    b.gate(book=False)
    b.until(lambda: {"bookTicker", "trade"} <= b.server.exchange.streams, "subscribed")
    b.server.do("quote", "60000.00000000", "1.50000000", "60000.01000000", "1.00001000")

    def quote() -> Any:
        each = b.client.poll_quote()
        return each if hasattr(each, "ask_px") else None

    got = b.until(quote, "the venue's quote is the core's")
    assert (str(got.ask_px), str(got.bid_px)) == ("60000.01", "60000.00"), got
    assert Decimal(str(got.ask_qty)) == Decimal("1.00001"), got
    b.server.do("trade", "60000.01000000", "0.00003000")
    b.until(lambda: len(b.client.request("levels", venue="BINANCE")["levels"]) == 2, "both sides")
    assert not b.now["lost_rows"], b.now
    b.kill()


def depth(b: Bridge) -> None:
    """A snapshot, a change, and a level that goes."""
    b.gate(book=True)
    want = {("buy", "60000", "1.5"), ("buy", "59999.99", "2"), ("sell", "60000.01", "1.00001"),
            ("sell", "60000.02", "3")}  # fmt: skip
    b.shows(want)
    b.server.do("depth", [["59999.99000000", "0.00000000"]], [["60000.01000000", "0.70000000"]])
    b.shows({("buy", "60000", "1.5"), ("sell", "60000.01", "0.7"), ("sell", "60000.02", "3")})


def orders(b: Bridge) -> None:
    b.order("takes", "0.5", "60000.01", "ioc")
    b.is_at("takes", "filled", "0.5")
    (fill,) = b.client.request("executions")["fills"]
    assert (fill["px"], Decimal(fill["qty"])) == ("60000.01", Decimal("0.5")), fill
    assert Decimal(fill["fee"]) == Decimal("0.0005") * Decimal("60000.01"), fill  # 0.0005 BTC
    b.order("rests", "0.1", "59000.5")
    b.is_at("rests", "new")
    b.server.do("fill", "rests.1", Decimal("0.04"))
    b.is_at("rests", "partially_filled", "0.04")
    b.client.cancel("rests", "rests-c")
    b.is_at("rests", "canceled", "0.04")
    b.order("late", "0.1", "59000", "ioc")
    b.until(
        lambda: b.row("late").get("ord_status") in ("expired", "canceled"), "an IOC that takes nothing ends"
    )


def rejection(b: Bridge) -> None:
    b.order("crosses", "0.1", "60000.01", post_only=True)
    b.is_at("crosses", "rejected")


def rejection_in_doubt(b: Bridge) -> None:
    """503: it may be there or not. The client calls both rejected, and only the second one is."""
    b.server.exchange.doubts["after"] = 1
    b.order("taken", "0.1", "58000")
    b.is_at("taken", "new")
    b.server.do("fill", "taken.1", Decimal("0.06"))
    b.is_at("taken", "partially_filled", "0.06")
    assert "rejected" not in b.exec_types("taken"), b.exec_types("taken")
    b.client.cancel("taken", "taken-c")
    b.is_at("taken", "canceled", "0.06")
    b.server.exchange.doubts["before"] = 1
    b.order("lost", "0.1", "58000")
    b.is_at("lost", "rejected")


def reconnect(b: Bridge) -> None:
    """While the venue is away its children are unknown, counted, and not sent again."""
    for name in ("stays", "fills", "goes"):
        b.order(name, "0.2", "57000")
        b.is_at(name, "new")
    b.server.leave()
    b.until(lambda: not b.now["up"], "the gateway sees it")
    b.until(lambda: set(b.now["unknown"]) == {"stays.1", "fills.1", "goes.1"}, "they are unknown")
    b.server.do("fill", "fills.1", Decimal("0.2"))
    b.client.cancel("goes", "goes-c")
    b.order("meanwhile", "0.1", "57000")
    b.until(lambda: b.denied("meanwhile") == "venue_down", "denied")
    assert b.row("stays")["ord_status"] == b.row("fills")["ord_status"] == "new", b.states()
    assert Decimal(b.row("fills")["leaves_qty"]) == Decimal("0.2"), b.states()
    b.server.come()
    b.is_at("fills", "filled", "0.2")
    b.is_at("goes", "canceled")
    b.is_at("stays", "new")
    b.until(lambda: b.now["up"] and not b.now["unknown"], "nothing is unknown any more")


def killed_gateway(b: Bridge) -> None:
    """What happened while there was no gateway is found out by the next one."""
    b.order("orphan", "0.3", "56000")
    b.is_at("orphan", "new")
    b.server.do("fill", "orphan.1", Decimal("0.1"))
    b.is_at("orphan", "partially_filled", "0.1")
    b.kill()
    b.order("unheard", "0.1", "56000")
    b.until(lambda: b.denied("unheard") == "venue_down", "denied")
    b.server.do("fill", "orphan.1", Decimal("0.05"))
    b.server.do("fill", "stays.1", Decimal("0.2"))
    b.server.do("depth", [["60000.00000000", "0.00000000"]], [])
    b.gate(book=True)
    b.shows({("sell", "60000.01", "0.7"), ("sell", "60000.02", "3")})
    b.is_at("stays", "filled", "0.2")
    b.is_at("orphan", "partially_filled", "0.15")
    b.client.cancel("orphan", "orphan-c")
    b.is_at("orphan", "canceled", "0.15")


def records_agree(b: Bridge) -> None:
    """Each order was there once, each fill here once; and the account."""
    exchange = b.server.exchange
    assert set(exchange.news.values()) == {1}, exchange.news
    fills: dict[str, Decimal] = {}
    rows = b.client.request("executions")["fills"]
    for row in rows:
        name = row["first_cl_ord_id"]
        fills[name] = fills.get(name, Decimal(0)) + Decimal(row["qty"])
    there = {
        each.client_id.rpartition(".")[0]: each.filled for each in exchange.orders.values() if each.filled
    }
    assert fills == there, (fills, there)
    assert len(rows) == sum(len(each.trades) for each in exchange.orders.values()), rows

    def balances() -> bool:
        with (b.folder / "balances.csv").open() as file:
            found = {row["symbol"]: Decimal(row["qty"]) for row in csv.DictReader(file)}
        return found == {"BTCUSDT": exchange.held[BASE], QUOTE: exchange.held[QUOTE]}

    b.until(balances, f"the account: {exchange.held}")


CASES = [
    quotes_and_trades,
    depth,
    orders,
    rejection,
    rejection_in_doubt,
    reconnect,
    killed_gateway,
    records_agree,
]


def run(python: str) -> int:
    """Exit code. They build on each other: the first that fails is the last."""
    with tempfile.TemporaryDirectory(prefix="nacre-nt-") as folder:
        bridge = Bridge(Path(folder), python)
        try:
            for case in CASES:
                try:
                    case(bridge)
                except Exception as wrong:  # whatever it is, it is the case's
                    print(f"binance: {case.__name__} failed: {type(wrong).__name__}: {wrong}", flush=True)
                    return 1
                print(f"binance: {case.__name__} passed", flush=True)
        finally:
            bridge.close()
    return 0
