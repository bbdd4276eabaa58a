"""The books that the reference of risk reckons with: what was declared, prices, orders, fills, their sums.

A sum is made anew whenever somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from .records import Fill, Limit, Line, NoRate, Order, Unknown

KEYS = ("account", "strategy", "symbol", "venue", "session", "sector")
CASH_KINDS = ("equity", "spot")


class Books:
    """Lines that say something, and what it comes to."""

    def __init__(self) -> None:
        self.instruments: dict[str, Line] = {}
        self.accounts: dict[str, Line] = {}
        self.venues: dict[str, Line] = {}
        self.limits: list[Limit] = []
        self.rates: dict[tuple[str, str], Fraction] = {}
        self.orders: dict[str, Order] = {}
        self.names: dict[str, str] = {}
        self.fills: list[Fill] = []
        self.history: list[tuple[Order, Fraction, Fraction, bool]] = []
        self.by_exec: dict[str, Fill] = {}
        self.opened: list[Line] = []
        self.quotes: dict[tuple[str, str], Line] = {}
        self.quoted: dict[str, int] = {}
        self.last: dict[str, Fraction] = {}
        self.marks: dict[str, Fraction] = {}
        self.references: dict[str, Fraction] = {}
        self.own_last: dict[str, Fraction] = {}
        self.states: dict[tuple[str, str], str] = {}
        self.messages: list[tuple[int, Order, str]] = []
        self.now = 0
        self.day = 0

    # ---- what is declared, the market ----

    def _instrument(self, line: Line) -> None:
        self.instruments[line["symbol"]] = line

    def _account(self, line: Line) -> None:
        self.accounts[line["account"]] = line

    def _venue(self, line: Line) -> None:
        self.venues[line["venue"]] = line

    def _fx(self, line: Line) -> None:
        base, quote = line["pair"].split("/")
        self.rates[base, quote] = Fraction(line["rate"])

    def _quote(self, line: Line) -> None:
        self.quotes[line["venue"], line["symbol"]] = line
        self.quoted[line["symbol"]] = self.now

    def _trade(self, line: Line) -> None:
        self.last[line["symbol"]] = Fraction(line["px"])

    def _reference(self, line: Line) -> None:
        self.references[line["symbol"]] = Fraction(line["px"])

    def _open_position(self, line: Line) -> None:
        self.opened.append(line)

    # ---- prices and money ----

    def _best(self, symbol: str) -> tuple[Fraction | None, Fraction | None]:
        of = [q for (_, name), q in self.quotes.items() if name == symbol]
        bids = [Fraction(q["bid_px"]) for q in of if Fraction(q["bid_qty"]) > 0]
        asks = [Fraction(q["ask_px"]) for q in of if Fraction(q["ask_qty"]) > 0]
        return max(bids, default=None), min(asks, default=None)

    def _mark_of(self, symbol: str) -> Fraction:
        bid, ask = self._best(symbol)
        if symbol in self.marks:
            return self.marks[symbol]
        if bid is not None and ask is not None:
            return (bid + ask) / 2
        for known in (self.last, self.own_last):
            if symbol in known:
                return known[symbol]
        raise Unknown

    def _value(self, symbol: str, qty: Fraction, px: Fraction) -> Fraction:
        return qty * px * Fraction(self.instruments[symbol].get("multiplier", "1"))

    def _convert(self, money: Fraction, base: str, quote: str) -> Fraction:
        if base == quote:
            return money
        if (base, quote) in self.rates:
            return money * self.rates[base, quote]
        if (quote, base) in self.rates:
            return money / self.rates[quote, base]
        raise NoRate

    def _currency(self, symbol: str) -> str:
        instrument = self.instruments[symbol]
        return str(instrument.get("settle_currency", instrument["currency"]))

    # ---- whom a limit is about ----

    def _keys(self, thing: Order | Line) -> dict[str, Any]:
        if isinstance(thing, Order):
            keys = {key: getattr(thing, key, None) for key in KEYS}
        else:
            keys = {"account": thing["account"], "symbol": thing["symbol"]}
        keys["sector"] = self.instruments[keys["symbol"]].get("sector")
        return keys

    def _applies(self, limit: Limit, keys: dict[str, Any]) -> bool:
        return limit.value != "off" and all(keys.get(k) == v for k, v in limit.scope.items())

    def _key(self, limit: Limit, keys: dict[str, Any]) -> Any:
        return keys.get(limit.each) if limit.each else ""

    def _by_position(self, limit: Limit) -> bool:
        return not {"strategy", "session", "venue"} & (set(limit.scope) | {limit.each or ""})

    def _orders_of(self, limit: Limit, key: Any) -> Iterator[Order]:
        for order in self.orders.values():
            keys = self._keys(order)
            if self._applies(limit, keys) and self._key(limit, keys) == key:
                yield order

    def _fills_of(self, limit: Limit, key: Any) -> Iterator[Fill]:
        for fill in self.fills:
            keys = self._keys(fill.order)
            if fill.live and self._applies(limit, keys) and self._key(limit, keys) == key:
                yield fill

    def _opened_of(self, limit: Limit, key: Any) -> Iterator[Line]:
        for line in self.opened if self._by_position(limit) else ():
            keys = self._keys(line)
            if self._applies(limit, keys) and self._key(limit, keys) == key:
                yield line

    def _tallies(self, limit: Limit) -> list[Any]:
        found: dict[Any, None] = {}
        for thing in (*self.orders.values(), *(self.opened if self._by_position(limit) else ())):
            keys = self._keys(thing)
            if self._applies(limit, keys):
                found[self._key(limit, keys)] = None
        return list(found)

    def _limit_currency(self, limit: Limit, keys: dict[str, Any]) -> str:
        if limit.currency:
            return limit.currency
        account = limit.scope.get("account") or keys["account"]
        return str(self.accounts[account]["currency"])

    # ---- what is counted ----

    def _held(self, limit: Limit, key: Any) -> list[tuple[str, Fraction, Fraction, Fraction]]:
        """(symbol, quantity, working buys, working sells) of the limit's tally."""
        out: dict[str, list[Fraction]] = {}
        for line in self._opened_of(limit, key):
            out.setdefault(line["symbol"], [Fraction(0)] * 3)[0] += Fraction(line["qty"])
        for order in self._orders_of(limit, key):
            row = out.setdefault(order.symbol, [Fraction(0)] * 3)
            row[0] += order.cum if order.buys else -order.cum
            row[1 if order.buys else 2] += order.working()
        return [(symbol, *row) for symbol, row in out.items()]

    def _exposed(
        self, limit: Limit, key: Any, currency: str
    ) -> tuple[Fraction, Fraction, Fraction, Fraction]:
        """(gross, up, down, margined) in money of now."""
        gross = up = down = margined = Fraction(0)
        for symbol, qty, buys, sells in self._held(limit, key):
            if (qty, buys, sells) == (0, 0, 0):
                continue
            high = self._value(symbol, qty + buys, self._mark_of(symbol))
            low = self._value(symbol, qty - sells, self._mark_of(symbol))
            high, low = (self._convert(x, self._currency(symbol), currency) for x in (high, low))
            gross += max(abs(high), abs(low))
            up, down = up + high, down + low
            margin = Fraction(self.instruments[symbol].get("margin_bps", "10000"))
            margined += max(abs(high), abs(low)) * margin / 10**4
        return gross, up, down, margined

    def _turned(self, limit: Limit, key: Any, currency: str, *, buys: bool) -> Fraction:
        total = Fraction(0)
        for fill in self._fills_of(limit, key):
            if fill.day == self.day and (fill.order.buys or not buys):
                money = self._value(fill.order.symbol, fill.qty, fill.px)
                total += self._convert(money, self._currency(fill.order.symbol), currency)
        for order in self._orders_of(limit, key):
            if order.buys or not buys:
                money = self._working_money(order)
                total += self._convert(money, self._currency(order.symbol), currency)
        return total

    def _working_money(self, order: Order) -> Fraction:
        return order.working_value(lambda qty, px: self._value(order.symbol, qty, abs(px)))

    def _cash(self, account: str, currency: str) -> Fraction:
        total = self._convert(
            Fraction(self.accounts[account].get("cash", "0")), self.accounts[account]["currency"], currency
        )
        for symbol in self.instruments:
            cash_kind = self.instruments[symbol]["kind"] in CASH_KINDS
            fills = [
                f for f in self.fills if f.live and (f.order.account, f.order.symbol) == (account, symbol)
            ]
            if cash_kind:
                moved = sum((-self._signed(f) for f in fills), Fraction(0))
            else:
                moved = self._realized(account, symbol, fills)
            moved -= sum((f.fee for f in fills), Fraction(0))
            total += self._convert(moved, self._currency(symbol), currency)
        return total

    def _signed(self, fill: Fill) -> Fraction:
        value = self._value(fill.order.symbol, fill.qty, fill.px)
        return value if fill.order.buys else -value

    def _realized(self, account: str, symbol: str, fills: list[Fill]) -> Fraction:
        """By average cost; exact, where the ledger rounds in its last digit."""
        qty = cost = realized = Fraction(0)
        for line in self.opened:
            if (line["account"], line["symbol"]) == (account, symbol):
                qty, cost = Fraction(line["qty"]), abs(Fraction(line["qty"])) * Fraction(line["avg_cost"])
        for fill in fills:
            qty, cost, gain = book(qty, cost, fill.qty if fill.order.buys else -fill.qty, fill.px)
            realized += gain
        return self._value(symbol, realized, Fraction(1))

    def _equity(self, account: str, currency: str) -> Fraction:
        total = self._convert(
            Fraction(self.accounts[account].get("cash", "0")), self.accounts[account]["currency"], currency
        )
        for symbol in self.instruments:
            fills = [
                f for f in self.fills if f.live and (f.order.account, f.order.symbol) == (account, symbol)
            ]
            flow = sum((-self._signed(f) - f.fee for f in fills), Fraction(0))
            qty = sum((f.qty if f.order.buys else -f.qty for f in fills), Fraction(0))
            for line in self.opened:
                if (line["account"], line["symbol"]) == (account, symbol):
                    qty += Fraction(line["qty"])
                    if self.instruments[symbol]["kind"] not in CASH_KINDS:
                        flow -= self._value(symbol, Fraction(line["qty"]), Fraction(line["avg_cost"]))
            if qty:
                flow += self._value(symbol, qty, self._mark_of(symbol))
            total += self._convert(flow, self._currency(symbol), currency)
        return total

    def _wealth(self, limit: Limit, key: Any, of: Any, currency: str) -> Fraction:
        account = key if limit.each == "account" else limit.scope.get("account")
        accounts = [account] if account else list(self.accounts)
        return sum((of(name, currency) for name in accounts), Fraction(0))

    def _profit(self, limit: Limit, key: Any) -> Fraction:
        """Realised and unrealised less fees of the tally's fills, since ever."""
        total = Fraction(0)
        symbols = {symbol for symbol, *_ in self._held(limit, key)}
        currency = limit.currency or str(self.accounts[limit.scope.get("account") or key]["currency"])
        for symbol in symbols:
            flow = qty = Fraction(0)
            for line in self._opened_of(limit, key):
                if line["symbol"] == symbol:
                    qty += Fraction(line["qty"])
                    flow -= self._value(symbol, Fraction(line["qty"]), Fraction(line["avg_cost"]))
            for fill in self._fills_of(limit, key):
                if fill.order.symbol == symbol:
                    qty += fill.qty if fill.order.buys else -fill.qty
                    flow += -self._signed(fill) - fill.fee
            if qty:
                flow += self._value(symbol, qty, self._mark_of(symbol))
            total += self._convert(flow, self._currency(symbol), currency)
        return total


def book(
    qty: Fraction, cost: Fraction, signed: Fraction, px: Fraction
) -> tuple[Fraction, Fraction, Fraction]:
    """(quantity, its cost, what is realised) after a signed fill; average cost."""
    if qty == 0 or (qty > 0) == (signed > 0):
        return qty + signed, cost + abs(signed) * px, Fraction(0)
    closes = min(abs(signed), abs(qty))
    released = cost * closes / abs(qty)
    gain = closes * px - released if qty > 0 else released - closes * px
    rest = abs(signed) - closes
    return qty + signed, cost - released + rest * px, gain
