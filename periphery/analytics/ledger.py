"""What each account made, by strategy and instrument, from the bookings of positions.

A gain is a flow (what fills, fees, funding and dividends brought in) and the worth of what is held at the
price of now. A booking tells a position as it is after its event; what changed is its strategy's. What
happens to a whole position (a split, funding, a dividend) is shared out by what each strategy holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from core import messages as m
from core.scenario.directory import Account as Owner, Symbol
from core.scenario.money import CASH_KINDS, Rates, ledger_unit, with_paid
from core.scenario.printer import wide

CASH_UNIT = 10**12

type Part = tuple[int, int]
"""(symbol, strategy); NONE: of none."""


@dataclass(slots=True)
class Held:
    """qty: in units of the instrument, signed. flow: in its settle currency."""

    qty: float = 0.0
    flow: float = 0.0


@dataclass(slots=True)
class Account:
    """whole: positions by symbol. parts: the same by strategy too. opened: what those cost that were there
    before the first event, where cash paid for them."""

    whole: dict[int, Held] = field(default_factory=dict)
    parts: dict[Part, Held] = field(default_factory=dict)
    opened: dict[int, float] = field(default_factory=dict)


class Ledger:
    """Positions of all accounts. symbols: those declared so far, by index."""

    def __init__(self, symbols: Sequence[Symbol]) -> None:
        self.symbols = symbols
        self.accounts: dict[int, Account] = {}

    def open(self, row: np.void) -> None:
        """A position that the day begins with, as OPEN_POSITION_EVENT."""
        symbol, account = self.symbols[int(row["symbol"])], self._account(row)
        qty, cost = int(row["qty"]), wide(row, "cost")
        self._become(account, symbol.index, m.NONE, Held(qty, _flow(symbol, qty, cost, 0, 0, 0)), False)
        if symbol.kind in CASH_KINDS:
            account.opened[symbol.index] = -account.whole[symbol.index].flow

    def book(self, booking: np.void, strategy: int, adjusted: bool) -> None:
        """A position after an event, as BOOKING. adjusted: by what happened to its instrument."""
        symbol = self.symbols[int(booking["symbol"])]
        qty = int(booking["qty"])
        cost, realized, paid, fees = (wide(booking, name) for name in ("cost", "realized", "paid", "fees"))
        held = Held(qty, _flow(symbol, qty, cost, realized, paid, fees))
        self._become(self._account(booking), symbol.index, strategy, held, adjusted)

    def _account(self, row: np.void) -> Account:
        return self.accounts.setdefault(int(row["account"]), Account())

    def _become(self, account: Account, symbol: int, strategy: int, held: Held, shared: bool) -> None:
        before = account.whole.get(symbol, Held())
        shares = _shares(account, symbol, before.qty) if shared and before.qty else {strategy: 1.0}
        for each, share in shares.items():
            part = account.parts.setdefault((symbol, each), Held())
            part.qty += (held.qty - before.qty) * share
            part.flow += (held.flow - before.flow) * share
        account.whole[symbol] = held

    # ---- what it comes to ----------------------------------------------------------------------------------

    def gains(
        self, owner: Owner, prices: Mapping[int, float], rates: Rates
    ) -> tuple[dict[Part, float], list[str]]:
        """In the account's currency, and the names of what is held without a price or has no rate."""
        found, lacking = {}, []
        parts = self.accounts[owner.index].parts if owner.index in self.accounts else {}
        for part, held in sorted(parts.items()):
            gain = self._gain(part[0], held, prices)
            rate = self._rate(part[0], owner, rates)
            if gain is None or rate is None:
                lacking.append(self.symbols[part[0]].name)
            else:
                found[part] = gain * rate
        return found, sorted(set(lacking))

    def begun(self, owner: Owner, rates: Rates) -> float | None:
        """Cash, and at their cost positions, that the account began with; None: a rate is missing."""
        total = owner.cash / CASH_UNIT
        opened = self.accounts[owner.index].opened if owner.index in self.accounts else {}
        for symbol, cost in opened.items():
            rate = self._rate(symbol, owner, rates)
            if rate is None:
                return None
            total += cost * rate
        return total

    def exposures(self, owner: Owner, prices: Mapping[int, float], rates: Rates) -> dict[int, float | None]:
        """By symbol that is held: what a return of 1 would be worth, in the account's currency; None: it has
        no price or no rate."""
        found: dict[int, float | None] = {}
        for symbol, held in sorted(self.accounts.get(owner.index, Account()).whole.items()):
            rate = self._rate(symbol, owner, rates)
            if held.qty and (symbol not in prices or rate is None):
                found[symbol] = None
            elif held.qty and rate is not None:
                value = abs(worth(self.symbols[symbol], held.qty, prices[symbol])) * rate
                found[symbol] = value if held.qty > 0 else -value
        return found

    def _rate(self, symbol: int, owner: Owner, rates: Rates) -> float | None:
        rate = rates.find(self.symbols[symbol].settle_currency, owner.currency)
        return None if rate is None else float(rate)

    def _gain(self, symbol: int, held: Held, prices: Mapping[int, float]) -> float | None:
        if not held.qty:
            return held.flow
        if symbol not in prices:
            return None
        return held.flow + worth(self.symbols[symbol], held.qty, prices[symbol])

    # ---- state ---------------------------------------------------------------------------------------------

    def save(self) -> list[Any]:
        return [
            [account, _saved(of.whole), _saved(of.parts), list(of.opened.items())]
            for account, of in self.accounts.items()
        ]

    def load(self, state: list[Any]) -> None:
        """What `save` gave, in place of what there is."""
        self.accounts = {
            account: Account(
                {symbol: Held(qty, flow) for symbol, qty, flow in whole},
                {(part[0], part[1]): Held(qty, flow) for part, qty, flow in parts},
                dict(opened),
            )
            for account, whole, parts, opened in state
        }


def _saved(of: Mapping[Any, Held]) -> list[Any]:
    return [[key, held.qty, held.flow] for key, held in of.items()]


def _shares(account: Account, symbol: int, qty: float) -> dict[int, float]:
    """The part that each strategy has of a position."""
    return {part[1]: held.qty / qty for part, held in account.parts.items() if part[0] == symbol and held.qty}


def worth(symbol: Symbol, qty: float, price: float) -> float:
    """What a signed quantity is worth at a price. An inverse contract pays in 1 / price: a long one owes."""
    size: float = qty / 10**symbol.qty_precision * symbol.multiplier / 10**symbol.multiplier_precision
    return -size / price if symbol.inverse else size * price


def _flow(symbol: Symbol, qty: int, cost: int, realized: int, paid: int, fees: int) -> float:
    """realized + paid - fees - what the open quantity cost."""
    sign = (qty > 0) - (qty < 0)
    open_cost = (-sign if symbol.inverse else sign) * cost * ledger_unit(symbol)
    made = with_paid(realized * ledger_unit(symbol), paid)
    return float(made - Fraction(fees, 10**16) - open_cost)
