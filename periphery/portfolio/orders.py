"""Target weights to orders of whole lots. Exact: everything is a Fraction.

A weight is a part of the account's equity. The quantity is what that buys at the middle of the market,
towards zero to a whole lot; the order is what is missing from the position, towards zero to a whole lot too,
so that nothing is ever bought beyond a target. Where the buys of what is paid in cash (equities, spot) cost
more than there is, with what the sales bring, each is made smaller in the same proportion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

BPS = 10_000
IN_CASH = ("equity", "spot")


class CannotPlan(ValueError):
    """Something is missing or makes no sense; the message names it, and what to do."""


@dataclass(frozen=True, slots=True)
class Contract:
    """An instrument. lot, tick: in its own quantity and price. value: of a quantity of 1 at a price of 1, in
    the account's currency. bid, ask: what the market shows."""

    symbol: str
    kind: str
    lot: Fraction
    tick: Fraction
    value: Fraction
    inverse: bool
    bid: Fraction
    ask: Fraction

    @property
    def mid(self) -> Fraction:
        return (self.bid + self.ask) / 2

    def notional(self, qty: Fraction, price: Fraction) -> Fraction:
        """What a quantity is worth at a price, signed like it."""
        return qty * self.value / price if self.inverse else qty * self.value * price

    def quantity(self, worth: Fraction) -> Fraction:
        """What is worth so much at the middle, towards zero to a whole lot."""
        one = self.notional(Fraction(1), self.mid)
        return to_step(worth / one, self.lot)


@dataclass(frozen=True, slots=True)
class Planned:
    """An order. side: as orders say it. qty: positive. cost: of crossing to the other side of the market, and
    commission, in the account's currency."""

    contract: Contract
    side: str
    qty: Fraction
    cost: Fraction

    @property
    def price(self) -> Fraction:
        return self.contract.ask if self.side == "buy" else self.contract.bid

    @property
    def notional(self) -> Fraction:
        return self.contract.notional(self.qty, self.price)


def to_step(value: Fraction, step: Fraction) -> Fraction:
    """Towards zero, to a multiple of step."""
    steps = abs(value) // step
    return steps * step if value > 0 else -steps * step


def plan(
    weights: Mapping[str, Fraction],
    equity: Fraction,
    contracts: Mapping[str, Contract],
    positions: Mapping[str, Fraction],
    cash: Fraction,
    commission_bps: Fraction = Fraction(0),
    least_notional: Fraction = Fraction(0),
) -> list[Planned]:
    """The orders that bring positions to weights, sales first, then by symbol. cash: in the account's
    currency. least_notional: orders that are worth less are left out. CannotPlan.
    """
    if equity <= 0:
        raise CannotPlan(f"equity {float(equity):g}: weights are parts of it, so it must be positive")
    found: list[Planned] = []
    for symbol in sorted(weights):
        if symbol not in contracts:
            raise CannotPlan(f"{symbol}: the core has no such instrument, or nobody quotes it")
        contract = contracts[symbol]
        had = positions.get(symbol, Fraction(0))
        missing = contract.quantity(weights[symbol] * equity) - had
        found += _orders(contract, had, to_step(missing, contract.lot), commission_bps)
    found = [order for order in found if order.notional >= max(least_notional, Fraction(0))]
    return sorted(_within(found, cash, commission_bps), key=lambda o: (o.side == "buy", o.contract.symbol))


def _orders(contract: Contract, had: Fraction, qty: Fraction, commission_bps: Fraction) -> Iterable[Planned]:
    """One, or two where a share is sold and then sold short."""
    if qty > 0:
        yield _order(contract, "buy", qty, commission_bps)
    elif qty < 0:
        owned = min(-qty, to_step(max(had, Fraction(0)), contract.lot)) if contract.kind == "equity" else -qty
        if owned:
            yield _order(contract, "sell", owned, commission_bps)
        if owned < -qty:
            yield _order(contract, "sell_short", -qty - owned, commission_bps)


def _order(contract: Contract, side: str, qty: Fraction, commission_bps: Fraction) -> Planned:
    order = Planned(contract, side, qty, Fraction(0))
    crossing = abs(order.notional - contract.notional(qty, contract.mid))
    return replace(order, cost=crossing + order.notional * commission_bps / BPS)


def _within(orders: list[Planned], cash: Fraction, commission_bps: Fraction) -> list[Planned]:
    """The same, its buys made smaller where there isn't the cash for them."""
    paid = [order for order in orders if order.contract.kind in IN_CASH]
    commission = commission_bps / BPS
    there = cash + sum((o.notional * (1 - commission) for o in paid if o.side != "buy"), Fraction(0))
    needed = sum((o.notional * (1 + commission) for o in paid if o.side == "buy"), Fraction(0))
    if needed <= there:
        return orders
    part = max(there, Fraction(0)) / needed
    smaller = [
        _order(o.contract, o.side, to_step(o.qty * part, o.contract.lot), commission_bps)
        if o.side == "buy" and o.contract.kind in IN_CASH
        else o
        for o in orders
    ]
    return [order for order in smaller if order.qty]


def limit_price(order: Planned, bps: Fraction) -> Fraction:
    """So much beyond the other side of the market, to a whole tick that is no worse."""
    ticks = order.price * (BPS + (bps if order.side == "buy" else -bps)) / BPS / order.contract.tick
    return (ticks // 1 if order.side == "buy" else -(-ticks // 1)) * order.contract.tick
