"""A venue behind FIX: what the core sends to it goes out as orders, what it says comes back as reports.

    journal ─► sends, in order ─► intent there? ─► session's store ─► socket ─► done
    report (on the spine) ◄─ the venue's 8, 9, 3, j ◄─ socket

A send is written once: a message that may or may not have reached the venue is never sent again. When both
sides are logged on, the core is told that the venue is up, and asks about every child that it has open there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from core import messages as m
from core.live.fencing import find_fence
from core.live.handover import Fate, Handover, is_owed
from core.live.killing import open_page
from core.recovery.journal import capacity_of
from core.scenario.numbers import format_units
from core.scenario.schema import ORD_TYPES, TIMES_IN_FORCE
from core.venues.fix.agreement import NOT_AVAILABLE, NS, Field
from core.venues.fix.codec import Message, parse, utc_timestamp
from core.venues.fix.session import Session
from core_ext.fence import Fence
from core_ext.killpage import KillPage
from periphery.client import Client
from periphery.client.control import socket_path
from periphery.client.errors import ClientError, Refused
from periphery.client.words import SIDE_NAMES
from periphery.fix import words
from periphery.fix.config import SessionConfig
from periphery.fix.reports import Reports
from periphery.service.source import Gone, JournalSource

AGAIN_NS = NS // 2
ENDED = ("canceled", "expired", "rejected", "unknown_order")
_HELD = (m.Action.NEW, m.Action.REPLACE)
"""What a kill holds back, looked at directly before each write; cancels and questions pass."""
_SEND_AT = 768
"""core/messages.pxd draws the page."""
_AMOUNTS = {"last_qty": 32, "last_px": 31}
_ASKED = {b"0": None, b"1": None, b"2": None, b"4": "canceled", b"C": "expired", b"3": "done_for_day"}
"""OrdStatus (39) in an answer to a question: what of it the venue need not have told before."""
_UNMOVED = (b"0", b"1", b"2")
_ENDS_A_REQUEST = ("cancel_rejected", "canceled", "replaced", "expired", "unknown_order", "done_for_day")


class Order(NamedTuple):
    """A send, as the journal has it, in FIX's words."""

    seq: int
    action: int
    child_id: str
    symbol: str
    fields: tuple[Field, ...]
    keys: tuple[int, ...]
    """By `core.messages.Scope`: what a kill of it is looked for under."""
    is_owed: bool = False
    """Of a question: the core waits for the answer to a cancel or replace, and sends none again."""


class Broker:
    """An App. connect: a session with the core, of that name, or ClientError."""

    session: Session

    def __init__(
        self,
        config: SessionConfig,
        reports: Reports,
        connect: Callable[[str, bool], Client],
        socket: Path | None = None,
    ) -> None:
        """socket: the core's, else as `connect` finds it; the kill page is beside it."""
        self.config = config
        self.reports = reports
        self.connect = connect
        self.socket = socket
        self.client: Client | None = None
        self.told = (0, 0)
        self.why = "not yet connected"
        self.ready = False  # the journal was read up to its end: before, it calls nobody
        self.sent: set[str] = set()
        self.waiting: deque[Order] = deque()
        self.questions: dict[str, Order] = {}
        self.owed: set[str] = set()
        """Children that the venue was asked about, and whose cancel or replace it hasn't answered."""
        self.doubtful: list[list[Field]] = []
        """Of orders that were intended and not done: the venue is asked about them at the next logon."""
        self.children: dict[str, tuple[str, str]] = {}
        self._current: dict[str, str] = {}
        self._again_ns = 0
        self._source: JournalSource | None = None
        self._handover: Handover | None = None
        self._page_of_kills: KillPage | None = None
        self._fence: Fence | None = None

    def restore(self) -> None:
        """What was written before, or may have been, out of the session's store."""
        store, fields = self.session.store, self.session.dictionary.data_fields
        for number, frame in store.messages(1, store.next_out - 1):
            message = parse(frame, fields)
            if message.msg_type in (b"D", b"F", b"G"):
                self.sent.add(message.text(11))
            if message.msg_type == b"D" and number > store.done_through:
                self.doubtful.append([(tag, message.get(tag) or b"") for tag in (11, 54, 55)])

    # ---- the session ---------------------------------------------------------------------------------------

    def on_logon(self, now_ns: int) -> None:
        self._venue("up")
        for order in self.questions.values():  # the core asks once, whether the venue was there or not
            self._write(order, now_ns)
            if self._handover is not None:
                self._handover.done(order.seq)
        self.questions.clear()
        for fields in self.doubtful:
            self.session.send(b"H", fields, now_ns)
        self.doubtful.clear()

    def on_logout(self, now_ns: int) -> None:
        self._venue("down")

    def may_resend(self, message: Message) -> bool:
        """Questions alone: an order that comes late is another order. The core asks what became of it."""
        return message.msg_type == b"H"

    def on_message(self, message: Message, now_ns: int) -> None:
        """A report is on the spine before its number counts as heard: else the venue is asked for it."""
        if message.msg_type == b"8":
            self._execution(message)
        elif message.msg_type == b"9":
            self._tell(message.text(11), "cancel_rejected", text=message.text(58))
        elif message.msg_type in (b"3", b"j"):
            self._refused(message)

    def _execution(self, message: Message) -> None:
        kind = self._kind(message)
        if kind is None:
            return
        more: dict[str, str] = {"text": message.text(58)}
        if kind in ("trade", "trade_correct", "trade_cancel"):
            more |= {key: message.text(tag) for key, tag in _AMOUNTS.items()}
            more |= {"exec_id": message.text(17), "exec_ref_id": message.text(19)}
            if message.get(13) == b"3":
                more["fee"] = message.text(12)
        if kind in ("replaced", "restated"):
            more |= {"order_qty": message.text(38), "price": message.text(44)}
        self._tell(message.text(11), kind, orig=message.text(41), **more)

    def _kind(self, message: Message) -> str | None:
        """An exec_type of the core's; None: nothing new is said."""
        code, trans = message.get(150) or b"", message.get(20)
        if trans == b"3" or code == b"I":
            status = message.get(39) or b""
            return "unknown_order" if status == b"8" else _ASKED.get(status) or self._came_to_nothing(message)
        if trans in (b"1", b"2"):
            return {b"1": "trade_cancel", b"2": "trade_correct"}[trans]
        if code in (b"1", b"2"):
            return "trade"
        return words.EXEC_TYPES_OF.get(code)

    def _came_to_nothing(self, message: Message) -> str | None:
        """An order that stands there as if nothing was asked, or is filled: its cancel, which came before the
        question, was refused, or never came.
        """
        child_id, _ = self.children.get(message.text(11), ("", ""))
        return "cancel_rejected" if message.get(39) in _UNMOVED and child_id in self.owed else None

    def _refused(self, message: Message) -> None:
        """A Reject of one of ours: that one will come to nothing."""
        number = message.text(45)
        if not number.isdigit():
            return
        fields = self.session.dictionary.data_fields
        for _, frame in self.session.store.messages(int(number), int(number)):
            ours = parse(frame, fields)
            if ours.msg_type == b"D":
                self._tell(ours.text(11), "rejected", text=message.text(58))
            elif ours.msg_type in (b"F", b"G"):
                self._tell(ours.text(11), "cancel_rejected", text=message.text(58))

    def _tell(self, cl_ord_id: str, kind: str, orig: str = "", **more: str) -> None:
        found = self.children.get(cl_ord_id) or self.children.get(orig)
        if found is None:
            self.session.said.append(f"a report of an order that nobody knows: {cl_ord_id}, {kind}")
            return
        child_id, symbol = found
        if kind in _ENDS_A_REQUEST:
            self.owed.discard(child_id)
        told = {"venue": self.config.venue, "symbol": symbol, "child_id": child_id, "exec_type": kind}
        self._report(told | {key: value for key, value in more.items() if value})
        if kind == "replaced":
            self._current[child_id] = cl_ord_id

    def _report(self, told: dict[str, Any]) -> None:
        """Lost: the core is gone. The session is left without having heard the message, which comes again."""
        if self.client is None:
            raise CoreGone(self.why)
        try:
            self.client.request("report", report=told)
        except Refused as wrong:
            self.session.said.append(f"the core refuses a report, {told}: {wrong}")
        except ClientError as wrong:
            self._lost(str(wrong))
            raise CoreGone(str(wrong)) from wrong

    def _venue(self, state: str) -> None:
        if self.client is not None:
            try:
                self.client.request("gateway", venue=self.config.venue, state=state)
            except Refused as wrong:
                self.session.said.append(f"the core refuses that {self.config.venue} is {state}: {wrong}")
            except ClientError as wrong:
                self._lost(str(wrong))

    # ---- what the core sends -------------------------------------------------------------------------------

    def poll(self, now_ns: int) -> bool:
        """Read the journal, write what is to be written; whether there was anything."""
        if self.client is None:
            return self._reconnect(now_ns)
        assert self._source is not None
        try:
            busy = self._source.poll() > 0
            self.ready = self.ready or not busy
            self.client.poll()
            return self._write_more(now_ns) or busy
        except (Gone, ClientError) as wrong:
            self._lost(str(wrong))
        except CoreGone:
            pass
        return True

    def _page(self, raw: bytes) -> None:
        if (
            raw[_SEND_AT : _SEND_AT + 8] != raw[:8]
        ):  # the event asked for none: its paragraph is an older one's
            return
        send = np.frombuffer(raw, m.SEND, 1, _SEND_AT)[0]
        if not send["flags"] & m.SendFlag.SENT:
            return
        assert self._source is not None
        directory = self._source.book.directory
        if directory.venue_list[int(send["venue"])] != self.config.venue:
            return
        order = self._order(send, directory)
        if order.action == m.Action.STATUS:
            order = order._replace(is_owed=is_owed(raw))
        self.children[dict(order.fields)[11].decode()] = order.child_id, order.symbol
        self.waiting.append(order)

    def _order(self, send: np.void, directory: Any) -> Order:
        symbol = directory.symbol_list[int(send["symbol"])]
        action, seq = int(send["action"]), int(send["seq"])
        child_id = f"{directory.text(send['first_id'].tobytes())}.{int(send['n'])}"
        cl_ord_id = child_id if action in (m.Action.NEW, m.Action.STATUS) else f"{child_id}/{seq}"
        qty = format_units(int(send["qty"]), symbol.qty_precision)
        fields: list[Field] = [
            (11, cl_ord_id.encode()),
            (38, qty.encode()),
            (40, words.ORD_TYPE_CODES[ORD_TYPES[int(send["ord_type"])]]),
            (54, words.SIDE_CODES[SIDE_NAMES[int(send["side"])]]),
            (55, symbol.name.encode()),
            (59, words.TIME_IN_FORCE_CODES[TIMES_IN_FORCE[int(send["time_in_force"])]]),
        ]
        if send["ord_type"] != m.OrdType.MARKET:
            fields.append((44, format_units(int(send["price"]), symbol.price_precision).encode()))
        if send["expire_ns"]:
            fields.append((126, utc_timestamp(int(send["expire_ns"]))))
        if send["order_flags"] & m.OrderFlag.POST_ONLY:
            fields.append((18, words.POST_ONLY))
        if self.config.account is not None:
            fields.append((1, self.config.account.encode()))
        return Order(seq, action, child_id, symbol.name, tuple(fields), _keys(send))

    def _write_more(self, now_ns: int) -> bool:
        """Sends in their order, as far as the core's gateways have come."""
        assert self._handover is not None
        count = 0
        while self.waiting:
            order = self.waiting[0]
            fate = self._handover.fate(order.seq)
            if fate == Fate.WAIT:
                break
            self.told = (order.seq, 0)
            if fate == Fate.WRITE and not self._was_sent(order):
                self._write(order, now_ns)
            if order.child_id not in self.questions or order.action != m.Action.STATUS:
                self._handover.done(order.seq)
            self.waiting.popleft()
            count += 1
        return count > 0

    def _was_sent(self, order: Order) -> bool:
        """It may have been. A question has its order's own id, and may be asked as often as one likes."""
        return order.action != m.Action.STATUS and dict(order.fields)[11].decode() in self.sent

    def _write(self, order: Order, now_ns: int) -> None:
        assert self._page_of_kills is not None
        if order.action in _HELD and self._page_of_kills.is_blocked(order.keys):
            self._not_written(order, "killed")
            return
        if self._fence is not None and order.action != m.Action.STATUS and not self._fence.opened:
            self._not_written(order, "fenced")
            return
        if not self.session.is_up:
            self._not_written(order, "the venue is not connected")
            return
        fields = dict(order.fields)
        self.session.send(*_message(order, fields, self._current, self.reports, now_ns), now_ns)
        if order.action != m.Action.STATUS:
            self.sent.add(fields[11].decode())
        elif order.is_owed:
            self.owed.add(order.child_id)
        if order.action == m.Action.NEW:
            self._current[order.child_id] = order.child_id

    def _not_written(self, order: Order, why: str) -> None:
        """It never will be: the core is told so. Questions wait for the venue."""
        if order.action == m.Action.STATUS:
            self.questions[order.child_id] = order
        else:
            kind = "rejected" if order.action == m.Action.NEW else "cancel_rejected"
            told = {"venue": self.config.venue, "symbol": order.symbol, "child_id": order.child_id}
            self._report(told | {"exec_type": kind, "text": why})

    # ---- coming and going ----------------------------------------------------------------------------------

    def _lost(self, why: str) -> None:
        self.why, self.ready = why, False
        if self.client is not None:
            self.client.close()
            self.client = None

    def _reconnect(self, now_ns: int) -> bool:
        if now_ns < self._again_ns:
            return False
        self._again_ns = now_ns + AGAIN_NS
        try:
            client = self.connect(f"fix-{self.config.name}"[:31], False)
            folder = self.config.journal or client.status()["journal"]["path"]
            self.waiting.clear()
            self.questions.clear()
            self.children.clear()
            self._handover = Handover(folder, capacity_of(folder))
            self._page_of_kills = open_page(socket_path(self.socket))
            self._fence = find_fence(socket_path(self.socket))
            self._source = JournalSource(folder, self._page)
        except (ClientError, Gone, OSError, ValueError) as wrong:
            self.why = str(wrong)
            return False
        self.client, self.why = client, ""
        self._venue("up" if self.session.is_up else "down")
        return True

    def close(self) -> None:
        if self.session.is_up:
            self._venue("down")
        self._lost("the gateway ended")


class CoreGone(Exception):
    """A report can't be told now: the session is left, and the venue asked for it when the core is back."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the core is not there: {why}")
        self.reason = NOT_AVAILABLE


def _keys(send: np.void) -> tuple[int, ...]:
    keys = [int(m.NONE)] * 8
    for scope in (m.Scope.ACCOUNT, m.Scope.STRATEGY, m.Scope.SYMBOL, m.Scope.VENUE, m.Scope.SESSION):
        keys[scope] = int(send[scope.name.lower()])
    return tuple(keys)


def _message(
    order: Order, fields: dict[int, bytes], current: dict[str, str], reports: Reports, now_ns: int
) -> tuple[bytes, list[Field]]:
    """(MsgType, fields) of a send."""
    fields = fields | {60: utc_timestamp(now_ns), 21: b"1"}
    kind = {m.Action.NEW: b"D", m.Action.REPLACE: b"G", m.Action.CANCEL: b"F", m.Action.STATUS: b"H"}[
        m.Action(order.action)
    ]
    if kind in (b"F", b"G"):
        fields[41] = current.get(order.child_id, order.child_id).encode()
    elif kind == b"H":
        fields[11] = current.get(order.child_id, order.child_id).encode()
    tags = reports.dictionary.messages[kind].tags
    return kind, sorted(field for field in fields.items() if field[0] in tags)
