"""What a core holds, as NautilusTrader reconciles with it: orders, fills, positions, balances, in plain
records.

A position is explained by its fills in full: NautilusTrader rebuilds it from them, and what doesn't come
out even it makes up. What an account held before the journal's first fill is one fill more, of an order
of its own (`base-...`), so nothing is made up, and no working order is dropped with what was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from periphery.nautilus_trader import words
from periphery.nautilus_trader.book import Fill, fill_of, order_id

CLOSED = frozenset({"FILLED", "CANCELED", "EXPIRED", "REJECTED"})


class OrderRecord(NamedTuple):
    """side, ord_type, time_in_force, status, trigger, trail_unit: NautilusTrader's names."""

    symbol: str
    order_id: str
    cl_ord_id: str | None
    side: str
    ord_type: str
    time_in_force: str
    status: str
    qty: Decimal
    filled_qty: Decimal
    price: Decimal | None
    stop_px: Decimal | None
    avg_px: Decimal | None
    post_only: bool
    reduce_only: bool
    time_ns: int
    expire_ns: int | None = None
    trigger: str | None = None
    trail: Decimal | None = None
    trail_unit: str | None = None
    max_floor: Decimal | None = None

    @property
    def is_open(self) -> bool:
        return self.status not in CLOSED


class FillRecord(NamedTuple):
    symbol: str
    order_id: str
    cl_ord_id: str | None
    side: str
    fill: Fill


class PositionRecord(NamedTuple):
    """qty: signed. avg_px: None where it is flat."""

    symbol: str
    qty: Decimal
    avg_px: Decimal | None


class BalanceRecord(NamedTuple):
    currency: str
    total: Decimal


class Held(NamedTuple):
    """All of an account, at one place on the spine but for positions, which are asked for after it."""

    orders: list[OrderRecord]
    fills: list[FillRecord]
    positions: list[PositionRecord]
    balances: list[BalanceRecord]


def held(told: Mapping[str, Any], money: Mapping[str, Any], account: str, now_ns: int) -> Held:
    """told: of `executions`; money: of `positions`."""
    fills = fill_records(told["fills"], account)
    times: dict[str, int] = {}
    for each in fills:
        times[each.order_id] = max(times.get(each.order_id, 0), each.fill.time_ns)
    rows = sorted(told["orders"], key=lambda row: int(row["order"]))
    orders = [_order(row, times, now_ns) for row in rows if row["account"] == account]
    positions = position_records(money["positions"], account)
    for order, fill in _bases(positions, fills, now_ns):
        orders.insert(0, order)
        fills.insert(0, fill)
    return Held(orders, fills, positions, balance_records(money["accounts"], account))


def _order(row: Mapping[str, Any], times: Mapping[str, int], now_ns: int) -> OrderRecord:
    of = order_id(int(row["order"]))
    filled = Decimal(row["cum_qty"])
    return OrderRecord(
        row["symbol"], of, row["first_cl_ord_id"], words.SIDES_OF[row["side"]],
        words.ORD_TYPES_OF[row["ord_type"]], words.TIMES_IN_FORCE_OF[row["time_in_force"]], _status(row,
        filled),
        Decimal(row["order_qty"]), filled, _number(row.get("price")), _number(row["stop_px"]),
        Decimal(row["avg_px"]) if filled else None, row["post_only"], row["reduce_only"],
        times.get(of, now_ns), row["expire_ns"], words.TRIGGERS_OF.get(row["trigger"]), _number(row["trail"]),
        words.TRAIL_UNITS_OF.get(row["trail_unit"]), _number(row["max_floor"]),
    )  # fmt: skip


def _status(row: Mapping[str, Any], filled: Decimal) -> str:
    status = words.STATUSES_OF[row["ord_status"]]
    return "PARTIALLY_FILLED" if status == "ACCEPTED" and filled else status


def fill_records(rows: Iterable[Mapping[str, Any]], account: str) -> list[FillRecord]:
    """Oldest first; a fill that a person booked is of no order: `booked-<event>`."""
    found = []
    for row in sorted(rows, key=lambda row: int(row["event"])):
        if row["account"] != account:
            continue
        of = f"booked-{row['event']}" if row["order"] is None else order_id(int(row["order"]))
        side = words.SIDES_OF[row["side"]]
        found.append(FillRecord(row["symbol"], of, row["first_cl_ord_id"], side, fill_of(row)))
    return found


def position_records(rows: Iterable[Mapping[str, Any]], account: str) -> list[PositionRecord]:
    found = []
    for row in rows:
        if row["account"] == account:
            qty = Decimal(row["qty"])
            found.append(PositionRecord(row["symbol"], qty, Decimal(row["avg_cost"]) if qty else None))
    return found


def balance_records(rows: Iterable[Mapping[str, Any]], account: str) -> list[BalanceRecord]:
    """The account's cash, by currency."""
    return [
        BalanceRecord(currency, Decimal(cash))
        for row in rows
        if row["account"] == account
        for currency, cash in row["cash"].items()
    ]


def unexplained(positions: Iterable[PositionRecord], fills: Iterable[FillRecord]) -> dict[str, Decimal]:
    """What of each position its fills don't come to; nothing where they do."""
    left = {each.symbol: each.qty for each in positions}
    for each in fills:
        if each.symbol in left:
            left[each.symbol] -= each.fill.qty if each.side == "BUY" else -each.fill.qty
    return {symbol: qty for symbol, qty in left.items() if qty}


def _bases(
    positions: list[PositionRecord], fills: list[FillRecord], now_ns: int
) -> list[tuple[OrderRecord, FillRecord]]:
    found = []
    prices = {each.symbol: each.avg_px for each in positions}
    first: dict[str, Fill] = {}
    for each in fills:
        first.setdefault(each.symbol, each.fill)
    for symbol, qty in unexplained(positions, fills).items():
        side, of = ("BUY" if qty > 0 else "SELL"), f"base-{symbol}"
        time_ns = first[symbol].time_ns - 1 if symbol in first else now_ns
        px = prices[symbol] or (first[symbol].px if symbol in first else Decimal(0))
        fill = Fill(0, time_ns, abs(qty), px, None, "", None)
        record = OrderRecord(
            symbol, of, None, side, "MARKET", "GTC", "FILLED", abs(qty), abs(qty), None, None, px, False,
            False,
            time_ns,
        )  # fmt: skip
        found.append((record, FillRecord(symbol, of, None, side, fill)))
    return found


def _number(told: str | None) -> Decimal | None:
    return None if told is None else Decimal(told)
