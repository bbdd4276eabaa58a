"""What a core sends to one venue (declared with mode `manual`), once each, for a gateway that isn't FIX's.

    journal ─► sends, in order ─► intent there? ─► noted in the gateway's file ─► written ─► done

A send is noted before it is written. One that was noted and isn't done when the gateway comes back may or
may not have reached the venue: it is never written again, the venue is asked.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from core import messages as m
from core.live.handover import Fate, Handover, is_owed
from core.live.killing import open_page
from core.recovery.journal import capacity_of
from core.scenario.numbers import format_units
from core.scenario.schema import ORD_TYPES, TIMES_IN_FORCE
from core_ext.killpage import KillPage
from periphery.client import Client, connect
from periphery.client.control import socket_path
from periphery.client.errors import ClientError, Refused
from periphery.client.words import SIDE_NAMES
from periphery.service.source import Gone, JournalSource

_HELD = (m.Action.NEW, m.Action.REPLACE)
"""What a kill holds back, looked at directly before each write; cancels and questions pass."""
_SEND_AT = 768
"""core/messages.pxd draws the page."""
_ACTIONS = {
    m.Action.NEW: "new",
    m.Action.REPLACE: "replace",
    m.Action.CANCEL: "cancel",
    m.Action.STATUS: "status",
}


class Send(NamedTuple):
    """A send in words; numbers are exact text. keys: what a kill of it is looked for under."""

    seq: int
    action: str
    child_id: str
    symbol: str
    side: str
    qty: str
    ord_type: str
    price: str
    time_in_force: str
    expire_ns: int
    post_only: bool
    keys: tuple[int, ...]
    is_owed: bool = False
    """Of a question: the core waits for the answer to a cancel or replace, and sends none again."""


class Sends:
    """Of one venue. write: tells the venue; it raises nothing, what it can't do it reports."""

    def __init__(
        self, venue: str, write: Callable[[Send], None], notes: Path, address: str | None = None,
        name: str = "nt-venue",
    ) -> None:  # fmt: skip
        """notes: the gateway's file of what it may have written."""
        self.venue = venue
        self.write = write
        self.address = address
        self.name = name
        self.client: Client | None = None
        self.why = "not yet connected"
        self.is_up = False
        """Whether the venue is there: what is sent meanwhile is refused, and questions wait."""
        self._noted = set(notes.read_text().split("\n")) if notes.exists() else set()
        self._notes = notes.open("a")
        self.children = {key.partition(" ")[2] for key in self._noted}
        """All that may ever have been written: other orders at the venue are none of the core's."""
        self.doubtful: dict[str, Send] = {}
        """New orders that were noted and not done when the gateway came back: the venue is to be asked."""
        self.waiting: deque[Send] = deque()
        self.questions: dict[str, Send] = {}
        self._source: JournalSource | None = None
        self._handover: Handover | None = None
        self._kills: KillPage | None = None

    # ---- coming and going ----------------------------------------------------------------------------------

    def connect(self) -> bool:
        """A session with the core, and its journal from the start. False: not now, `why`."""
        try:
            client = connect(self.address, name=self.name, cancel_on_disconnect=False)
            folder = client.status()["journal"]["path"]
            self.waiting.clear()
            self.questions.clear()
            self._handover = Handover(folder, capacity_of(folder))
            self._kills = open_page(socket_path(self.address))
            self._source = JournalSource(folder, self._page)
        except (ClientError, Gone, OSError, ValueError) as wrong:
            self.why = str(wrong)
            return False
        self.client, self.why = client, ""
        self._say_state("down")  # then up: so the core asks about every child, and hears what it missed
        if self.is_up:
            self._say_state("up")
        return self.client is not None

    def lost(self, why: str) -> None:
        """The core is gone."""
        self.why = why
        if self.client is not None:
            self.client.close()
            self.client = None

    def close(self) -> None:
        self.venue_is(up=False)
        self.lost("the gateway ended")
        self._notes.close()

    def venue_is(self, *, up: bool) -> None:
        """Tell the core of the venue's connection: while it is down, what works there counts as unknown."""
        changed, self.is_up = self.is_up != up, up
        if changed:
            self._say_state("up" if up else "down")
        if up:
            for send in self.questions.values():
                self.write(send)
                self._done(send)
            self.questions.clear()

    def _say_state(self, state: str) -> None:
        """For as long as the session lasts: a gateway that dies leaves its venue down."""
        if self.client is not None:
            try:
                self.client.request("gateway", venue=self.venue, state=state)
            except ClientError as wrong:
                self.lost(str(wrong))

    # ---- what the core sends -------------------------------------------------------------------------------

    def poll(self) -> bool:
        """Read the journal, write what is to be written; whether there was anything."""
        if self.client is None:
            return False
        assert self._source is not None
        try:
            busy = self._source.poll() > 0
            self.client.poll()
            return self._write_more() or busy
        except (Gone, ClientError) as wrong:
            self.lost(str(wrong))
        return True

    def _page(self, raw: bytes) -> None:
        if raw[_SEND_AT : _SEND_AT + 8] != raw[:8]:  # the event asked for none
            return
        send = np.frombuffer(raw, m.SEND, 1, _SEND_AT)[0]
        assert self._source is not None
        directory = self._source.book.directory
        if send["flags"] & m.SendFlag.SENT and directory.venue_list[int(send["venue"])] == self.venue:
            found = _send(send, directory)
            self.waiting.append(found._replace(is_owed=found.action == "status" and is_owed(raw)))

    def _write_more(self) -> bool:
        """Sends in their order, as far as the core's gateways have come."""
        assert self._handover is not None
        count = 0
        while self.waiting:
            send = self.waiting[0]
            fate = self._handover.fate(send.seq)
            if fate == Fate.WAIT:
                break
            self.waiting.popleft()
            count += 1
            if fate == Fate.WRITE:
                self._one(send)
        return count > 0

    def _one(self, send: Send) -> None:
        assert self._kills is not None
        key = f"{send.seq} {send.child_id}"
        if send.action == "status":
            if not self.is_up:
                self.questions[send.child_id] = send
                return
        elif key in self._noted:
            if send.action == "new":
                self.doubtful[send.child_id] = send
            self._done(send)
            return
        elif m.Action[send.action.upper()] in _HELD and self._kills.is_blocked(send.keys):
            self.refuse(send, "killed")
            return
        elif not self.is_up:
            self.refuse(send, "the venue is not connected")
            return
        else:
            self._note(key)
        self.write(send)
        self._done(send)

    def _note(self, key: str) -> None:
        self._noted.add(key)
        self.children.add(key.partition(" ")[2])
        self._notes.write(key + "\n")
        self._notes.flush()
        os.fdatasync(self._notes.fileno())

    def _done(self, send: Send) -> None:
        assert self._handover is not None
        self._handover.done(send.seq)

    # ---- what the venue says -------------------------------------------------------------------------------

    def refuse(self, send: Send, why: str) -> None:
        """It was not written and never will be."""
        kind = "rejected" if send.action == "new" else "cancel_rejected"
        self.report(send.child_id, send.symbol, kind, text=why)
        self._done(send)

    def report(self, child_id: str, symbol: str, exec_type: str, **more: str) -> bool:
        """On the spine when this returns. False: the core refuses it, or is gone: then the venue is asked
        again.
        """
        if self.client is None:
            return False
        told = {"venue": self.venue, "symbol": symbol, "child_id": child_id, "exec_type": exec_type}
        try:
            self.client.request("report", report=told | {key: value for key, value in more.items() if value})
        except Refused as wrong:
            self.why = f"the core refuses a report, {told}: {wrong}"
            return False
        except ClientError as wrong:
            self.lost(str(wrong))
            return False
        return True


def _send(send: np.void, directory: Any) -> Send:
    symbol = directory.symbol_list[int(send["symbol"])]
    market = send["ord_type"] == m.OrdType.MARKET
    return Send(
        int(send["seq"]), _ACTIONS[m.Action(int(send["action"]))],
        f"{directory.text(send['first_id'].tobytes())}.{int(send['n'])}", symbol.name,
        SIDE_NAMES[int(send["side"])], format_units(int(send["qty"]), symbol.qty_precision),
        ORD_TYPES[int(send["ord_type"])],
        "" if market else format_units(int(send["price"]), symbol.price_precision),
        TIMES_IN_FORCE[int(send["time_in_force"])], int(send["expire_ns"]),
        bool(send["order_flags"] & m.OrderFlag.POST_ONLY), _keys(send),
    )  # fmt: skip


def _keys(send: np.void) -> tuple[int, ...]:
    """By `core.messages.Scope`."""
    keys = [int(m.NONE)] * 8
    for scope in (m.Scope.ACCOUNT, m.Scope.STRATEGY, m.Scope.SYMBOL, m.Scope.VENUE, m.Scope.SESSION):
        keys[scope] = int(send[scope.name.lower()])
    return tuple(keys)
