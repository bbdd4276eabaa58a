"""The core's own tables: orders as numpy arrays, by the layout of order.pxd; what risk counts, as it
tells it."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.capacity import Capacity
from core.fused import Fused
from core.messages import NONE
from core.risk import inspect

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
        self.core = core

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

    def check_exposure(self) -> None:
        """What risk counts is what a recount from the orders and positions gives: holdings, books, every
        cell."""
        self._check_holdings()
        rows = inspect.cells(self.core.risk)
        tallies: dict[int, list[dict[str, Any]]] = {}
        for row in rows:
            tallies.setdefault(row["tally"], []).append(row)
        for index, cells in tallies.items():
            self._check_tally(index, cells)

    def _check_holdings(self) -> None:
        """Risk's positions are those of positions, to the last digit of their books; what works, that of
        the orders."""
        working: dict[tuple[int, int], list[int]] = {}
        for order in self.orders():
            row = working.setdefault((int(order["account"]), int(order["symbol"])), [0, 0])
            row[bool(order["side"])] += working_of(order)
        booked = {(row["account"], row["symbol"]): row for row in self.core.positions.rows()}
        flat = dict.fromkeys(("qty", "cost", "realized", "fees", "paid"), 0)
        for held in inspect.holdings(self.core.risk):
            key = held["account"], held["symbol"]
            want = booked.pop(key, flat)
            for name in ("qty", "cost", "realized", "fees", "paid"):
                have = held["book_qty" if name == "qty" else name]
                require(have == want[name], "risk_positions", f"{key}: {name} {have}, positions {want[name]}")
            require(
                held["qty"] == want["qty"], "risk_positions", f"{key}: holds {held['qty']}, {want['qty']}"
            )
            works = tuple(working.get(key, (0, 0)))
            require((held["buys"], held["sells"]) == works, "risk_working", f"{key}: {held}, orders {works}")
        require(
            not any(row["qty"] for row in booked.values()), "risk_positions", f"risk doesn't know {booked}"
        )

    def _check_tally(self, index: int, cells: list[dict[str, Any]]) -> None:
        first = cells[0]
        want = self._recount(first)
        if first["needs"] & N_POSITION:
            for cell in cells:
                have = (cell["qty"], cell["buys"], cell["sells"])
                counted = tuple(want.pop((cell["key"], cell["symbol"]), [0, 0, 0]))
                require(have == counted, "exposure_cells", f"tally {index}, {cell}: recounted {counted}")
            left = {key: row for key, row in want.items() if any(row) and key[0] == first["key"]}
            require(not left, "exposure_cells", f"tally {index}: no cell for {left}")
            worst = sum(
                max(abs(c["qty"] + c["buys"]), abs(c["qty"] - c["sells"])) * c["scale"] for c in cells
            )
            require(worst == first["worst"], "exposure_sum", f"tally {index}: {first['worst']}, {worst}")
        if first["needs"] & N_COUNTS:
            live = sum(1 for order, key in self._in(first) if key == first["key"] and is_alive(order))
            require(live == first["live"], "live_orders", f"tally {index}: {first['live']} live, {live}")

    def _in(self, group: dict[str, Any]) -> list[tuple[Any, int]]:
        """The orders of a group's scope, each with its key."""
        out = []
        for order in self.orders():
            like = {name: int(order[name]) for name in ("account", "symbol", "strategy", "session")}
            if order["venue"] != 0xFFFF:
                like["venue"] = int(order["venue"])
            if order["bits"] & EXISTS and _matches(group["scope"], like):
                out.append((order, _key(group["each"], like)))
        return out

    def _recount(self, group: dict[str, Any]) -> dict[tuple[int, int], list[int]]:
        want: dict[tuple[int, int], list[int]] = {}
        for account, symbol, qty in inspect.openings(self.core.risk) if group["by_position"] else ():
            like = {"account": account, "symbol": symbol}
            if _matches(group["scope"], like):
                want.setdefault((_key(group["each"], like), symbol), [0, 0, 0])[0] += qty
        for order, key in self._in(group):
            cell = want.setdefault((key, int(order["symbol"])), [0, 0, 0])
            sells = bool(order["side"])
            cell[0] += -int(order["cum_qty"]) if sells else int(order["cum_qty"])
            cell[1 + sells] += working_of(order)
        return want


N_POSITION, N_COUNTS = 1, 8


def is_alive(order: Any) -> bool:
    qty, cum = int(order["order_qty"]), int(order["cum_qty"])
    return not order["bits"] & ENDED and not 0 < cum >= qty


def _matches(scope: dict[str, int], like: dict[str, int]) -> bool:
    names = ("account", "strategy", "symbol", "venue", "session")
    return all(scope[name] in (NONE, like.get(name, -1)) for name in names)


def _key(each: int, like: dict[str, int]) -> int:
    name = KEYS[each]
    return like.get(name, 0xFFFF if name == "venue" else NONE) if name else 0
