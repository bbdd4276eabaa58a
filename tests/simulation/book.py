"""What printed lines, and the events behind them, say of orders and children."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

ENDED = frozenset({"canceled", "rejected", "expired"})


@dataclass(slots=True)
class Child:
    child_id: str
    n: int
    venue: str
    qty: Fraction
    price: Fraction | None
    asked: Fraction = Fraction(0)  # of a replace that is on its way; 0: none
    cum: Fraction = Fraction(0)
    leaves: Fraction = Fraction(0)
    status: str = "pending_new"
    acked: bool = False
    ended: bool = False
    cancel_asked: bool = False
    time_in_force: str = "day"

    @property
    def live(self) -> bool:
        return not self.ended and self.cum < self.qty

    @property
    def most(self) -> Fraction:
        """The most that it may come to."""
        return self.cum if self.ended else max(self.qty, self.asked, self.cum)


@dataclass(slots=True)
class Order:
    cl_ord_id: str
    account: str
    symbol: str
    strategy: str | None
    session: str
    venue: str | None
    side: str
    qty: Fraction
    current: str = ""
    replace_id: str = ""
    pend_qty: Fraction = Fraction(0)
    cum: Fraction = Fraction(0)
    tainted: bool = False  # its venue filled, restated or corrected beyond what it was asked for
    last: dict[str, Any] = field(default_factory=dict)
    children: list[Child] = field(default_factory=list)
    fills: dict[tuple[str, str], tuple[Fraction, Fraction]] = field(default_factory=dict)
    bases: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    fill_child: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def sign(self) -> int:
        return 1 if self.side == "buy" else -1

    @property
    def status(self) -> str:
        return str(self.last.get("ord_status", ""))

    @property
    def bound(self) -> Fraction:
        return max(self.qty, self.pend_qty)


class Book:
    """All orders by each of their ids, all children by child_id."""

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        self.by_id: dict[str, Order] = {}
        self.children: dict[str, Child] = {}

    def order_of(self, line: dict[str, Any]) -> Order | None:
        """The order that an order line is about."""
        found = self.by_id.get(line["cl_ord_id"]) or self.by_id.get(line.get("orig_cl_ord_id", ""))
        if found is not None:
            self.by_id.setdefault(line["cl_ord_id"], found)
        return found

    def parent(self, child_id: str) -> Order:
        return self.orders[child_id.rpartition(".")[0]]

    def add(self, order: Order) -> None:
        self.orders[order.cl_ord_id] = order
        self.by_id[order.cl_ord_id] = order
