"""What must hold after every event: of printed lines, the events behind them, and the core's tables."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from core import messages as m
from core.scenario.directory import Directory
from core.scenario.numbers import format_ratio

from .book import ENDED, Book, Child, Order
from .tables import Tables, leaves_of, status_of
from .violation import Violation, require

RANKS = ("duplicate", "unknown", "deny", "risk_state", "child", "order", "position", "alert", "send")
FIELDS = ("cl_ord_id", "ord_status", "order_qty", "cum_qty", "leaves_qty", "avg_px", "price")
ALWAYS = frozenset({"trade", "trade_correct", "trade_cancel", "cancel_rejected"})
NO_FILLS = frozenset({"new", "pending_new"})
REQUESTS = {
    m.Kind.ORDER: m.ORDER_EVENT,
    m.Kind.REPLACE: m.REPLACE_EVENT,
    m.Kind.REPORT: m.REPORT_EVENT,
    m.Kind.VENUE_STATE: m.VENUE_STATE_EVENT,
    m.Kind.OPEN_POSITION: m.OPEN_POSITION_EVENT,
}
VENUE_STATES = ("up", "down", "halted", "auction", "closed")
SIDES = ("buy", "sell", "sell_short")


class Checker:
    """Follows one run. `page` takes each handled event, `event` the lines that it printed."""

    def __init__(self, directory: Directory, tables: Tables) -> None:
        self.directory = directory
        self.tables = tables
        self.book = Book()
        self.killed: set[tuple[str, str]] = set()
        self.halted: set[tuple[str, str]] = set()
        self.states: dict[tuple[str, str], str] = {}
        self.opening: dict[tuple[str, str], Fraction] = {}
        self.events = 0
        self.seen: dict[str, int] = {}
        self._root = 0
        self._roots: dict[int, int] = {}
        self._kind = m.Kind.NONE
        self._request: Any = None
        self._index = 0
        self._session = 0
        self.accepted: dict[int, Order] = {}
        self._by_line = {
            "order": self._order,
            "child": self._child,
            "position": self._position,
            "send": self._send,
            "risk_state": self._risk_state,
        }

    # ---- events ----------------------------------------------------------------------------------------

    def page(self, raw: bytes) -> None:
        """One handled event, before its lines."""
        header = np.frombuffer(raw, m.HEADER, 1)[0]
        self._roots[int(header["seq"])] = int(header["root"])
        self.events += 1
        self.tables.check_lives()
        if header["seq"] == header["root"]:
            self._root = int(header["root"])
            self._kind = m.Kind(int(header["kind"]))
            self._session = int(header["session"])
            dtype = REQUESTS.get(self._kind)
            self._request = np.frombuffer(raw, dtype, 1, m.HEADER.itemsize)[0] if dtype is not None else None
            if self._kind == m.Kind.ORDER:
                self._index = int(np.frombuffer(raw, m.PAGE, 1)[0]["resolved"]["order"])
            self._note()

    def _note(self) -> None:
        d = self.directory
        request = self._request
        if self._kind == m.Kind.VENUE_STATE:
            venue = d.venue_list[int(request["venue"])]
            for symbol in d.symbol_list:
                if venue in symbol.venues and int(request["symbol"]) in (symbol.index, m.NONE):
                    self.states[venue, symbol.name] = VENUE_STATES[int(request["state"])]
        elif self._kind == m.Kind.OPEN_POSITION:
            symbol = d.symbol_list[int(request["symbol"])]
            key = (d.account_list[int(request["account"])].name, symbol.name)
            self.opening[key] = Fraction(int(request["qty"]), 10**symbol.qty_precision)

    def event(self, lines: list[dict[str, Any]]) -> None:
        """The lines of one event, in the order printed."""
        self._check_order(lines)
        for line in lines:
            self.seen[line["type"]] = self.seen.get(line["type"], 0) + 1
            take = self._by_line.get(line["type"])
            if take is not None:
                take(line)
        for line in lines:
            if line["type"] == "order":
                self._check_sums(line)

    def _check_order(self, lines: list[dict[str, Any]]) -> None:
        roots = {self._roots[line["seq"]] for line in lines}
        require(
            roots <= {self._root}, "one_event", f"lines of events {roots} print together, now {self._root}"
        )
        ranks = [max(RANKS.index(line["type"]), 1) for line in lines]
        require(ranks == sorted(ranks), "order_of_lines", [line["type"] for line in lines])

    # ---- orders ----------------------------------------------------------------------------------------

    def _order(self, line: dict[str, Any]) -> None:
        order = self.book.order_of(line)
        if order is None:
            order = self._accept(line)
        if line["exec_type"] == "pending_replace" and "orig_cl_ord_id" in line:
            self._begin_replace(order, line)
        self._check_needed(order, line)
        order.qty = Fraction(line["order_qty"])
        order.cum = Fraction(line["cum_qty"])
        if line["exec_type"] in ALWAYS - {"cancel_rejected"}:
            self._fill(order, line)
        if line["exec_type"] == "replaced" and "orig_cl_ord_id" in line:
            order.current = line["cl_ord_id"]
        answered = line["exec_type"] == "cancel_rejected" and line["cl_ord_id"] == order.replace_id
        if line["exec_type"] == "replaced" or answered or not line["ord_status"].startswith("pending_"):
            order.pend_qty = Fraction(0)
        check_status(line)
        self._check_average(order, line)
        order.last = line

    def _accept(self, line: dict[str, Any]) -> Order:
        require(self._kind == m.Kind.ORDER, "unheard_of", f"an order line for {line['cl_ord_id']}")
        require(line["exec_type"] in NO_FILLS, "first_line", line["exec_type"])
        d = self.directory
        request = self._request
        strategy, venue = int(request["strategy"]), int(request["venue"])
        order = Order(
            cl_ord_id=line["cl_ord_id"],
            account=d.account_list[int(request["account"])].name,
            symbol=d.symbol_list[int(request["symbol"])].name,
            strategy=None if strategy == m.NONE else d.space_lists[m.Space.STRATEGY][strategy],
            session=d.space_lists[m.Space.SESSION][self._session],
            venue=None if venue == m.NONE16 else d.venue_list[venue],
            side=SIDES[int(request["side"])],
            qty=Fraction(line["order_qty"]),
            current=line["cl_ord_id"],
        )
        self.book.add(order)
        self.accepted[self._index] = order
        return order

    def _begin_replace(self, order: Order, line: dict[str, Any]) -> None:
        if self._kind != m.Kind.REPLACE:
            return
        flags = int(self._request["flags"])
        digits = self.directory.symbols[order.symbol].qty_precision
        order.replace_id = line["cl_ord_id"]
        asked = Fraction(int(self._request["qty"]), 10**digits)
        order.pend_qty = asked if flags & m.OrderFlag.HAS_QTY else order.qty

    def _check_needed(self, order: Order, line: dict[str, Any]) -> None:
        """Rule 5: a report prints the order's line only if a field changed, but for some exec_types."""
        if self._kind != m.Kind.REPORT or line["exec_type"] in ALWAYS or not order.last:
            return
        changed = any(line.get(field) != order.last.get(field) for field in FIELDS)
        require(changed, "needless_line", line)

    def _fill(self, order: Order, line: dict[str, Any]) -> None:
        """What the order was filled by, after this trade, bust or correction."""
        key = (line["venue"], line["exec_id"])
        qty, px = Fraction(line["last_qty"]), Fraction(line["last_px"])
        if line["exec_type"] != "trade":
            named = (line["venue"], line["exec_ref_id"])
            key_of = order.bases.get(named, named)
            order.bases[key] = key_of
            key = key_of
            require(key in order.fills, "unknown_reference", line)
            qty = qty if line["exec_type"] == "trade_correct" else Fraction(0)
        else:
            require(key not in order.fills, "applied_twice", line)
        order.fills[key] = (qty, px)
        order.fill_child[key] = line["child_id"]

    def _check_average(self, order: Order, line: dict[str, Any]) -> None:
        cum = sum((qty for qty, _ in order.fills.values()), Fraction(0))
        require(cum == order.cum, "cum_is_fills", f"{line}, fills {cum}")
        value = sum((qty * px for qty, px in order.fills.values()), Fraction(0))
        average = value / cum if cum else Fraction(0)
        digits = self.directory.symbols[order.symbol].price_precision + 6
        want = format_ratio(average.numerator, average.denominator, digits)
        require(line["avg_px"] == want, "avg_px", f"{line}, want {want}")

    def _check_sums(self, line: dict[str, Any]) -> None:
        order = self.book.order_of(line)
        assert order is not None
        cum = sum((child.cum for child in order.children), Fraction(0))
        require(cum == order.cum, "cum_is_childrens", f"{line}, children {cum}")
        if not order.tainted:
            held = sum((child.cum + child.leaves for child in order.children), Fraction(0))
            require(held <= order.bound, "child_bound", f"{line}, children {held}, bound {order.bound}")

    # ---- children and sends ----------------------------------------------------------------------------

    def _child(self, line: dict[str, Any]) -> None:
        child = self.book.children.get(line["child_id"])
        if child is None or child.venue != line["venue"]:
            raise Violation("unsent_child", str(line))
        self._taint(child, line)
        check_status(line)
        child.qty = Fraction(line["order_qty"])
        child.cum = Fraction(line["cum_qty"])
        child.leaves = Fraction(line["leaves_qty"])
        child.status = line["ord_status"]
        child.acked = child.acked or line["exec_type"] in ("new", "trade", "replaced", "restated")
        child.ended = child.ended or line["exec_type"] in (*ENDED, "unknown_order")
        if child.ended or line["exec_type"] in ("replaced", "cancel_rejected"):
            child.asked = Fraction(0)
        if child.ended or line["exec_type"] == "cancel_rejected":
            child.cancel_asked = False

    def _taint(self, child: Child, line: dict[str, Any]) -> None:
        """Whether the venue goes beyond what it was sent: then the bound holds for sends only."""
        exec_type = line["exec_type"]
        beyond = exec_type == "trade" and (child.ended or Fraction(line["cum_qty"]) > child.qty)
        grew = exec_type in ("replaced", "restated") and Fraction(line["order_qty"]) > child.most
        if beyond or grew or exec_type == "trade_correct":
            self.book.parent(child.child_id).tainted = True

    def _send(self, line: dict[str, Any]) -> None:
        action = line["action"]
        order = self.book.parent(line["child_id"])
        child = self.book.children.get(line["child_id"])
        if action == "new":
            require(child is None, "sent_twice", line)
            child = self._new_child(order, line)
        if child is None or child.venue != line["venue"]:
            raise Violation("unsent_child", str(line))
        state = self.states.get((child.venue, order.symbol), "up")
        grows = action == "new" or (action == "replace" and Fraction(line["order_qty"]) > child.most)
        allowed = state in ("up", "auction") if grows else state != "down"
        require(allowed, "venue_not_up", f"{line}, the venue is {state}")
        child.cancel_asked = child.cancel_asked or action == "cancel"
        if action in ("new", "replace"):
            self._check_killed(order, line)
            self._check_bound(order, child, line)

    def _new_child(self, order: Order, line: dict[str, Any]) -> Child:
        n = int(line["child_id"].rpartition(".")[2])
        require(n == len(order.children) + 1, "child_numbers", f"{line} is child {len(order.children) + 1}")
        price = Fraction(line["price"]) if "price" in line else None
        child = Child(line["child_id"], n, line["venue"], Fraction(0), price)
        child.time_in_force = line["time_in_force"]
        order.children.append(child)
        self.book.children[child.child_id] = child
        return child

    def _check_bound(self, order: Order, child: Child, line: dict[str, Any]) -> None:
        before, qty = child.most, Fraction(line["order_qty"])
        if line["action"] == "new":
            child.qty = child.leaves = qty
        else:
            child.asked = qty
        total = sum((each.most for each in order.children), Fraction(0))
        if qty > before:
            require(total <= order.bound, "child_bound", f"{line}: {total} of {order.bound}")

    def _check_killed(self, order: Order, line: dict[str, Any]) -> None:
        scopes = {
            ("all", ""),
            ("account", order.account),
            ("strategy", order.strategy or ""),
            ("symbol", order.symbol),
            ("venue", line["venue"]),
            ("session", order.session),
        }
        require(not scopes & self.killed, "sent_after_kill", f"{line}: {scopes & self.killed}")

    def _risk_state(self, line: dict[str, Any]) -> None:
        scope = (line["scope"], line["key"])
        for state, scopes in (("killed", self.killed), ("halted", self.halted)):
            scopes.discard(scope)
            if line["state"] == state:
                scopes.add(scope)

    # ---- positions -------------------------------------------------------------------------------------

    def _position(self, line: dict[str, Any]) -> None:
        key = (line["account"], line["symbol"])
        want = self.opening.get(key, Fraction(0))
        for order in self.book.orders.values():
            if (order.account, order.symbol) == key:
                want += order.sign * order.cum
        require(Fraction(line["qty"]) == want, "position_is_fills", f"{line}, fills {want}")

    # ---- after a line of the file ----------------------------------------------------------------------

    def settled(self) -> None:
        """All consequences of a line are done: the tables against each other and against what was printed."""
        self.tables.check_sums()
        self.tables.check_exposure()
        for index, order in enumerate(self.tables.orders()):
            if order["bits"] & 1:
                self._check_printed(index, order)

    def _check_printed(self, index: int, row: Any) -> None:
        symbol = self.directory.symbol_list[int(row["symbol"])]
        require(index in self.accepted, "unheard_of", f"order {index} exists and was never printed")
        order = self.accepted[index]
        qty, cum = int(row["order_qty"]), int(row["cum_qty"])
        status = status_of(int(row["bits"]), qty, cum)
        scale = 10**symbol.qty_precision
        want = (
            status,
            Fraction(qty, scale),
            Fraction(cum, scale),
            Fraction(leaves_of(status, qty, cum), scale),
        )
        last = order.last
        have = (last["ord_status"], *(Fraction(last[key]) for key in ("order_qty", "cum_qty", "leaves_qty")))
        require(
            want == have, "unprinted_change", f"{order.cl_ord_id}: the order is {want}, printed was {have}"
        )


def check_status(line: dict[str, Any]) -> None:
    """Rules 3 and 4, as far as a line shows them."""
    qty, cum, leaves = (Fraction(line[key]) for key in ("order_qty", "cum_qty", "leaves_qty"))
    status = line["ord_status"]
    require(cum >= 0, "cum_negative", line)
    want = leaves_of_fractions(status, qty, cum)
    require(leaves == want, "leaves", f"{line}, want {want}")
    if cum >= qty and cum > 0:
        require(status in ("filled", "pending_cancel", "pending_replace", "done_for_day"), "precedence", line)
    else:
        require(status != "filled", "precedence", line)
    if status in NO_FILLS:
        require(cum == 0, "precedence", line)
    if status == "partially_filled":
        require(0 < cum < qty, "precedence", line)


def leaves_of_fractions(status: str, qty: Fraction, cum: Fraction) -> Fraction:
    """Rule 3 on printed figures."""
    ended = status in ("filled", "canceled", "rejected", "expired", "done_for_day")
    return Fraction(0) if ended else max(qty - cum, Fraction(0))
