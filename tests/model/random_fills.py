"""A seeded day of random fills on manual venues, as groups of scenario lines that each stand alone."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.model.ledger import shown
from tests.model.reader import Reader

Group = list[str]
VENUES = ("XA", "XB")
ACCOUNTS = {"A1": "USD", "A2": "EUR", "A3": "BTC"}
RATES = {
    "EUR/USD": "1.0812", "GBP/USD": "1.27", "USD/JPY": "151.37", "USDT/USD": "0.9998",
    "BTC/USD": "43210.5", "ETH/USD": "2345.67", "EUR/GBP": "0.8513", "EUR/JPY": "163.66",
    "USDT/EUR": "0.9247", "BTC/EUR": "39965.2", "ETH/EUR": "2169.5", "BTC/GBP": "34024.01",
    "BTC/JPY": "6540773", "BTC/USDT": "43219.1", "ETH/BTC": "0.05428",
}  # fmt: skip


@dataclass(frozen=True)
class Symbol:
    """An instrument of the day; `px` is where its price starts, `lots` the most lots of an order."""

    symbol: str
    kind: str
    digits: tuple[int, int]
    tick: str
    lot: str
    currency: str
    px: str
    lots: int
    quoted: bool = True
    traded: bool = True
    marked: bool = False
    more: dict[str, Any] = field(default_factory=dict)

    def line(self) -> dict[str, Any]:
        """Its declaration."""
        price, qty = self.digits
        line = {"type": "instrument", "symbol": self.symbol, "kind": self.kind,
                "price_precision": price, "qty_precision": qty, "tick": self.tick,
                "lot": self.lot, "currency": self.currency}  # fmt: skip
        return line | self.more


def inverse(settle: str, multiplier: str) -> dict[str, Any]:
    """The further keys of an inverse perpetual."""
    return {"settle_currency": settle, "multiplier": multiplier, "inverse": True}


SYMBOLS = (
    Symbol("AAPL", "equity", (2, 0), "0.01", "1", "USD", "190.02", 300, marked=True),
    Symbol("VOD", "equity", (4, 0), "0.0001", "1", "GBP", "0.7215", 900, quoted=False),
    Symbol("BTCEUR", "spot", (2, 4), "0.01", "0.0001", "EUR", "39965.25", 9000),
    Symbol("EURUSD", "fx", (5, 0), "0.00001", "1000", "USD", "1.08123", 200),
    Symbol("USDJPY", "fx", (3, 0), "0.001", "1000", "JPY", "151.372", 200, quoted=False, traded=False),
    Symbol("ES", "future", (2, 0), "0.25", "1", "USD", "4010.25", 20, more={"multiplier": "50"}),
    Symbol("BTCUSDT", "perpetual", (1, 3), "0.1", "0.001", "USDT", "43219.1", 5000),
    Symbol("XBTUSD", "perpetual", (1, 0), "0.5", "1", "USD", "43210.5", 400, marked=True,
           more=inverse("BTC", "100")),
    Symbol("ETHUSD", "perpetual", (2, 0), "0.05", "1", "USD", "2345.65", 900, more=inverse("ETH", "10")),
)  # fmt: skip


def declarations() -> Group:
    """Instruments, venues (their fees differ in size and digits), accounts, rates."""
    names = [symbol.symbol for symbol in SYMBOLS]
    fees: tuple[dict[str, Any], ...]
    fees = ({"taker_fee_bps": "2.5", "maker_fee_bps": "-0.75"},
            {"taker_fee_bps": "10", "maker_fee_bps": "-1.25", "fee_precision": 6})  # fmt: skip
    lines: list[dict[str, Any]] = [symbol.line() for symbol in SYMBOLS]
    for venue, fee in zip(VENUES, fees, strict=True):
        lines.append({"type": "venue", "venue": venue, "mode": "manual", "symbols": names, **fee})
    for account, currency in ACCOUNTS.items():
        lines.append({"type": "account", "account": account, "currency": currency, "cash": "1000000"})
    lines += [{"type": "fx", "pair": pair, "rate": rate} for pair, rate in RATES.items()]
    return [json.dumps(line) for line in lines]


class Day:
    """Makes a day; it follows the model so as to aim at closes and flips of what is held."""

    def __init__(self, seed: int) -> None:
        """The same seed, the same day."""
        self.random = random.Random(seed)
        self.px = {symbol.symbol: Decimal(symbol.px) for symbol in SYMBOLS}
        self.reader = Reader()
        self.orders = 0
        self.fills = 0

    def groups(self, fills: int) -> Iterator[Group]:
        """Declarations and first quotes, then orders with their fills among market data."""
        yield self._played(declarations())
        yield self._played([self._quote(s, venue) for s in SYMBOLS if s.quoted for venue in VENUES])
        while self.fills < fills:
            symbol = self.random.choice(SYMBOLS)
            self._walk(symbol)
            data = self._market_data(symbol)
            if data:
                yield self._played(data)
            yield self._played(self._order(symbol, fills - self.fills))

    def _played(self, group: Group) -> Group:
        for line in group:
            self.reader.feed(json.loads(line))
        return group

    def _walk(self, symbol: Symbol) -> None:
        """Up to 0.5 % up or down, on the tick, within a third and three times the first price."""
        tick, first = Decimal(symbol.tick), Decimal(symbol.px)
        moved = self.px[symbol.symbol] * Decimal(1000 + self.random.randint(-5, 5)) / 1000
        self.px[symbol.symbol] = min(max(moved // tick, first // tick // 3), first // tick * 3) * tick

    def _market_data(self, symbol: Symbol) -> Group:
        """Now and then a quote, a trade of others, a mark, a rate."""
        lines, px = [], str(self.px[symbol.symbol])
        if symbol.quoted and self.random.random() < 0.3:
            lines.append(self._quote(symbol, self.random.choice(VENUES)))
        if symbol.traded and self.random.random() < 0.1:
            trade = {"type": "trade", "venue": self.random.choice(VENUES), "symbol": symbol.symbol}
            lines.append(json.dumps(trade | {"px": px, "qty": symbol.lot}))
        if symbol.marked and self.fills > 2000 and self.random.random() < 0.1:
            lines.append(json.dumps({"type": "mark", "symbol": symbol.symbol, "px": px}))
        if self.random.random() < 0.02:
            pair, rate = self.random.choice(list(RATES.items()))
            moved = Decimal(rate) * self.random.randint(90, 110) / 100
            lines.append(json.dumps({"type": "fx", "pair": pair, "rate": f"{moved:f}"}))
        return lines

    def _quote(self, symbol: Symbol, venue: str) -> str:
        px, tick, lot = self.px[symbol.symbol], Decimal(symbol.tick), Decimal(symbol.lot)
        bid, ask = px - tick * self.random.randint(0, 4), px + tick * self.random.randint(1, 4)
        line = {"type": "quote", "venue": venue, "symbol": symbol.symbol, "bid_px": str(bid),
                "bid_qty": str(lot * self.random.randint(1, 99)), "ask_px": str(ask),
                "ask_qty": str(lot * self.random.randint(1, 99))}  # fmt: skip
        return json.dumps(line)

    def _order(self, symbol: Symbol, fills_left: int) -> Group:
        """A direct order, sometimes acknowledged, filled whole in one to three trades."""
        self.orders += 1
        account, venue = self.random.choice(list(ACCOUNTS)), self.random.choice(VENUES)
        side, lots = self._aim(account, symbol)
        order = {"type": "order", "cl_ord_id": f"o{self.orders}", "account": account, "symbol": symbol.symbol,
                 "side": side, "order_qty": str(lots * Decimal(symbol.lot)), "venue": venue,
                 "ord_type": "limit", "price": str(self.px[symbol.symbol])}  # fmt: skip
        if symbol.quoted and self.random.random() < 0.3:
            order["ord_type"] = "market"
            del order["price"]
        lines = [order]
        if self.random.random() < 0.3:
            child = f"o{self.orders}.1"
            lines.append({"type": "report", "venue": venue, "child_id": child, "exec_type": "new"})
        lines += [self._trade(symbol, venue, side, part) for part in self._split(lots, min(3, fills_left))]
        return [json.dumps(line) for line in lines]

    def _aim(self, account: str, symbol: Symbol) -> tuple[str, int]:
        """Side and lots: close exactly, partly, flip what is held, or anything."""
        held = self._held_lots(account, symbol)
        side = "sell" if held > 0 else "buy"
        roll = self.random.random()
        if held and roll < 0.2:
            return side, abs(held)
        if abs(held) > 1 and roll < 0.45:
            return side, self.random.randint(1, abs(held) - 1)
        if held and roll < 0.65:
            return side, abs(held) + self.random.randint(1, symbol.lots)
        return self.random.choice(("buy", "sell")), self.random.randint(1, symbol.lots)

    def _held_lots(self, account: str, symbol: Symbol) -> int:
        holding = self.reader.ledger.holdings.get((account, symbol.symbol))
        return int(holding.position.qty / Fraction(symbol.lot)) if holding else 0

    def _split(self, lots: int, most: int) -> list[int]:
        """`lots` in one to `most` parts."""
        parts = []
        for _ in range(self.random.randint(1, most) - 1):
            if lots > 1:
                parts.append(self.random.randint(1, lots - 1))
                lots -= parts[-1]
        return [*parts, lots]

    def _trade(self, symbol: Symbol, venue: str, side: str, lots: int) -> dict[str, str]:
        """A trade at the order's price or up to three ticks better."""
        self.fills += 1
        better = Decimal(symbol.tick) * self.random.choice((0, 0, 1, 2, 3))
        px = self.px[symbol.symbol] + (-better if side == "buy" else better)
        line = {"type": "report", "venue": venue, "child_id": f"o{self.orders}.1", "exec_type": "trade",
                "exec_id": f"e{self.fills}", "last_qty": str(lots * Decimal(symbol.lot)),
                "last_px": str(px)}  # fmt: skip
        if self.random.random() < 0.4:
            line["liquidity"] = "maker"
        if self.random.random() < 0.08:
            line["fee"] = shown(Fraction(self.random.randint(-5_000, 20_000), 10_000), 4)
        return line
