"""Positions and money as SCENARIOS "Money" says them: a naive model in exact fractions.

It imports nothing of core. Every quantity, price and amount is a `Fraction` in whole units (shares,
contracts, currency); nothing is rounded but where the page says so, and what is shown is never fed back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

ZERO = Fraction(0)
ONE = Fraction(1)
MONEY_DIGITS = 8
INVERSE_COST_DIGITS = 16
BPS = Fraction(1, 10_000)


def half_even(amount: Fraction, digits: int) -> Fraction:
    """`amount` rounded half to even at `digits` decimal digits."""
    return Fraction(round(amount * 10**digits), 10**digits)


def shown(amount: Fraction, digits: int) -> str:
    """The decimal string of `amount`, half to even at `digits`: no trailing zeros, no `-0`."""
    units = round(amount * 10**digits)
    whole, part = divmod(abs(units), 10**digits)
    text = f"{whole}.{part:0{digits}d}".rstrip("0").rstrip(".") if digits else str(whole)
    return f"-{text}" if units < 0 else text


@dataclass(frozen=True)
class Instrument:
    """What money needs to know of an instrument; `settle` is the currency of all of its money."""

    symbol: str
    kind: str
    price_digits: int
    qty_digits: int
    settle: str
    multiplier: Fraction = Fraction(1)
    inverse: bool = False
    lot: Fraction = Fraction(1)

    @property
    def pays_value(self) -> bool:
        """Whether a fill moves the cash by its value (else by realised P&L)."""
        return self.kind in ("equity", "spot")

    @property
    def cost_digits(self) -> int:
        """Digits of the ledger's unit of cost."""
        return INVERSE_COST_DIGITS if self.inverse else self.price_digits + self.qty_digits + 6

    def cost(self, qty: Fraction, px: Fraction) -> Fraction:
        """Cost of `qty` at `px` in ledger units: qty x px, or, inverse, qty x multiplier / px."""
        return half_even(qty * self.multiplier / px if self.inverse else qty * px, self.cost_digits)

    def value(self, qty: Fraction, px: Fraction) -> Fraction:
        """Exact value of `qty` at `px` in the settle currency."""
        return qty * self.multiplier / px if self.inverse else qty * px * self.multiplier

    def gain(self, sign: int, paid: Fraction, now: Fraction) -> Fraction:
        """P&L in settle currency of a cost `paid` that is worth `now`, of a long (1) or a short (-1)."""
        return sign * (paid - now) if self.inverse else sign * (now - paid) * self.multiplier

    def fee(self, qty: Fraction, px: Fraction, bps: Fraction, digits: int) -> Fraction:
        """Our fee of a fill: bps of its value, half to even at the venue's `digits`; negative is a rebate."""
        return half_even(abs(self.value(qty, px)) * bps * BPS, digits)


@dataclass(frozen=True)
class Fill:
    """A fill: signed quantity (a sale is negative), price, fee in settle currency."""

    qty: Fraction
    px: Fraction
    fee: Fraction


@dataclass(frozen=True)
class Adjustment:
    """What happened to an instrument: the numbers of its line, and the mark of then."""

    what: str
    a: Fraction
    b: Fraction = Fraction(1)
    mark: Fraction | None = None


def effect(held: Fraction, qty: Fraction) -> str:
    """What a fill of signed `qty` does to a position of `held`."""
    if held == 0:
        return "open"
    if held * qty > 0:
        return "add"
    if abs(qty) == abs(held):
        return "exact_close"
    return "flip" if abs(qty) > abs(held) else "partial_close"


@dataclass
class Position:
    """One account's holding of one symbol: signed qty, unsigned cost, money in settle currency."""

    instrument: Instrument
    qty: Fraction = ZERO
    cost: Fraction = ZERO
    realized: Fraction = ZERO
    fees: Fraction = ZERO
    cash: Fraction = ZERO

    @property
    def sign(self) -> int:
        """1 long, -1 short, 0 flat."""
        return (self.qty > 0) - (self.qty < 0)

    def apply(self, fill: Fill) -> None:
        """Book a fill: first what it closes at the average, then what it opens at its price."""
        before = self.realized
        closing = min(abs(fill.qty), abs(self.qty)) if self.qty * fill.qty < 0 else ZERO
        direction = 1 if fill.qty > 0 else -1
        if closing:
            self._close(closing, fill.px)
        self._open(direction, abs(fill.qty) - closing, fill.px)
        self.fees += fill.fee
        paid = self.instrument.value(fill.qty, fill.px)
        self.cash += (-paid if self.instrument.pays_value else self.realized - before) - fill.fee

    def _close(self, qty: Fraction, px: Fraction) -> None:
        released = half_even(self.cost * qty / abs(self.qty), self.instrument.cost_digits)
        self.realized += self.instrument.gain(self.sign, released, self.instrument.cost(qty, px))
        self.cost -= released
        self.qty -= self.sign * qty

    def _open(self, direction: int, qty: Fraction, px: Fraction) -> None:
        self.qty += direction * qty
        self.cost += self.instrument.cost(qty, px)

    def adjust(self, done: Adjustment) -> None:
        """Funding, dividend, split or settlement of what is held; of nothing held it is nothing."""
        if self.qty:
            getattr(self, f"_{done.what}")(done)

    def _funding(self, done: Adjustment) -> None:
        if done.mark is not None:
            self._pay(-self.sign * done.a * self.instrument.value(abs(self.qty), done.mark))

    def _dividend(self, done: Adjustment) -> None:
        self._pay(self.qty * done.a * self.instrument.multiplier)

    def _pay(self, amount: Fraction) -> None:
        self.realized += amount
        self.cash += amount

    def _split(self, done: Adjustment) -> None:
        whole = abs(self.qty) * done.a / done.b
        part = whole % self.instrument.lot
        sign = self.sign
        if part:
            self._close_part(part, whole, done.mark)
        self.qty = sign * (whole - part)

    def _close_part(self, part: Fraction, whole: Fraction, mark: Fraction | None) -> None:
        """At the mark, without a fee; the cost that it releases is rounded, what it is worth isn't."""
        released = half_even(self.cost * part / whole, self.instrument.cost_digits)
        scale = ONE if self.instrument.inverse else self.instrument.multiplier
        worth = released * scale if mark is None else self.instrument.value(part, mark)
        long_gains = -self.sign if self.instrument.inverse else self.sign
        gain = long_gains * (worth - released * scale)
        self.cost -= released
        self.realized += gain
        self.cash += self.sign * worth if self.instrument.pays_value else gain

    def _settlement(self, done: Adjustment) -> None:
        self.apply(Fill(-self.qty, done.a, ZERO))

    def avg_cost(self) -> Fraction:
        """C / Q, inverse Q x multiplier / C; 0 when flat."""
        if self.qty == 0:
            return ZERO
        if self.instrument.inverse:
            return abs(self.qty) * self.instrument.multiplier / self.cost
        return self.cost / abs(self.qty)

    def unrealized(self, mark: Fraction | None) -> Fraction:
        """P&L of the open quantity at `mark`, exact, in settle currency; 0 where nothing marks it."""
        if self.qty == 0 or mark is None:
            return ZERO
        held = abs(self.qty)
        now = held * self.instrument.multiplier / mark if self.instrument.inverse else held * mark
        return self.instrument.gain(self.sign, self.cost, now)

    def worth(self, mark: Fraction | None) -> Fraction:
        """What the position adds to the cash in equity: market value, or the unrealised P&L."""
        if self.qty == 0:
            return ZERO
        if self.instrument.pays_value and mark is not None:
            return self.instrument.value(self.qty, mark)
        return self.unrealized(mark)


def replay(instrument: Instrument, opening: Fill | None, entries: Iterable[Fill | Adjustment]) -> Position:
    """The position after an opening holding (which moves no money) and what came since, in order."""
    position = Position(instrument)
    if opening is not None:
        position.qty = opening.qty
        position.cost = instrument.cost(abs(opening.qty), opening.px)
    for entry in entries:
        position.adjust(entry) if isinstance(entry, Adjustment) else position.apply(entry)
    return position


@dataclass
class Holding:
    """What is behind a position, in order: fills by (venue, exec_id), for busts and corrections;
    adjustments."""

    instrument: Instrument
    opening: Fill | None = None
    entries: dict[tuple[str, str], Fill | Adjustment] = field(default_factory=dict)
    position: Position = field(init=False)

    def __post_init__(self) -> None:
        """Start at the opening holding."""
        self.again()

    def again(self) -> None:
        """Play all of it again."""
        self.position = replay(self.instrument, self.opening, self.entries.values())

    def add(self, key: tuple[str, str], fill: Fill) -> str:
        """Book one more fill; says what it did (see `effect`)."""
        did = effect(self.position.qty, fill.qty)
        self.entries[key] = fill
        self.position.apply(fill)
        return did

    def adjust(self, done: Adjustment) -> bool:
        """Whether there was something held."""
        held = self.position.qty != 0
        self.entries["", str(len(self.entries))] = done
        self.position.adjust(done)
        return held

    def bust(self, key: tuple[str, str]) -> None:
        """Take a fill out and play the rest again; its place stays, for nothing comes before what it did."""
        self.entries[key] = Fill(ZERO, ONE, ZERO)
        self.again()

    def correct(self, key: tuple[str, str], fill: Fill) -> None:
        """Put a fill in the place of another and play all again."""
        self.entries[key] = fill
        self.again()


@dataclass
class Marks:
    """A symbol's price now: mark, else mid over venues that are up, else last trade, else our last fill."""

    marks: dict[str, Fraction] = field(default_factory=dict)
    quotes: dict[str, dict[str, tuple[Fraction | None, Fraction | None]]] = field(default_factory=dict)
    trades: dict[str, Fraction] = field(default_factory=dict)
    fills: dict[str, Fraction] = field(default_factory=dict)
    not_up: set[tuple[str, str]] = field(default_factory=set)

    def quote(self, venue: str, symbol: str, bid: Fraction | None, ask: Fraction | None) -> None:
        """A venue's best prices; None is an empty side."""
        self.quotes.setdefault(symbol, {})[venue] = (bid, ask)

    def mid(self, symbol: str) -> Fraction | None:
        """Exact mid of the best bid and the best ask over venues that are up, also when crossed."""
        seen = [q for venue, q in self.quotes.get(symbol, {}).items() if (venue, symbol) not in self.not_up]
        bids = [bid for bid, _ in seen if bid is not None]
        asks = [ask for _, ask in seen if ask is not None]
        return (max(bids) + min(asks)) / 2 if bids and asks else None

    def of(self, symbol: str) -> Fraction | None:
        """The mark of a symbol now; None if nothing is known."""
        for px in (self.marks.get(symbol), self.mid(symbol), self.trades.get(symbol)):
            if px is not None:
                return px
        return self.fills.get(symbol)


@dataclass
class Rates:
    """Exchange rates: the last of the pair, else 1 / the last of the reverse pair, no crosses."""

    pairs: dict[tuple[str, str], Fraction] = field(default_factory=dict)

    def of(self, base: str, quote: str) -> Fraction | None:
        """How many `quote` one `base` is; None if neither pair is known."""
        if base == quote:
            return Fraction(1)
        if (base, quote) in self.pairs:
            return self.pairs[base, quote]
        reverse = self.pairs.get((quote, base))
        return None if reverse is None else 1 / reverse

    def total(self, amounts: dict[str, Fraction], currency: str) -> Fraction | None:
        """The sum of amounts by currency in `currency`; None where a rate is missing."""
        total = ZERO
        for other, amount in amounts.items():
            rate = self.of(other, currency)
            if rate is None:
                return None
            total += amount * rate
        return total


def summed(amounts: Iterable[tuple[str, Fraction]]) -> dict[str, Fraction]:
    """Amounts added up by currency."""
    sums: dict[str, Fraction] = {}
    for currency, amount in amounts:
        sums[currency] = sums.get(currency, ZERO) + amount
    return sums


@dataclass
class Ledger:
    """All accounts: holdings by (account, symbol), money put in, marks and rates."""

    instruments: dict[str, Instrument] = field(default_factory=dict)
    accounts: dict[str, tuple[str, Fraction]] = field(default_factory=dict)
    holdings: dict[tuple[str, str], Holding] = field(default_factory=dict)
    marks: Marks = field(default_factory=Marks)
    rates: Rates = field(default_factory=Rates)

    def holding(self, account: str, symbol: str) -> Holding:
        """The holding of an account in a symbol, made when first touched."""
        key = (account, symbol)
        if key not in self.holdings:
            self.holdings[key] = Holding(self.instruments[symbol])
        return self.holdings[key]

    def adjust(self, symbol: str, what: str, a: Fraction, b: Fraction = ONE) -> list[str]:
        """It happens to every holding of the symbol; the accounts that held something, by name."""
        done = Adjustment(what, a, b, self.marks.of(symbol))
        owners = sorted(account for account, held in self.holdings if held == symbol)
        return [account for account in owners if self.holdings[account, symbol].adjust(done)]

    def position_line(self, account: str, symbol: str) -> dict[str, str]:
        """The fields of a position line, as shown."""
        position = self.holdings[account, symbol].position
        instrument = position.instrument
        return {
            "account": account,
            "symbol": symbol,
            "currency": instrument.settle,
            "qty": shown(position.qty, instrument.qty_digits),
            "avg_cost": shown(position.avg_cost(), instrument.price_digits + 6),
            "realized_pnl": shown(position.realized, MONEY_DIGITS),
            "unrealized_pnl": shown(position.unrealized(self.marks.of(symbol)), MONEY_DIGITS),
            "fees": shown(position.fees, MONEY_DIGITS),
        }

    def cash(self, account: str) -> dict[str, Fraction]:
        """Cash by currency: the money put in and what fills moved since."""
        currency, put_in = self.accounts[account]
        moved = [(p.instrument.settle, p.cash) for p in self._positions(account) if p.cash]
        return summed([(currency, put_in), *moved])

    def account_line(self, account: str) -> dict[str, object]:
        """The fields of an account in the `end` line, in the account's currency at the rates of now."""
        currency = self.accounts[account][0]
        cash, positions = self.cash(account), self._positions(account)
        worth = [(p.instrument.settle, p.worth(self._mark(p))) for p in positions]
        amounts = {
            "equity": summed([*cash.items(), *worth]),
            "realized_pnl": summed((p.instrument.settle, p.realized) for p in positions),
            "unrealized_pnl": summed((p.instrument.settle, p.unrealized(self._mark(p))) for p in positions),
            "fees": summed((p.instrument.settle, p.fees) for p in positions),
        }
        line: dict[str, object] = {"account": account, "currency": currency}
        line["cash"] = {name: shown(amount, MONEY_DIGITS) for name, amount in cash.items()}
        for name, by_currency in amounts.items():
            total = self.rates.total(by_currency, currency)
            line[name] = None if total is None else shown(total, MONEY_DIGITS)
        return line

    def _positions(self, account: str) -> list[Position]:
        return [holding.position for (owner, _), holding in self.holdings.items() if owner == account]

    def _mark(self, position: Position) -> Fraction | None:
        return self.marks.of(position.instrument.symbol)
