"""The core's own tables, read as numpy arrays: the layouts of life.pxd and limits.pxd."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.capacity import Capacity
from core.fused import Fused
from core.messages import NONE

from .violation import require

ORDER = np.dtype(
    [("notional_lo", "<u8"), ("notional_hi", "<i8")]
    + [(n, "<i8") for n in ("order_qty", "cum_qty", "price", "open_qty")]
    + [(n, "<u4") for n in ("bits", "id_current", "first_child", "live_children")]
    + [(n, "<u4") for n in ("account", "symbol", "strategy", "session")]
    + [("venue", "<u2"), ("side", "u1"), ("ord_type", "u1"), ("tif", "u1"), ("flags", "u1"), ("pad", "<u2")]
    + [("awaiting", "<u4"), ("last_child", "<u4"), ("pend_qty", "<i8"), ("pend_price", "<i8")]
    + [(n, "<u4") for n in ("id_replace", "orig_replace", "id_cancel", "orig_cancel")]
)
CHILD = np.dtype(
    [(n, "<i8") for n in ("order_qty", "cum_qty", "price", "pend_qty", "pend_price")]
    + [("bits", "<u4"), ("order", "<u4"), ("next", "<u4"), ("n", "<u4"), ("venue", "<u2")]
    + [("ord_type", "u1"), ("tif", "u1"), ("previous", "<u4")]
)
LIMIT = np.dtype(
    [(n, "<u4") for n in ("account", "strategy", "symbol", "venue", "session", "sector")]
    + [
        ("check", "<u2"),
        ("each", "u1"),
        ("active", "u1"),
        ("currency", "<u2"),
        ("whole", "u1"),
        ("pad", "u1"),
    ]
    + [("value_lo", "<u8"), ("value_hi", "<i8"), ("window_ns", "<i8"), ("index", "<u4"), ("next", "<u4")]
    + [("warns_from", "V32"), ("counter", "<u4"), ("pad2", "V28")]
)
COUNTER = np.dtype(
    [("sum_lo", "<u8"), ("sum_hi", "<i8")]
    + [(n, "<u4") for n in ("limit", "key", "first_time", "times", "head", "held")]
    + [("warned", "u1"), ("pad", "V23")]
)
CELL = np.dtype(
    [
        ("qty", "<i8"),
        ("buys", "<i8"),
        ("sells", "<i8"),
        ("counter", "<u4"),
        ("symbol", "<u4"),
        ("scale", "<u8"),
        ("pad", "<u8"),
    ]
)
OPENING = np.dtype([("account", "<u4"), ("symbol", "<u4"), ("qty", "<i8")])

EXISTS, ACKED, PENDING_CANCEL, PENDING_REPLACE, DONE_FOR_DAY, STOPPED, SUSPENDED = 1, 2, 4, 8, 16, 32, 64
CANCELED, EXPIRED, REJECTED = 128, 256, 512
ENDED = CANCELED | EXPIRED | REJECTED
PRECEDENCE = (
    (PENDING_CANCEL, "pending_cancel"),
    (PENDING_REPLACE, "pending_replace"),
    (DONE_FOR_DAY, "done_for_day"),
    (0, "filled"),
    (STOPPED, "stopped"),
    (SUSPENDED, "suspended"),
    (CANCELED, "canceled"),
    (EXPIRED, "expired"),
    (REJECTED, "rejected"),
)
LEAVES_NOTHING = frozenset({"filled", "canceled", "rejected", "expired", "done_for_day"})
MAX_POSITION = "MAX_POSITION"
KEYS = ("", "account", "strategy", "symbol", "venue", "session")


def status_of(bits: int, qty: int, cum: int) -> str:
    """Rule 4: the first that holds."""
    for bit, name in PRECEDENCE:
        if bits & bit or (not bit and 0 < cum >= qty):
            return name
    if cum > 0:
        return "partially_filled"
    return "new" if bits & ACKED else "pending_new"


def leaves_of(status: str, qty: int, cum: int) -> int:
    """Rule 3."""
    return 0 if status in LEAVES_NOTHING else max(qty - cum, 0)


def working_of(order: Any) -> int:
    """What of an order counts in limits: the worst case, of a pending replace the larger."""
    bits = int(order["bits"])
    if not bits & EXISTS or bits & ENDED:
        return 0
    qty = int(order["order_qty"])
    if bits & PENDING_REPLACE:
        qty = max(qty, int(order["pend_qty"]))
    return max(qty - int(order["cum_qty"]), 0)


class Tables:
    """Views of the tables of one core; they follow it as it runs."""

    def __init__(self, core: Fused, capacity: Capacity) -> None:
        self.capacity = capacity
        children = capacity.orders + capacity.more_children
        self.lives = []
        for engine in (core.risk, core.orders):
            arena = engine.arena
            self.lives.append(
                (
                    arena.add_table("life.orders", ORDER.itemsize, capacity.orders),
                    arena.add_table("life.children", CHILD.itemsize, children),
                    arena.add_table("life.ids", 1, capacity.ids),
                    arena.add_table("life.counts", 8, 8),
                )
            )
        self._orders = np.frombuffer(self.lives[1][0], ORDER)
        self._children = np.frombuffer(self.lives[1][1], CHILD)
        self._counts = np.frombuffer(self.lives[1][3], "<u8")
        risk = core.risk.arena
        self._limits = np.frombuffer(risk.add_table("risk.limits", LIMIT.itemsize, capacity.limits), LIMIT)
        self._counters = np.frombuffer(
            risk.add_table("risk.counters", COUNTER.itemsize, capacity.counters), COUNTER
        )
        self._cells = np.frombuffer(risk.add_table("risk.cells", CELL.itemsize, capacity.cells), CELL)
        self._openings = np.frombuffer(
            risk.add_table("risk.openings", OPENING.itemsize, capacity.positions), OPENING
        )
        self._risk_counts = np.frombuffer(risk.add_table("risk.counts", 8, 8), "<u8")

    def orders(self) -> Any:
        return self._orders[: int(self._counts[0])]

    def children(self) -> Any:
        """Those with number 1, then the others that exist."""
        first = self._children[: int(self._counts[0])]
        more = self._children[self.capacity.orders : max(int(self._counts[1]), self.capacity.orders)]
        return np.concatenate([first, more])

    def check_lives(self) -> None:
        """Risk's state of orders is that of orders, bit for bit."""
        risk, orders = self.lives
        require(risk[3] == orders[3], "lives_agree", "the counts of risk and orders differ")
        n, children, ids = (int(count) for count in self._counts[:3])
        gap = self.capacity.orders * CHILD.itemsize
        ends = ((0, 0, n * ORDER.itemsize), (1, 0, n * CHILD.itemsize), (1, gap, children * CHILD.itemsize))
        for which, start, end in (*ends, (2, 0, ids)):
            same = risk[which][start:end] == orders[which][start:end]
            require(same, "lives_agree", f"table {which} of risk and orders differs")

    def check_sums(self) -> None:
        """An order's own sums are those of its children."""
        open_qty: dict[int, int] = {}
        cum: dict[int, int] = {}
        live: dict[int, int] = {}
        asked: dict[int, int] = {}
        for child in self.children():
            if not child["bits"] & EXISTS:
                continue
            parent = int(child["order"])
            rest = 0 if child["bits"] & ENDED else max(int(child["order_qty"]) - int(child["cum_qty"]), 0)
            open_qty[parent] = open_qty.get(parent, 0) + rest
            live[parent] = live.get(parent, 0) + (rest > 0)
            cum[parent] = cum.get(parent, 0) + int(child["cum_qty"])
            asked[parent] = asked.get(parent, 0) + bool(child["bits"] & 32768)
        for i, order in enumerate(self.orders()):
            if order["bits"] & EXISTS:
                seen = tuple(int(order[key]) for key in ("open_qty", "cum_qty", "live_children", "awaiting"))
                counted = tuple(part.get(i, 0) for part in (open_qty, cum, live, asked))
                require(
                    seen == counted, "order_sums", f"order {i}: open, cum, live, awaiting {seen}, {counted}"
                )

    def check_limits(self, max_position: int) -> None:
        """The cells and counters of max_position are what a recount from the orders gives."""
        limits = int(self._risk_counts[0])
        for index in range(limits):
            limit = self._limits[index]
            if limit["active"] and int(limit["check"]) == max_position:
                self._check_limit(index, limit)

    def _check_limit(self, index: int, limit: Any) -> None:
        want = self._recount(limit)
        sums: dict[int, int] = {}
        for cell in self._cells[: int(self._risk_counts[2])]:
            counter = self._counters[int(cell["counter"])]
            if int(counter["limit"]) != index:
                continue
            have = (int(cell["qty"]), int(cell["buys"]), int(cell["sells"]))
            key = (int(counter["key"]), int(cell["symbol"]))
            counted = tuple(want.pop(key, [0, 0, 0]))
            require(
                have == counted, "max_position_cells", f"limit {index}, {key}: {have}, recounted {counted}"
            )
            worst = max(abs(have[0] + have[1]), abs(have[0] - have[2])) * int(cell["scale"])
            sums[key[0]] = sums.get(key[0], 0) + worst
        left = {key: value for key, value in want.items() if any(value)}
        require(not left, "max_position_cells", f"limit {index}: no cell for {left}")
        for counter in self._counters[: int(self._risk_counts[1])]:
            if int(counter["limit"]) == index:
                total = (int(counter["sum_hi"]) << 64) | int(counter["sum_lo"])
                counted_sum = sums.get(int(counter["key"]), 0)
                require(total == counted_sum, "max_position_sum", f"limit {index}: {total}, {counted_sum}")

    def _recount(self, limit: Any) -> dict[tuple[int, int], list[int]]:
        want: dict[tuple[int, int], list[int]] = {}
        for opening in self._openings[: int(self._risk_counts[5])]:
            like = {"account": int(opening["account"]), "symbol": int(opening["symbol"])}
            if opening["qty"] and _matches(limit, like):
                want.setdefault(_key(limit, like), [0, 0, 0])[0] += int(opening["qty"])
        for order in self.orders():
            like = {name: int(order[name]) for name in ("account", "symbol", "strategy", "session")}
            if order["venue"] != 0xFFFF:
                like["venue"] = int(order["venue"])
            if not order["bits"] & EXISTS or not _matches(limit, like):
                continue
            cell = want.setdefault(_key(limit, like), [0, 0, 0])
            sells = bool(order["side"])
            cell[0] += -int(order["cum_qty"]) if sells else int(order["cum_qty"])
            cell[1 + sells] += working_of(order)
        return want


def _matches(limit: Any, like: dict[str, int]) -> bool:
    names = ("account", "strategy", "symbol", "venue", "session")
    return all(limit[name] == NONE or int(limit[name]) == like.get(name, -1) for name in names)


def _key(limit: Any, like: dict[str, int]) -> tuple[int, int]:
    name = KEYS[int(limit["each"])]
    if not name:
        return 0, like["symbol"]
    return like.get(name, 0xFFFF if name == "venue" else NONE), like["symbol"]
