"""What the model remembers, and the lines that it prints."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from tests.model.ledger import Ledger, shown
from tests.model.orders.book import Child, Order
from tests.model.orders.market import Fees, Market

Line = dict[str, Any]
KINDS = ("duplicate", "unknown", "deny", "risk_state", "child", "order", "position", "alert", "send")
RANK = {name: rank for rank, name in enumerate(KINDS)}
TRADES = ("trade", "trade_correct", "trade_cancel")
REASONED = ("rejected", "canceled", "expired", "cancel_rejected")


@dataclass
class List:
    """Orders of one list_id: the entry, and the legs that wait for its fills."""

    entry: Order | None = None
    dead: bool = False  # the entry was denied
    legs: list[Order] = field(default_factory=list)
    begins: bool = False  # its legs go live, one after the other
    fires: list[Order] = field(default_factory=list)  # those that triggered meanwhile


@dataclass
class Flatten:
    """A kill that closes positions once all orders in its scope have ended."""

    scope: str
    key: str
    bps: Fraction
    line: int


@dataclass
class Desk:
    """All of the model's state."""

    instruments: dict[str, Line] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)
    fees: dict[str, Fees] = field(default_factory=dict)
    markets: dict[str, Market] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    orders: list[Order] = field(default_factory=list)
    ids: dict[str, Order | None] = field(default_factory=dict)
    execs: dict[tuple[str, str], Line] = field(default_factory=dict)
    states: dict[tuple[str, str], str] = field(default_factory=dict)
    lists: dict[str, List] = field(default_factory=dict)
    flattens: list[Flatten] = field(default_factory=list)
    keeps: set[str] = field(default_factory=set)  # sessions whose orders stay when they disconnect
    timers: list[tuple[int, int, Any]] = field(default_factory=list)
    asked: int = 0
    denied: int = 0
    at: int = 0
    number: int = 0
    printed: list[Line] = field(default_factory=list)
    group: list[tuple[int, int, int, Line]] = field(default_factory=list)

    # ---- time

    def later(self, at: int, what: Any) -> None:
        """Calls `what` when `at` comes."""
        self.asked += 1
        heapq.heappush(self.timers, (at, self.asked, what))

    # ---- lines

    def say(self, kind: str, order: int, n: int, **values: Any) -> None:
        """A line of the event that is being handled."""
        line = {"type": kind, "at": self.at, "line": self.number, **values}
        self.group.append((RANK[kind], order, n, line))

    def flush(self) -> None:
        """The event is complete: its lines in the page's order."""
        self.printed += [line for *_, line in sorted(self.group, key=lambda entry: entry[:3])]
        self.group.clear()

    def qty(self, order: Order, qty: Fraction) -> str:
        return shown(qty, self.instruments[order.symbol]["qty_precision"])

    def px(self, order: Order, px: Fraction) -> str:
        return shown(px, self.instruments[order.symbol]["price_precision"])

    def say_order(
        self, order: Order, exec_type: str, ids: tuple[str, str] | None = None, report: Line | None = None,
        child: Child | None = None, reason: str = "",
    ) -> None:  # fmt: skip
        """An order's line as it is now. ids: of the client's request that it answers."""
        digits = self.instruments[order.symbol]["price_precision"] + 6
        average = shown(order.notional / order.cum, digits) if order.cum else "0"
        values: Line = {"cl_ord_id": ids[0] if ids else order.id}
        if ids:
            values["orig_cl_ord_id"] = ids[1]
        values |= {
            "exec_type": exec_type,
            "ord_status": order.status,
            **self._sizes(order, order),
            "avg_px": average,
        }
        if order.price is not None:
            values["price"] = self.px(order, order.price)
        if exec_type in TRADES and report and child:
            values |= {
                "last_qty": self.qty(order, Fraction(report["last_qty"])),
                "last_px": self.px(order, Fraction(report["last_px"])),
                "exec_id": report["exec_id"], "venue": child.venue, "child_id": child.id,
            }  # fmt: skip
            if exec_type != "trade":
                values["exec_ref_id"] = report["exec_ref_id"]
        if exec_type in REASONED:
            values["reason"] = reason
        self.say("order", order.index, 0, **values)

    def say_child(self, child: Child, exec_type: str) -> None:
        """A child's line as it is now."""
        values = {
            "venue": child.venue,
            "child_id": child.id,
            "exec_type": exec_type,
            "ord_status": child.status,
        }
        self.say("child", child.order.index, child.n, **values, **self._sizes(child, child.order))

    def _sizes(self, life: Order | Child, order: Order) -> Line:
        return {
            "order_qty": self.qty(order, life.qty),
            "cum_qty": self.qty(order, life.cum),
            "leaves_qty": self.qty(order, life.leaves),
        }

    def say_send(self, child: Child, action: str, qty: Fraction, price: Fraction | None) -> None:
        """What a venue is told."""
        order = child.order
        values: Line = {"venue": child.venue, "action": action, "child_id": child.id}
        if action in ("new", "replace"):
            values |= {"symbol": order.symbol, "side": order.line["side"], "order_qty": self.qty(order, qty)}
            values["ord_type"] = child.ord_type
            if child.ord_type != "market" and price is not None:
                values["price"] = self.px(order, price)
            values["time_in_force"] = child.tif
        self.say("send", order.index, child.n, **values)

    def say_alert(self, level: str, reason: str, scope: Line, limit: str = "", value: str = "") -> None:
        self.say("alert", 0, 0, level=level, reason=reason, check="", scope=scope, limit=limit, value=value)

    def say_state(self, scope: str, key: str, state: str, reason: str, by: str) -> None:
        self.say("risk_state", 0, 0, scope=scope, key=key, state=state, reason=reason, by=by)

    # ---- what is asked often

    def venue_state(self, venue: str, symbol: str) -> str:
        market = self.markets[symbol]
        return market.state.get(venue, "up") if venue in market.venues else "down"

    def lot(self, symbol: str) -> Fraction:
        return Fraction(self.instruments[symbol]["lot"])

    def tick(self, symbol: str) -> Fraction:
        return Fraction(self.instruments[symbol]["tick"])

    def held_qty(self, account: str, symbol: str) -> Fraction:
        """The account's open quantity of the symbol, signed."""
        holding = self.ledger.holdings.get((account, symbol))
        return holding.position.qty if holding else Fraction(0)
