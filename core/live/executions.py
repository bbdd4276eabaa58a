"""What a gateway to another platform needs to know where it stands: orders and fills, of one place on the
spine.
"""

from __future__ import annotations

from typing import Any

from core import messages as m
from core.live.book import Book
from core.live.queries import order_line
from core.live.shadow import Shadow
from core.scenario import schema
from core.scenario.encoder import BPS_DIGITS
from core.scenario.numbers import format_units

FEE_DIGITS = 16


def executions(
    live: Shadow, book: Book, since: int, most: int, allowed: tuple[str, ...] | None = None
) -> dict[str, Any]:
    """{seq, orders, fills, orders_left_out, fills_left_out}: the newest first, up to the event `seq`.

    orders: the newest `most`, as `queries.orders` has them, and order (its index), first_cl_ord_id,
    post_only, reduce_only; stop_px, trigger, trail, trail_unit, max_floor, expire_ns, None where it has none.
    fills: those that stand of events after `since`. allowed: accounts, None for all.
    """
    seq, orders, fills = live.events, live.order_rows(None, None, False, most), live.fill_rows(since, most)
    told: dict[str, Any] = {
        "seq": seq,
        "orders": [_order(live, book, row) for row in orders],
        "fills": [_fill(live, book, row) for row in fills],
        "orders_left_out": len(orders) == most,
        "fills_left_out": len(fills) == most,
    }
    if allowed is not None:
        for what in ("orders", "fills"):
            told[what] = [row for row in told[what] if row["account"] in allowed]
    return told


def _id(live: Shadow, book: Book, index: int) -> str | None:
    return None if index == m.NONE else book.directory.text(live.core.egress.id_bytes(index))


def _order(live: Shadow, book: Book, row: dict[str, Any]) -> dict[str, Any]:
    symbol = book.directory.symbol_list[row["symbol"]]
    precision = symbol.price_precision
    return order_line(live, book, row) | {
        "order": row["order"],
        "first_cl_ord_id": _id(live, book, row["id_first"]),
        "post_only": bool(row["flags"] & m.OrderFlag.POST_ONLY),
        "reduce_only": bool(row["flags"] & m.OrderFlag.REDUCE_ONLY),
        "stop_px": format_units(row["stop_px"], precision) if row["stop_px"] else None,
        "trigger": None if row["trigger"] is None else schema.TRIGGERS[row["trigger"]],
        "max_floor": format_units(row["max_floor"], symbol.qty_precision) if row["max_floor"] else None,
        "expire_ns": row["expire_ns"] or None,
        **_trail(row, precision),
    }


def _trail(row: dict[str, Any], price_precision: int) -> dict[str, str | None]:
    if not row["trail"]:
        return {"trail": None, "trail_unit": None}
    unit = schema.TRAIL_UNITS[row["trail_unit"]]
    digits = {"price": price_precision, "ticks": 0, "bps": BPS_DIGITS}[unit]
    return {"trail": format_units(row["trail"], digits), "trail_unit": unit}


def _fill(live: Shadow, book: Book, row: dict[str, Any]) -> dict[str, Any]:
    """order, first_cl_ord_id are None where a person booked it."""
    d = book.directory
    symbol = d.symbol_list[row["symbol"]]
    return {
        "event": row["seq"],
        "time_ns": row["time_ns"],
        "account": d.account_list[row["account"]].name,
        "symbol": symbol.name,
        "venue": d.venue_list[row["venue"]],
        "order": None if row["order"] == m.NONE else row["order"],
        "first_cl_ord_id": _id(live, book, row["id_first"]),
        "side": "buy" if row["qty"] > 0 else "sell",
        "qty": format_units(abs(row["qty"]), symbol.qty_precision),
        "px": format_units(row["px"], symbol.price_precision),
        "fee": format_units(row["fee"], FEE_DIGITS),
        "currency": symbol.settle_currency,
        "maker": row["maker"],
    }
