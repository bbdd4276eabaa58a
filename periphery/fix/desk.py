"""Order entry: what an OMS asks for goes to the core through a session of the client library, answers back.

The core is the judge of everything: a ClOrdID is the core's cl_ord_id, which it takes once for ever, so
nothing that comes twice can become a second order. What was told to the OMS stands in the session's store,
what the core said in its journal: after a crash the difference of the two is told, each event under the
ExecID that it would have had.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.venues.fix.agreement import NOT_AVAILABLE, NS, UNSUPPORTED, BusinessReject, Field
from core.venues.fix.codec import Message, parse
from core.venues.fix.session import Session
from core.venues.fix.validation import Invalid
from periphery.client import Client, DenyEvent, Gap
from periphery.client.codec import Response
from periphery.client.errors import BadRequest, Busy, ClientError, HangUp, Refused
from periphery.client.events import Event, OrderEvent
from periphery.client.session import base36
from periphery.fix import reports as r
from periphery.fix.book import Book
from periphery.fix.config import SessionConfig
from periphery.fix.requests import Unsayable, new_order, order_of, order_of_row
from periphery.fix.told import Journal, order_of as order_of_page

BUDGET = 256
AGAIN_NS = NS // 10
OWN = "~"
"""What a ClOrdID of the gateway itself begins with: of cancels after a disconnect."""
ALL, OF_SYMBOL = b"7", b"1"
"""MassStatusReqType (585)."""


class Desk:
    """An App. connect: gives a session with the core, of that name, or raises ClientError."""

    session: Session

    def __init__(
        self, config: SessionConfig, reports: r.Reports, connect: Callable[[str, bool], Client]
    ) -> None:
        self.config = config
        self.reports = reports
        self.connect = connect
        self.client: Client | None = None
        self.book = Book()
        self.told = r.NOTHING
        self.why = "not yet connected"
        self._again_ns = 0
        self._to_cancel: deque[str] = deque()
        self._made = 0
        self._handlers: dict[bytes, Callable[[Message, int], None]] = {
            b"D": self._new,
            b"F": self._cancel,
            b"G": self._replace,
            b"H": self._status,
            b"AF": self._mass_status,
            b"3": self._heard_reject,
            b"j": self._heard_reject,
        }

    @property
    def name(self) -> str:
        """Of its session with the core."""
        return f"fix-{self.config.name}"[:31]

    def restore(self) -> None:
        """What was told before, out of the session's store."""
        store, fields = self.session.store, self.session.dictionary.data_fields
        for _, frame in store.messages(1, store.next_out - 1):
            message = parse(frame, fields)
            self.book.restore(message)
            self.told = max(self.told, r.key_of(message) or r.NOTHING)

    # ---- the session ---------------------------------------------------------------------------------------

    def on_logon(self, now_ns: int) -> None:
        self._to_cancel.clear()

    def on_logout(self, now_ns: int) -> None:
        if self.config.cancel_on_disconnect:
            self._to_cancel.extend(order.cl_ord_id.decode() for order in self.book.live())

    def may_resend(self, message: Message) -> bool:
        return True

    def on_message(self, message: Message, now_ns: int) -> None:
        handler = self._handlers.get(message.msg_type)
        if handler is None:
            raise BusinessReject(UNSUPPORTED, "Unsupported Message Type")
        cl_ord_id = message.text(11)
        if cl_ord_id.startswith(OWN) or not cl_ord_id.isascii():
            raise BusinessReject(0, f"ClOrdID (11) must be ASCII and not begin with {OWN}", cl_ord_id)
        try:
            handler(message, now_ns)
        except Invalid:
            raise
        except (
            ArithmeticError,
            LookupError,
            TypeError,
            ValueError,
        ) as wrong:  # it must not come again and again
            raise BusinessReject(0, f"can't be handled: {wrong}", cl_ord_id) from wrong

    def _heard_reject(self, message: Message, now_ns: int) -> None:
        """The session has said it in its log."""

    def _core(self, message: Message) -> Client:
        if self.client is None:
            raise BusinessReject(NOT_AVAILABLE, f"the core is not there: {self.why}", message.text(11))
        return self.client

    # ---- requests ------------------------------------------------------------------------------------------

    def _was_asked(self, message: Message, now_ns: int) -> bool:
        """What may be a repetition, and is known: its order's status is the answer."""
        cl_ord_id = message.get(11) or b""
        if b"Y" not in (message.get(43), message.get(97)) or not self.book.knows(cl_ord_id):
            return False
        order = self.book.orders.get(cl_ord_id) or self.book.orders.get(self.book.asked[cl_ord_id][1])
        if order is not None:
            self._say(b"8", self.reports.status(order, self._own_exec_id(), now_ns, []), now_ns)
        return True

    def _new(self, message: Message, now_ns: int) -> None:
        if self._was_asked(message, now_ns):
            return
        client, order, known = self._core(message), order_of(message), message.get(11) or b""
        try:
            asked = new_order(message, self.config.accounts, self.config.account, client.directory)
            if asked.plain:
                client.submit(**asked.said)
            else:
                client.send(asked.said)
        except Unsayable as wrong:
            self._refuse(order, wrong.reason, str(wrong), now_ns)
        except (BadRequest, Refused) as wrong:
            self._refuse(order, "unsupported", str(wrong), now_ns)
        except ClientError as wrong:
            raise self._unavailable(wrong, message) from wrong
        else:
            self.book.add(known, order)

    def _unavailable(self, wrong: ClientError, message: Message) -> BusinessReject:
        if not isinstance(wrong, Busy):
            self._lost(str(wrong))
        return BusinessReject(NOT_AVAILABLE, str(wrong), message.text(11))

    def _refuse(self, order: r.Order, reason: str, text: str, now_ns: int) -> None:
        self._say(b"8", self.reports.refused(order, reason, text, self._own_exec_id(), now_ns), now_ns)

    def _cancel(self, message: Message, now_ns: int) -> None:
        self._change(message, now_ns, r.CANCEL, lambda client, ids: client.cancel(ids[1], ids[0]))

    def _replace(self, message: Message, now_ns: int) -> None:
        qty, price = message.text(38) or None, message.text(44) or None
        self._change(
            message, now_ns, r.REPLACE, lambda client, ids: client.replace(ids[1], qty, price, ids[0])
        )

    def _change(
        self, message: Message, now_ns: int, to: bytes, ask: Callable[[Client, tuple[str, str]], object]
    ) -> None:
        if self._was_asked(message, now_ns):
            return
        client, ids = self._core(message), (message.get(11) or b"", message.get(41) or b"")
        order = self.book.orders.get(ids[1])
        try:
            if order is None:
                raise Unsayable(
                    "unknown_order", f"OrigClOrdID (41) {message.text(41)} is not of this session"
                )
            if to == r.REPLACE:
                _same_kind(message, order)
            ask(client, (message.text(11), message.text(41)))
        except (Unsayable, BadRequest) as wrong:
            reason = wrong.reason if isinstance(wrong, Unsayable) else "unsupported"
            self._say(b"9", self.reports.cancel_reject(order, ids, to, reason, str(wrong), None), now_ns)
        except ClientError as wrong:
            raise self._unavailable(wrong, message) from wrong
        else:
            self.book.ask(ids[0], to, ids[1])

    def _status(self, message: Message, now_ns: int) -> None:
        order = self.book.orders.get(message.get(11) or b"")
        if order is None:
            order = order_of(message)
            order.order_id, order.status = message.get(37) or b"NONE", b"8"
            more: list[Field] = [(58, b"no such order of this session"), (103, b"5")]
        else:
            more = []
        self._say(b"8", self.reports.status(order, self._own_exec_id(), now_ns, more), now_ns)

    def _mass_status(self, message: Message, now_ns: int) -> None:
        kind, asked = message.get(585), message.get(584) or b""
        if kind not in (ALL, OF_SYMBOL):
            raise BusinessReject(0, f"MassStatusReqType (585) {message.text(585)} is not supported: 1 or 7")
        filters = [(tag, value) for tag in (1, 54) if (value := message.get(tag)) is not None]
        if kind == OF_SYMBOL:
            filters.append((55, message.get(55) or b""))
        found = [order for order in self.book.live() if _matches(order, filters)]
        for i, order in enumerate(found or [r.Order(cl_ord_id=asked, symbol=b"NONE", status=b"8")]):
            more: list[Field] = [
                (584, asked),
                (911, b"%d" % len(found)),
                (912, b"Y" if i + 1 >= len(found) else b"N"),
            ]
            if not found:
                more.append((58, b"no such orders"))
            self._say(b"8", self.reports.status(order, self._own_exec_id(), now_ns, more), now_ns)

    def _own_exec_id(self) -> bytes:
        store = self.session.store
        return f"G{base36(store.began_ns)}-{store.next_out}".encode()

    def _say(self, msg_type: bytes, fields: list[Field], now_ns: int) -> None:
        self.session.send(msg_type, fields, now_ns)

    # ---- the core ------------------------------------------------------------------------------------------

    def poll(self, now_ns: int) -> bool:
        """Tell what the core has said by now; whether there was anything."""
        if self.client is None:
            return self._reconnect(now_ns)
        try:
            self._cancel_more()
            for count in range(BUDGET):
                event = self.client.poll()
                if event is None:
                    return count > 0
                self._hear(event, now_ns)
        except ClientError as wrong:
            self._lost(str(wrong))
        return True

    def _hear(self, event: Event, now_ns: int) -> None:
        if isinstance(event, Gap):
            assert self.client is not None
            self._catch_up(self.client, now_ns)
            return
        self._tell(event, (event.event, 0 if isinstance(event, DenyEvent) else 1), now_ns)

    def _tell(self, event: OrderEvent | DenyEvent, key: r.Key, now_ns: int) -> None:
        if key <= self.told:
            return
        self.told = key
        if isinstance(event, DenyEvent):
            self._denied(event, key, now_ns)
        else:
            self._happened(event, key, now_ns)

    def _happened(self, event: OrderEvent, key: r.Key, now_ns: int) -> None:
        cl_ord_id, orig = event.cl_ord_id.encode(), (event.orig_cl_ord_id or "").encode()
        if event.cl_ord_id.startswith(OWN):  # to the OMS it is about its order, and nothing that it asked for
            cl_ord_id, orig = orig, b""
        order = self.book.orders.get(cl_ord_id) or self.book.orders.get(orig) or r.Order()
        before = order.cl_ord_id or orig
        order.order_id, order.cl_ord_id = b"%d" % (event.order + 1), cl_ord_id
        order.symbol = (event.symbol or "").encode() or order.symbol
        self.book.add(cl_ord_id, order)
        self.reports.update(order, event)
        if event.exec_type == "cancel_rejected":
            self._not_done(order, (cl_ord_id, orig), event.reason or "", key, now_ns)
        else:
            self._say(b"8", self.reports.execution(order, event, key, orig), now_ns)
        if event.exec_type in ("pending_cancel", "pending_replace", "cancel_rejected"):
            order.cl_ord_id = before
        if order.ended:
            self.book.ended(order)

    def _not_done(
        self, order: r.Order | None, ids: tuple[bytes, bytes], reason: str, key: r.Key, now_ns: int
    ) -> None:
        """A cancel or replace."""
        to = self.book.asked.get(ids[0], (r.CANCEL, ids[1]))[0]
        self._say(b"9", self.reports.cancel_reject(order, ids, to, reason, reason, key), now_ns)

    def _denied(self, event: DenyEvent, key: r.Key, now_ns: int) -> None:
        cl_ord_id, orig = event.cl_ord_id.encode(), (event.orig_cl_ord_id or "").encode()
        if event.cl_ord_id.startswith(OWN):
            return
        if orig:
            self._not_done(self.book.orders.get(orig), (cl_ord_id, orig), event.reason, key, now_ns)
            return
        symbol = (event.symbol or "").encode()
        order = self.book.orders.get(cl_ord_id) or r.Order(cl_ord_id=cl_ord_id, symbol=symbol)
        fields = self.reports.refused(order, event.reason, event.reason, r.exec_id(key), event.time_ns)
        if order.order_id == b"NONE":
            self.book.drop(cl_ord_id)
        self._say(b"8", fields, now_ns)

    def _cancel_more(self) -> None:
        while self._to_cancel and self.client is not None:
            self._made += 1
            try:
                self.client.cancel(self._to_cancel[0], f"{OWN}{base36(time.time_ns())}-{self._made}")
            except Busy:
                return
            self._to_cancel.popleft()

    # ---- coming and going ----------------------------------------------------------------------------------

    def _lost(self, why: str) -> None:
        self.why = why
        if self.client is not None:
            self.client.close()
            self.client = None

    def _reconnect(self, now_ns: int) -> bool:
        if now_ns < self._again_ns:
            return False
        self._again_ns = now_ns + AGAIN_NS
        try:
            client = self.connect(self.name, self.config.cancel_on_disconnect)
        except ClientError as wrong:
            self.why = str(wrong)
            return False
        try:
            granted = client.request("names", space="session")["names"][client.session]
            if granted != self.name:
                raise HangUp(f"the core still has a session {self.name}: another gateway's, or not yet gone")
            self._catch_up(client, now_ns)
            self._meet_working(client)
        except (ClientError, OSError, ValueError, TimeoutError) as wrong:
            client.close()
            self.why = str(wrong)
            return False
        self.client, self.why = client, ""
        return True

    def _meet_working(self, client: Client) -> None:
        """Orders of other days that still work: no store tells of them."""
        for row in client.orders():
            cl_ord_id = row["cl_ord_id"].encode()
            if row["session"] == self.name and cl_ord_id not in self.book.orders:
                self.book.add(cl_ord_id, order_of_row(row))

    def _catch_up(self, client: Client, now_ns: int) -> None:
        """What the core said that was not told, out of its journal."""
        status = client.status()
        folder = self.config.journal or Path(status["journal"]["path"])
        began_ns, index = self.session.store.began_ns, client.session

        def take(told: Response, page: np.void, raw: bytes) -> None:
            key = (told.event, 0 if told.is_denial else 1)
            if told.session != index or told.time_ns < began_ns or key <= self.told:
                return
            self._meet(told, order_of_page(told, page, raw, journal.directory))
            self._tell(DenyEvent.of(told) if told.is_denial else told, key, now_ns)

        journal = Journal(folder, take)
        journal.through(int(status["seq"]))

    def _meet(self, told: Response, order: r.Order) -> None:
        """An order that was handed to the core, and of which nothing had been told."""
        ids = told.cl_ord_id.encode(), (told.orig_cl_ord_id or "").encode()
        if not told.orig_cl_ord_id and ids[0] not in self.book.orders:
            self.book.add(ids[0], order)

    def close(self) -> None:
        self._lost("the gateway ended")


def _same_kind(message: Message, order: r.Order) -> None:
    """What a replace can't change. Unsayable."""
    for tag, value, name in (
        (40, order.ord_type, "OrdType"),
        (54, order.side, "Side"),
        (99, order.stop_px, "StopPx"),
    ):
        asked = message.get(tag)
        if asked is not None and value and asked != value:
            raise Unsayable(
                "unsupported", f"{name} ({tag}) can't be replaced: cancel the order, send another"
            )


def _matches(order: r.Order, filters: list[Field]) -> bool:
    have = {1: order.account, 54: order.side, 55: order.symbol}
    return all(have[tag] == value for tag, value in filters)
