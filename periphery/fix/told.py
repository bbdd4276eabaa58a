"""What a core told its sessions, out of its journal: every session's answers, in the order of the spine.

The journal is played through the core's own engines, so these are the answers that the core gave, whoever was
there to hear them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from core import messages as m
from core.scenario.schema import ORD_TYPES, TIMES_IN_FORCE
from periphery.client.codec import Response
from periphery.client.words import SIDE_NAMES
from periphery.fix.reports import Order, number
from periphery.fix.words import ORD_TYPE_CODES, SIDE_CODES, TIME_IN_FORCE_CODES
from periphery.service.source import JournalSource

NAP_S = 0.002
KIND_AT = slice(40, 42)


class Journal:
    """Follows a journal. on_told: an answer, and the page of its event (a row of core.messages.PAGE)."""

    def __init__(
        self, folder: str | os.PathLike[str], on_told: Callable[[Response, np.void, bytes], object]
    ) -> None:
        """Gone: no journal of a core."""
        self._on_told = on_told
        self._source = JournalSource(folder, self._page)
        self._seen = 0

    @property
    def directory(self) -> Any:
        """The names declared so far."""
        return self._source.book.directory

    @property
    def seq(self) -> int:
        """The last event that was read."""
        return self._source.seq

    def poll(self) -> bool:
        """Read some events; whether there were any."""
        return self._source.poll() > 0

    def through(self, seq: int, patience_s: float = 60.0) -> None:
        """Read up to that event. TimeoutError: it doesn't come."""
        self._source.last = seq
        end = time.monotonic() + patience_s
        while self.seq < seq:
            if not self.poll():
                if time.monotonic() > end:
                    raise TimeoutError(f"{self._source.folder}: event {seq:,} isn't there, {self.seq:,} is")
                time.sleep(NAP_S)
        self._source.last = 0

    def _page(self, raw: bytes) -> None:
        responses = self._source.responses
        last = responses.claimed_seq
        if last == self._seen:
            return
        page = np.frombuffer(raw, m.PAGE)[0]
        for seq in range(self._seen + 1, last + 1):
            slot = responses.read(seq)
            if slot is None:
                raise RuntimeError(f"answer {seq:,} of the journal was overwritten while it was played")
            told = Response(slot)
            self._name(told, page, raw)
            self._on_told(told, page, raw)
        self._seen = last

    def _name(self, told: Response, page: np.void, raw: bytes) -> None:
        """Its instrument, without which its numbers are whole units."""
        index = int(page["outcome"]["symbol"]) if not told.is_denial else denied_symbol(raw)
        symbols = self.directory.symbol_list
        told._symbol = symbols[index] if index < len(symbols) else None


def order_of(told: Response, page: np.void, raw: bytes, directory: Any) -> Order:
    """All that is to be said of the order of an answer beside what the answer says."""
    denied = _denied(raw) if told.is_denial else None
    row = page["outcome"] if denied is None else denied
    order = Order(order_id=b"NONE" if told.is_denial else b"%d" % (told.order + 1))
    order.cl_ord_id = told.cl_ord_id.encode()
    order.symbol = (told.symbol or "").encode()
    if denied is not None:
        order.qty, order.price = _amounts(told, denied)
    elif told.is_denial:
        return order
    accounts = directory.account_list
    if row["account"] < len(accounts):
        order.account = accounts[int(row["account"])].name.encode()
    order.side = SIDE_CODES[SIDE_NAMES[int(row["side"])]]
    order.ord_type = ORD_TYPE_CODES.get(ORD_TYPES[int(row["ord_type"])], b"P")
    order.time_in_force = TIME_IN_FORCE_CODES[TIMES_IN_FORCE[int(row["time_in_force"])]]
    return order


def _amounts(told: Response, denied: np.void) -> tuple[bytes, bytes]:
    """(OrderQty, Price) of an order that was denied; no price where it had none."""
    price = int(denied["price"])
    return number(told._qty(int(denied["qty"]))), number(told._px(price)) if price else b""


def denied_symbol(raw: bytes) -> int:
    """The instrument's index of an order that was denied; NONE: it is another request."""
    denied = _denied(raw)
    return int(m.NONE if denied is None else denied["symbol"])


def _denied(raw: bytes) -> np.void | None:
    if int.from_bytes(raw[KIND_AT], "little") != m.Kind.ORDER:
        return None
    found: np.void = np.frombuffer(raw, m.ORDER_EVENT, 1, m.HEADER.itemsize)[0]
    return found
