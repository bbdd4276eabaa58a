"""Lots: which fill a closing fill closes, and what each closed part made. For reports; the ledger keeps
averages.

Methods: `fifo` the oldest lot first, `lifo` the newest, `hifo` the one that makes least (a long's dearest, a
short's cheapest), `specific` the lots that the closing fill names. Exact fractions; rounded only where shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from core.positions.history import BadFile, Fill
from core.scenario.numbers import Number, format_ratio

METHODS = ("fifo", "lifo", "hifo", "specific")
SHOWN_DIGITS = 8
LONG_TERM_DAYS = 365


def exact(number: Number) -> Fraction:
    """The number as a fraction."""
    return Fraction(number.units, 10**number.digits)


def amount(value: Fraction) -> str:
    """Half to even at 8 digits."""
    return format_ratio(value.numerator, value.denominator, SHOWN_DIGITS)


@dataclass(slots=True)
class Lot:
    """What is open of one fill: signed quantity, its price, the fee of that much."""

    id: str
    opened: str
    qty: Fraction
    px: Fraction
    fee: Fraction


@dataclass(frozen=True, slots=True)
class Closed:
    """A part of a lot that was closed. qty is signed as the lot was; gain is net of both fees."""

    symbol: str
    lot: str
    closed_by: str
    opened: str
    closed: str
    qty: Fraction
    open_px: Fraction
    close_px: Fraction
    fees: Fraction

    @property
    def gain(self) -> Fraction:
        return self.qty * (self.close_px - self.open_px) - self.fees

    @property
    def days(self) -> int:
        """Days from opening to closing."""
        return (date.fromisoformat(self.closed) - date.fromisoformat(self.opened)).days if self.opened else 0

    def told(self) -> dict[str, Any]:
        """As a report has it; proceeds and cost as money that came and went."""
        return {
            "symbol": self.symbol,
            "lot": self.lot,
            "closed_by": self.closed_by,
            "opened": self.opened,
            "closed": self.closed,
            "days": self.days,
            "term": "long" if self.days > LONG_TERM_DAYS else "short",
            "qty": amount(self.qty),
            "cost": amount(self.qty * self.open_px),
            "proceeds": amount(self.qty * self.close_px),
            "fees": amount(self.fees),
            "gain": amount(self.gain),
        }


type Choice = Callable[[list[Lot]], Lot]
_CHOICES: dict[str, Choice] = {
    "fifo": lambda lots: lots[0],
    "lifo": lambda lots: lots[-1],
    "hifo": lambda lots: max(lots, key=lambda lot: lot.px if lot.qty > 0 else -lot.px),
}


@dataclass(slots=True)
class Matcher:
    """The open lots of each symbol, and all that was closed."""

    method: str
    lots: dict[str, list[Lot]] = field(default_factory=dict)
    closed: list[Closed] = field(default_factory=list)

    def book(self, fill: Fill) -> None:
        """Closes lots of the other side, then opens one with the rest. BadFile: it names a lot that isn't
        open."""
        qty, fee = exact(fill.qty), exact(fill.fee)
        left = qty
        open_lots = self.lots.setdefault(fill.symbol, [])
        for lot, part in self._chosen(fill, open_lots, left):
            share = fee * part / abs(qty)
            self._close(fill, lot, part, share)
            left += part if left < 0 else -part
            if lot.qty == 0:
                open_lots.remove(lot)
        if left:
            lot_id = fill.id or f"line {fill.line}"
            open_lots.append(Lot(lot_id, fill.date, left, exact(fill.px), fee * left / qty))

    def _chosen(self, fill: Fill, lots: list[Lot], left: Fraction) -> Iterable[tuple[Lot, Fraction]]:
        """(lot, how much of it), until the fill or the other side is used up."""
        if self.method == "specific" and lots and lots[0].qty * left < 0:
            yield from self._named(fill, lots, abs(left))
            return
        while left and lots and lots[0].qty * left < 0:
            lot = _CHOICES[self.method](lots) if self.method in _CHOICES else lots[0]
            part = min(abs(lot.qty), abs(left))
            left += part if left < 0 else -part
            yield lot, part

    def _named(self, fill: Fill, lots: list[Lot], left: Fraction) -> Iterable[tuple[Lot, Fraction]]:
        """`e1` or `e1:50;e2:30`; a fill that closes names what it closes, all of it."""
        where = f"line {fill.line}"
        for word in filter(None, fill.closes.split(";")):
            name, _, part_text = word.strip().partition(":")
            lot = next((lot for lot in lots if lot.id == name), None)
            if lot is None:
                known = ", ".join(lot.id for lot in lots)
                raise BadFile(
                    f"{where}: closes {name!r}, which isn't an open lot of {fill.symbol}: one of {known}"
                )
            part = Fraction(part_text) if part_text else min(abs(lot.qty), left)
            if part > abs(lot.qty) or part > left:
                raise BadFile(
                    f"{where}: closes {part} of {name!r}: {amount(abs(lot.qty))} are open, "
                    f"{amount(left)} wanted"
                )
            left -= part
            yield lot, part
        if left and lots and lots[0].qty * exact(fill.qty) < 0:
            raise BadFile(
                f"{where}: {amount(left)} of {fill.symbol} are closed without a lot: name it in `closes`"
            )

    def _close(self, fill: Fill, lot: Lot, part: Fraction, fee: Fraction) -> None:
        own = lot.fee * part / abs(lot.qty)
        qty = part if lot.qty > 0 else -part
        closed_by = fill.id or f"line {fill.line}"
        self.closed.append(
            Closed(
                fill.symbol, lot.id, closed_by, lot.opened, fill.date, qty, lot.px, exact(fill.px), own + fee
            )
        )
        lot.qty -= qty
        lot.fee -= own


def realized_gains(fills: Iterable[Fill], method: str) -> dict[str, Any]:
    """Every closed part, sums by symbol and term, and the lots that are still open. BadFile."""
    matcher = Matcher(method)
    for fill in fills:
        if fill.qty.units:
            matcher.book(fill)
    sums: dict[str, dict[str, Fraction]] = {}
    for part in matcher.closed:
        mine = sums.setdefault(part.symbol, {})
        for key in ("gain", "short_term" if part.days <= LONG_TERM_DAYS else "long_term"):
            mine[key] = mine.get(key, Fraction(0)) + part.gain
    keys = ("gain", "short_term", "long_term")
    return {
        "method": method,
        "gain": amount(sum((part.gain for part in matcher.closed), Fraction(0))),
        "symbols": [
            {"symbol": symbol, **{key: amount(mine.get(key, Fraction(0))) for key in keys}}
            for symbol, mine in sorted(sums.items())
        ],
        "closed": [part.told() for part in matcher.closed],
        "open": [
            {"symbol": symbol, "lot": lot.id, "opened": lot.opened, "qty": amount(lot.qty),
             "price": amount(lot.px), "fees": amount(lot.fee)}
            for symbol, lots in sorted(matcher.lots.items()) for lot in lots
        ],
    }  # fmt: skip
