"""The adapter's body: commands of NautilusTrader to the core, what the core says of its orders back. No
import of it.

    shim ── Submit, modify, cancel ──► Body ── client library ──► risk, router
    shim ◄── accepted, filled, ... ─── Body ◄── OrderEvent, DenyEvent, Gap

A fill is known by its event on the core's spine, which is its trade id: told once, however often and by
whichever way it comes (as it happens, or after a gap or a crash of the core out of `executions`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, ClassVar

from periphery.client import Busy, Client, DenyEvent, OrderEvent
from periphery.client.errors import ClientError, Refused
from periphery.client.units import from_units
from periphery.nautilus_trader.book import Fill, Known, Teller, fill_of
from periphery.nautilus_trader.requests import Submit, Unsayable, line_of, text

FEE_DIGITS = 8
ENDED_KEPT = 50_000
"""Ended orders that are known still, for a late fill; older ones are forgotten."""
OPEN_MAX = 100_000
"""Orders of a body that may be open at a time; more are denied."""
LOST = "lost: the core ended before it took the order, nothing was sent to a venue"


class Body:
    """Orders of one account. The client comes and goes: `attach`, `detach`."""

    def __init__(self, teller: Teller, account: str, now_ns: Any) -> None:
        """now_ns: gives the time, for what happens here alone."""
        self.teller = teller
        self.account = account
        self.now_ns = now_ns
        self.client: Client | None = None
        self.why = "not yet connected"
        self.orders: dict[str, Known] = {}
        self.seq = self.heard = 0
        """Events of the spine: up to `seq` all was told by `recover`; `heard` is the last one that came."""
        self._by_index: dict[int, Known] = {}
        self._by_request: dict[str, Known] = {}
        self._fees: dict[int, Decimal] = {}
        self._ended: deque[Known] = deque()
        self._to_cancel: dict[str, Known] = {}
        self._open = 0

    # ---- commands ------------------------------------------------------------------------------------------

    def submit(self, order: Submit, tag: Any) -> None:
        """Send it. What can't be sent is told as denied: nothing is left without a word."""
        known = self._know(order, tag)
        if known is None:
            return
        try:
            self._send(order, known)
        except (Unsayable, ClientError, ValueError, TypeError) as wrong:
            self._deny(known, str(wrong))

    def submit_list(self, orders: Iterable[tuple[Submit, Any]]) -> None:
        """In their order. Where one can't be sent its list's other orders are told as denied as well."""
        failed = ""
        for order, tag in orders:
            known = self._know(order, tag)
            if known is None:
                continue
            try:
                if failed:
                    raise Unsayable(failed)
                self._send(order, known)
            except (Unsayable, ClientError, ValueError, TypeError) as wrong:
                failed = failed or f"{order.cl_ord_id} of its list could not be sent: {wrong}"
                self._deny(known, str(wrong))

    def _know(self, order: Submit, tag: Any) -> Known | None:
        known = Known(
            order.cl_ord_id, order.symbol, order.ord_type, order.strategy, order.side, tag, order.qty,
            order.price, order.stop_px, order.cl_ord_id, order.post_only,
        )  # fmt: skip
        if order.cl_ord_id in self.orders:
            self.teller.denied(known, f"client order id {order.cl_ord_id} was used before")
            return None
        self.orders[order.cl_ord_id] = known
        self._by_request[order.cl_ord_id] = known
        self._open += 1
        return known

    def _send(self, order: Submit, known: Known) -> None:
        if self._open > OPEN_MAX:
            raise Unsayable(f"{OPEN_MAX:,} orders are open, which is the most")
        client = self._must()
        if not order.is_plain:
            line = line_of(order, self.account)
            self.teller.submitted(known, self.now_ns())
            self._ask(client, line, known)
            return
        client.submit(
            order.symbol, order.side, text(order.qty), order.ord_type,
            None if order.price is None else text(order.price), self.account, order.params.get("venue"),
            order.time_in_force, order.strategy, order.post_only, order.cl_ord_id, order.expire_ns,
        )  # fmt: skip
        self.teller.submitted(known, self.now_ns())

    def _ask(self, client: Client, line: dict[str, Any], known: Known) -> None:
        """An order for which the core is asked. Who hangs up meanwhile leaves it unknown: `recover` finds
        out.
        """
        try:
            client.send(line)
        except Refused as wrong:
            self._end(known)
            self.teller.rejected(known, str(wrong), self.now_ns())
        except ClientError as wrong:
            self.why = str(wrong)

    def _must(self) -> Client:
        if self.client is None:
            raise Unsayable(f"the core is not there: {self.why}")
        return self.client

    def _deny(self, known: Known, reason: str) -> None:
        self._end(known)
        self.teller.denied(known, reason)

    def modify(
        self, cl_ord_id: str, qty: Decimal | None, price: Decimal | None, stop_px: Decimal | None
    ) -> bool:
        """Ask for another quantity, price or stop price. False: no such order here."""
        known = self.orders.get(cl_ord_id)
        if known is None:
            return False
        changed = {"qty": _new(qty, known.qty), "price": _new(price, known.price)}
        changed["stop_px"] = _new(stop_px, known.stop_px)
        try:
            if not any(changed.values()):
                raise Unsayable("nothing is to change")
            request = self._must().replace(known.current, **changed)
        except (Unsayable, ClientError) as wrong:
            self.teller.modify_rejected(known, str(wrong), self.now_ns())
        else:
            known.asked[request] = ("replace", stop_px if changed["stop_px"] else None)
            self._by_request[request] = known
        return True

    def cancel(self, cl_ord_id: str) -> bool:
        """Ask to cancel. False: no such order here. Where the ring is full it is asked for once there is
        room.
        """
        known = self.orders.get(cl_ord_id)
        if known is None:
            return False
        try:
            request = self._must().cancel(known.current)
        except Busy:
            self._to_cancel[cl_ord_id] = known
        except (Unsayable, ClientError) as wrong:
            self.teller.cancel_rejected(known, str(wrong), self.now_ns())
        else:
            known.asked[request] = ("cancel", None)
            self._by_request[request] = known
        return True

    def cancel_all(self, symbol: str | None, side: str | None, strategy: str | None) -> int:
        """Cancel each open order in scope, None is any; how many."""
        found = [
            known
            for known in self.orders.values()
            if not known.ended
            and symbol in (None, known.symbol)
            and side in (None, known.side)
            and strategy in (None, known.strategy)
        ]
        for known in found:
            self.cancel(known.cl_ord_id)
        return len(found)

    def flush(self) -> None:
        """Cancels that found the ring full."""
        for cl_ord_id in list(self._to_cancel):
            known = self._to_cancel.pop(cl_ord_id)
            if not known.ended:
                self.cancel(cl_ord_id)
            if cl_ord_id in self._to_cancel:
                return

    # ---- what the core says --------------------------------------------------------------------------------

    def fee(self, event: int, units: int) -> None:
        """A fill's fee in 10^-8, which comes before its answer does."""
        self._fees[event] = from_units(units, FEE_DIGITS)

    def hear(self, event: OrderEvent | DenyEvent) -> None:
        """An answer. Those up to `seq` were told otherwise."""
        if event.event <= self.seq:
            self._fees.pop(event.event, None)
            return
        self.heard = event.event
        if isinstance(event, DenyEvent):
            self._denied(event)
            return
        known = self._find(event)
        if known is not None:
            self._handlers.get(event.exec_type, Body._nothing)(self, known, event)
        self._fees.pop(event.event, None)

    def _find(self, event: OrderEvent) -> Known | None:
        known = self._by_index.get(event.order)
        if known is None:
            known = self._by_request.get(event.cl_ord_id) or self._by_request.get(event.orig_cl_ord_id or "")
            if known is not None:
                self._bind(known, event.order)
        return known

    def _bind(self, known: Known, index: int) -> None:
        known.order = index
        self._by_index[index] = known

    def _denied(self, event: DenyEvent) -> None:
        known = self._by_request.get(event.cl_ord_id)
        if known is None:
            return
        asked = known.asked.pop(event.cl_ord_id, None)
        if asked is not None:
            self._not_done(known, asked[0], event.reason, event.time_ns)
        elif not known.accepted and not known.ended:
            self._end(known)
            self.teller.rejected(known, event.reason, event.time_ns)

    def _not_done(self, known: Known, what: str, reason: str, time_ns: int) -> None:
        if what == "cancel":
            self.teller.cancel_rejected(known, reason, time_ns)
        else:
            self.teller.modify_rejected(known, reason, time_ns)

    def _accept(self, known: Known, time_ns: int) -> None:
        if not known.accepted:
            known.accepted = True
            self.teller.accepted(known, time_ns)

    def _new(self, known: Known, event: OrderEvent) -> None:
        self._accept(known, event.time_ns)

    def _trade(self, known: Known, event: OrderEvent) -> None:
        assert event.last_qty is not None
        assert event.last_px is not None
        currency = event._symbol.settle_currency if event._symbol is not None else ""
        fee = self._fees.get(event.event)
        fill = Fill(event.event, event.time_ns, event.last_qty, event.last_px, fee, currency)
        self._fill(known, fill)
        if event.ord_status == "filled":
            self._end(known)

    def _fill(self, known: Known, fill: Fill) -> None:
        """Once each."""
        if fill.event in known.fills:
            return
        self._accept(known, fill.time_ns)
        known.fills.add(fill.event)
        known.cum_qty += fill.qty
        self.teller.filled(known, fill)

    def _canceled(self, known: Known, event: OrderEvent) -> None:
        known.asked.pop(event.cl_ord_id, None)
        if not known.ended:
            self._end(known)
            self.teller.canceled(known, event.time_ns)

    def _expired(self, known: Known, event: OrderEvent) -> None:
        if not known.ended:
            self._end(known)
            self.teller.expired(known, event.time_ns)

    def _rejected(self, known: Known, event: OrderEvent) -> None:
        """An order of which something was filled ends as canceled there."""
        if known.ended:
            return
        self._end(known)
        if known.cum_qty:
            self.teller.canceled(known, event.time_ns)
        else:
            self.teller.rejected(known, self._reason(known, event), event.time_ns)

    def _reason(self, known: Known, event: OrderEvent) -> str:
        """A venue's own text isn't told to sessions: it refuses a post-only order for being that."""
        if event.reason == "venue_text":
            return "post_only" if known.post_only else "the venue refused it: its words are in the journal"
        return event.reason or "the venue gave no reason"

    def _replaced(self, known: Known, event: OrderEvent) -> None:
        asked = known.asked.pop(event.cl_ord_id, None)
        if event.exec_type == "replaced":
            known.current = event.cl_ord_id
        if asked is not None and asked[1] is not None:
            known.stop_px = asked[1]
        known.qty = event.order_qty
        known.price = event.price if known.price is not None else None
        self._accept(known, event.time_ns)
        self.teller.updated(known, event.time_ns)
        if event.ord_status == "filled" and not known.ended:  # it was made as small as what was filled
            self._end(known)
            self.teller.canceled(known, event.time_ns)

    def _refused(self, known: Known, event: OrderEvent) -> None:
        asked = known.asked.pop(event.cl_ord_id, None)
        if asked is not None:
            self._not_done(known, asked[0], event.reason or "the venue refused it", event.time_ns)
        if event.ord_status == "filled" and not known.ended:
            self._end(known)

    def _triggered(self, known: Known, event: OrderEvent) -> None:
        self.teller.triggered(known, event.time_ns)

    def _busted(self, known: Known, event: OrderEvent) -> None:
        known.cum_qty = event.cum_qty
        self.teller.busted(known, event)

    def _nothing(self, known: Known, event: OrderEvent) -> None:
        """NautilusTrader has no such event: it has said pending itself, or the order stays open."""

    _handlers: ClassVar = {
        "new": _new,
        "trade": _trade,
        "canceled": _canceled,
        "expired": _expired,
        "rejected": _rejected,
        "replaced": _replaced,
        "restated": _replaced,
        "cancel_rejected": _refused,
        "triggered": _triggered,
        "trade_cancel": _busted,
        "trade_correct": _busted,
    }

    def _end(self, known: Known) -> None:
        if known.ended:
            return
        known.ended = True
        self._open -= 1
        self._ended.append(known)
        while len(self._ended) > ENDED_KEPT:
            self._forget(self._ended.popleft())

    def _forget(self, known: Known) -> None:
        self.orders.pop(known.cl_ord_id, None)
        for request in (known.cl_ord_id, known.current, *known.asked):
            self._by_request.pop(request, None)
        if known.order is not None:
            self._by_index.pop(known.order, None)

    # ---- coming and going ----------------------------------------------------------------------------------

    def attach(self, client: Client, told: Mapping[str, Any]) -> None:
        """A session with the core, and what `executions` said when it began."""
        self.recover(told)
        self.client, self.why = client, ""

    def detach(self, why: str) -> None:
        """The core is gone: what it had not answered is unknown until the next `attach`."""
        self.client, self.why = None, why

    def adopt(self, order: Submit, tag: Any, index: int, current: str) -> None:
        """An order of an earlier run, which works still."""
        known = self._know(order, tag)
        if known is not None:
            known.accepted, known.current = True, current
            self._by_request[current] = known
            self._bind(known, index)

    def recover(self, told: Mapping[str, Any]) -> None:
        """Tell what was missed: after a gap, or from one core to the next."""
        rows = {row["first_cl_ord_id"]: row for row in told["orders"]}
        self._missed_fills(told, rows)
        for known in [known for known in self.orders.values() if not known.ended]:
            row = rows.get(known.cl_ord_id)
            if row is not None:
                self._agree(known, row)
            elif not told["orders_left_out"]:
                self._end(known)
                self.teller.rejected(known, LOST, self.now_ns())
        self.seq = self.heard = max(self.heard, int(told["seq"]))

    def _missed_fills(self, told: Mapping[str, Any], rows: Mapping[str, Any]) -> None:
        for row in sorted(told["fills"], key=lambda row: int(row["event"])):
            known = self.orders.get(row["first_cl_ord_id"] or "")
            if known is not None:
                if known.order is None:
                    self._bind(known, int(row["order"]))
                self._fill(known, fill_of(row))

    def _agree(self, known: Known, row: Mapping[str, Any]) -> None:
        """Come to where the core is with an order."""
        if known.order is None:
            self._bind(known, int(row["order"]))
        status, now_ns = row["ord_status"], self.now_ns()
        if status == "rejected":
            self._end(known)
            self.teller.rejected(known, "the venue refused it", now_ns)
            return
        if status != "pending_new":
            self._accept(known, now_ns)
        self._agree_terms(known, row, now_ns)
        known.asked = {
            request: asked for request, asked in known.asked.items() if status.startswith("pending_")
        }
        if status == "filled":
            self._end(known)
        elif status in ("canceled", "expired"):
            self._end(known)
            (self.teller.canceled if status == "canceled" else self.teller.expired)(known, now_ns)

    def _agree_terms(self, known: Known, row: Mapping[str, Any], now_ns: int) -> None:
        terms = Decimal(row["order_qty"]), _number(row.get("price")), _number(row.get("stop_px"))
        price = terms[1] if known.price is not None else None
        stop_px = terms[2] if known.stop_px is not None and terms[2] is not None else known.stop_px
        self._by_request[row["cl_ord_id"]] = known
        pending = [asked[0] for asked in known.asked.values()]
        known.current = row["cl_ord_id"]
        if (known.qty, known.price, known.stop_px) != (terms[0], price, stop_px):
            known.qty, known.price, known.stop_px = terms[0], price, stop_px
            self.teller.updated(known, now_ns)
        elif row["ord_status"] in ("new", "partially_filled"):  # what was asked was lost with the core
            for what in pending:
                self._not_done(known, what, "lost: the core ended before it took the request", now_ns)


def _new(asked: Decimal | None, now: Decimal | None) -> str | None:
    """What is to be asked for; None: nothing is to change."""
    return None if asked is None or asked == now else text(asked)


def _number(told: str | None) -> Decimal | None:
    return None if told is None else Decimal(told)
