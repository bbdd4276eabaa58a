"""What the core of `bench path` must have come to: counted from its journal's inputs in plain Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from core import messages as m
from core.recovery import capacity_of
from core.recovery.replay import Replay
from core_ext.journal import JournalReader

LEDGER = 10**6  # the ledger's unit of cash in one of price x quantity
FROM_SESSIONS = 128  # sources from here on are clients
ENDS = {int(m.ExecType.CANCELED), int(m.ExecType.EXPIRED), int(m.ExecType.REJECTED)}
CLOSED = (m.OrdStatus.FILLED, m.OrdStatus.CANCELED, m.OrdStatus.REJECTED, m.OrdStatus.EXPIRED)


@dataclass(slots=True)
class Order:
    """What requests and reports alone tell of an order."""

    account: int
    symbol: int
    sign: int
    qty: int
    routed: bool  # immediate or cancel: open for no longer than it takes
    cum: int = 0
    asked: int = 0  # of the last replace
    ended: bool = False

    @property
    def is_open(self) -> bool:
        return not (self.routed or self.ended or self.cum >= self.qty)


@dataclass(slots=True)
class Counted:
    """Orders by cl_ord_id, positions, how many fills and requests."""

    orders: dict[bytes, Order] = field(default_factory=dict)
    qty: Counter[tuple[int, int]] = field(default_factory=Counter)
    flow: Counter[tuple[int, int]] = field(default_factory=Counter)
    fills: int = 0
    requests: int = 0

    def order(self, row: Any) -> None:
        sign = 1 if row["side"] == m.Side.BUY else -1
        routed = int(row["venue"]) == m.NONE16
        self.orders[_name(row["cl_ord_id"])] = Order(
            int(row["account"]), int(row["symbol"]), sign, int(row["qty"]), routed
        )

    def replace(self, row: Any) -> None:
        self.orders[_name(row["orig_cl_ord_id"])].asked = int(row["qty"])

    def report(self, row: Any) -> None:
        order = self.orders[_name(row["child_id"]).rpartition(b".")[0]]
        exec_type = int(row["exec_type"])
        if exec_type == m.ExecType.TRADE:
            self._trade(order, int(row["last_qty"]), int(row["last_px"]))
        elif exec_type == m.ExecType.REPLACED:
            order.qty = max(order.asked, order.cum)
        elif exec_type in ENDS:
            order.ended = True

    def _trade(self, order: Order, qty: int, px: int) -> None:
        order.cum += qty
        self.qty[order.account, order.symbol] += order.sign * qty
        self.flow[order.account, order.symbol] -= order.sign * qty * px
        self.fills += 1


def compare(journal: Path, sent: int, state_hash: str) -> dict[str, bool]:
    """Each thing that was counted apart from the engines, and whether the core came to the same."""
    counted = _count(journal)
    played = Replay(capacity_of(journal))
    played.play(JournalReader(journal))
    core = played.core
    rows = core.positions.rows()
    held = {(row["account"], row["symbol"]): (row["qty"], row["cash"] // LEDGER) for row in rows}
    keys = held.keys() | counted.qty.keys()
    statuses, _children = core.orders.life.statuses()
    orders = counted.orders.values()
    return {
        "requests": counted.requests == sent,
        "state_hash": core.state_hash() == state_hash,
        "orders": sum(statuses.values()) == len(orders),
        "filled": statuses.get(m.OrdStatus.FILLED, 0) == sum(order.cum >= order.qty for order in orders),
        "open": sum(n for status, n in statuses.items() if status not in CLOSED)
        == sum(order.is_open for order in orders),
        "fills": core.egress.fills == counted.fills,
        "positions": all(held.get(key, (0, 0)) == (counted.qty[key], counted.flow[key]) for key in keys),
    }


def _count(journal: Path) -> Counted:
    counted = Counted()
    taken: dict[int, tuple[Any, Callable[[Any], None]]] = {
        int(m.Kind.ORDER): (m.ORDER_EVENT, counted.order),
        int(m.Kind.REPLACE): (m.REPLACE_EVENT, counted.replace),
        int(m.Kind.REPORT): (m.REPORT_EVENT, counted.report),
    }
    for _seq, body in JournalReader(journal):
        header = np.frombuffer(body, m.HEADER, 1)[0]
        counted.requests += int(header["source"]) >= FROM_SESSIONS
        if int(header["kind"]) in taken:
            dtype, take = taken[int(header["kind"])]
            take(np.frombuffer(body, dtype, 1, m.HEADER.itemsize)[0])
    return counted


def _name(field: Any) -> bytes:
    raw: bytes = field.tobytes()
    return raw[1 : 1 + raw[0]]
