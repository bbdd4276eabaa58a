"""What the reference of risk keeps: orders, fills, limits, each as it was said."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

type Line = dict[str, Any]
type Scope = dict[str, str]


class Unknown(Exception):
    """There is no price to tell a value by."""


class NoRate(Exception):
    """There is no exchange rate."""


@dataclass
class Fill:
    order: Order
    qty: Fraction
    px: Fraction
    fee: Fraction
    day: int
    live: bool = True


@dataclass
class Order:
    id: str
    account: str
    symbol: str
    side: str
    ord_type: str
    qty: Fraction
    price: Fraction | None
    venue: str
    strategy: str | None
    session: str
    day: int
    valued: Fraction | None = None
    cum: Fraction = Fraction(0)
    ended: bool = False
    pending: tuple[Fraction, Fraction | None] | None = None

    @property
    def buys(self) -> bool:
        return self.side == "buy"

    def alive(self) -> bool:
        return not self.ended and self.cum < self.qty

    def working(self) -> Fraction:
        if self.ended:
            return Fraction(0)
        qty = max(self.qty, self.pending[0]) if self.pending else self.qty
        return max(qty - self.cum, Fraction(0))

    def working_value(self, value: Any) -> Fraction:
        """value: (qty, price) -> money."""
        price = self.price if self.price is not None else self.valued
        if self.working() == 0 or price is None:
            return Fraction(0)
        out = Fraction(value(max(self.qty - self.cum, Fraction(0)), price))
        if self.pending:
            other = self.pending[1] if self.price is not None else price
            out = max(out, Fraction(value(max(self.pending[0] - self.cum, Fraction(0)), other)))
        return out


@dataclass
class Limit:
    check: str
    value: Fraction | str
    scope: Scope
    each: str | None
    currency: str | None
    window: int
    soft: bool
    action: str
    index: int
    lifted: Fraction | None = None
    until: int = 0
    warned: dict[Any, set[int]] = field(default_factory=dict)
    times: dict[Any, list[int]] = field(default_factory=dict)
    contents: dict[Any, list[tuple[int, str]]] = field(default_factory=dict)
    base: dict[Any, Fraction] = field(default_factory=dict)
    peak: dict[Any, Fraction] = field(default_factory=dict)
    streak: dict[Any, int] = field(default_factory=dict)
    books: dict[Any, list[tuple[Fraction, Fraction]]] = field(default_factory=dict)

    def bound(self, now: int) -> Any:
        return self.lifted if self.lifted is not None and now < self.until else self.value


def crosses(new: Order, other: Order) -> bool:
    if new.price is None or other.price is None:
        return True
    return new.price >= other.price if new.buys else new.price <= other.price
