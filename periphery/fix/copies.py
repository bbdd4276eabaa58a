"""Drop copy: every execution, denial and cancel reject of the core, of any session, to several targets.

It reads the journal, so it hears all that there is, whoever sent it and however, and the core can't notice
it. Each target has a store of its own, and goes on with the event after the last one in it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from core import messages as m
from core.venues.fix.agreement import UNSUPPORTED, BusinessReject, Field
from core.venues.fix.codec import Message, parse
from core.venues.fix.session import Session
from periphery.client.codec import Response
from periphery.fix import reports as r
from periphery.fix.config import SessionConfig
from periphery.fix.told import KIND_AT, order_of

_PENDING_KEPT = 4096
"""Replaces that the venue hasn't answered; beyond so many a refusal is told as a cancel's."""


class Copy:
    """An App: one target."""

    session: Session

    def __init__(self, config: SessionConfig, reports: r.Reports) -> None:
        self.config = config
        self.reports = reports
        self.told = r.NOTHING
        self.why = ""
        self._replaces: dict[str, None] = {}

    def restore(self) -> None:
        """The last event that it has, out of its store."""
        store, fields = self.session.store, self.session.dictionary.data_fields
        for _, frame in store.messages(1, store.next_out - 1):
            self.told = max(self.told, r.key_of(parse(frame, fields)) or r.NOTHING)

    def on_logon(self, now_ns: int) -> None:
        pass

    def on_logout(self, now_ns: int) -> None:
        pass

    def may_resend(self, message: Message) -> bool:
        return True

    def on_message(self, message: Message, now_ns: int) -> None:
        if message.msg_type not in (b"3", b"j"):
            raise BusinessReject(UNSUPPORTED, "a drop copy takes no requests")

    def poll(self, now_ns: int) -> bool:
        return False

    def close(self) -> None:
        pass

    def take(self, told: Response, page: np.void, raw: bytes, directory: Any, now_ns: int) -> None:
        """An answer of the core; those that it has are passed over."""
        key = (told.event, 0 if told.is_denial else 1)
        self._note(told)
        if key <= self.told or not (self.config.from_start or told.time_ns >= self.session.store.began_ns):
            return
        self.told = key
        order = order_of(told, page, raw, directory)
        if self.config.only_accounts and order.account.decode() not in self.config.only_accounts:
            return
        msg_type, fields = self._message(told, order, key, _is_replace(raw))
        if msg_type == b"8":
            fields = self._marked(fields, page, raw, directory)
        self.session.send(msg_type, fields, now_ns)

    def _message(
        self, told: Response, order: r.Order, key: r.Key, replaces: bool
    ) -> tuple[bytes, list[Field]]:
        reason, ids = told.reason or "", (order.cl_ord_id, (told.orig_cl_ord_id or "").encode())
        if told.is_denial and ids[1]:
            to = r.REPLACE if replaces else r.CANCEL
            return b"9", self.reports.cancel_reject(None, ids, to, reason, reason, key)
        if told.is_denial:
            return b"8", self.reports.refused(order, reason, reason, r.exec_id(key), told.time_ns)
        self.reports.update(order, told)
        order.cl_ord_id = ids[0]
        if told.exec_type == "cancel_rejected":
            to = r.REPLACE if told.cl_ord_id in self._replaces else r.CANCEL
            return b"9", self.reports.cancel_reject(order, ids, to, reason, reason, key)
        return b"8", self.reports.execution(order, told, key, ids[1])

    def _note(self, told: Response) -> None:
        """Which requests were replaces: their refusals don't say it."""
        if told.exec_type == "pending_replace":
            self._replaces[told.cl_ord_id] = None
            if len(self._replaces) > _PENDING_KEPT:
                del self._replaces[next(iter(self._replaces))]
        elif told.exec_type == "replaced":
            self._replaces.pop(told.cl_ord_id, None)

    def _marked(self, fields: list[Field], page: np.void, raw: bytes, directory: Any) -> list[Field]:
        """That it is a copy, of whom it is, and what the venue calls the execution."""
        tags = self.reports.dictionary.messages[b"8"].tags
        session = _session(page, directory)
        more: list[Field] = [(797, b"Y"), (109, session)]
        if int(page["header"]["kind"]) == m.Kind.REPORT:
            report = np.frombuffer(raw, m.REPORT_EVENT, 1, m.HEADER.itemsize)[0]
            more.append((527, directory.text(report["exec_id"].tobytes()).encode()))
            more.append((30, directory.venue_list[int(report["venue"])].encode()))
        out = sorted([*fields, *(each for each in more if each[0] in tags and each[1])])
        if 453 in tags and session:
            out += [(453, b"1"), (448, session), (447, b"D"), (452, b"36")]
        return out


def _session(page: np.void, directory: Any) -> bytes:
    """Who sent the order."""
    names = directory.space_lists[m.Space.SESSION]
    index = int(page["outcome"]["session"])
    if not m.counts(page, "outcome") or page["outcome"]["order"] == m.NONE:
        index = int(page["header"]["session"])
    return names[index].encode() if index < len(names) else b""


def _is_replace(raw: bytes) -> bool:
    return int.from_bytes(raw[KIND_AT], "little") == m.Kind.REPLACE
