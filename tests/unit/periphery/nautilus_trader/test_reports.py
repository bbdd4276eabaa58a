"""What a core holds, as NautilusTrader reconciles with it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from periphery.nautilus_trader.reports import held, unexplained

ORDER = {
    "order": 4, "first_cl_ord_id": "o", "cl_ord_id": "r1", "account": "A", "symbol": "S", "side": "buy",
    "ord_type": "stop_limit", "time_in_force": "gtd", "ord_status": "suspended", "order_qty": "10",
    "cum_qty": "4", "leaves_qty": "6", "avg_px": "1.5", "price": "1.5", "stop_px": "1.4", "post_only": True,
    "reduce_only": False, "expire_ns": 7000, "trigger": "mid", "trail": "2", "trail_unit": "ticks",
    "max_floor": "3",
}  # fmt: skip


def fill(event: int, side: str, qty: str, **more: Any) -> dict[str, Any]:
    usual = {"event": event, "time_ns": event * 10, "account": "A", "symbol": "S", "side": side, "qty": qty}
    usual |= {
        "px": "1.5",
        "fee": "0.01",
        "currency": "USD",
        "maker": True,
        "order": 4,
        "first_cl_ord_id": "o",
    }
    return usual | more


def told(*fills: dict[str, Any]) -> dict[str, Any]:
    return {"orders": [ORDER, ORDER | {"account": "B"}], "fills": list(fills)}


def money(qty: str) -> dict[str, Any]:
    return {
        "positions": [{"account": "A", "symbol": "S", "qty": qty, "avg_cost": "1.25"}, {"account": "B",
        "symbol": "S", "qty": "9", "avg_cost": "1"}],
        "accounts": [{"account": "A", "cash": {"USD": "99.5", "EUR": "-1"}}],
    }  # fmt: skip


def test_an_account_s_orders_fills_positions_and_cash() -> None:
    found = held(told(fill(3, "sell", "1"), fill(2, "buy", "5")), money("4"), "A", 999)
    (order,) = found.orders
    assert (order.order_id, order.cl_ord_id, order.status, order.is_open) == (
        "5",
        "o",
        "PARTIALLY_FILLED",
        True,
    )
    assert (order.ord_type, order.time_in_force, order.side) == ("STOP_LIMIT", "GTD", "BUY")
    assert (order.price, order.stop_px, order.time_ns) == (Decimal("1.5"), Decimal("1.4"), 30)
    assert (order.expire_ns, order.trigger, order.max_floor) == (7000, "MID_POINT", Decimal(3))
    assert (order.trail, order.trail_unit) == (Decimal(2), "TICKS")
    assert [each.fill.trade_id for each in found.fills] == ["E2", "E3"]
    assert [(p.symbol, p.qty) for p in found.positions] == [("S", Decimal(4))]
    assert [(b.currency, b.total) for b in found.balances] == [("USD", Decimal("99.5")), ("EUR", Decimal(-1))]


def test_what_fills_do_not_explain_is_one_fill_before_them() -> None:
    """Issue 5000 there: fills that don't come to the position drop what works. Issue 4736: it is closed."""
    found = held(told(fill(2, "buy", "5")), money("12"), "A", 999)
    base, first = found.fills
    assert (base.side, base.fill.qty, base.fill.px, base.fill.time_ns) == ("BUY", 7, Decimal("1.25"), 19)
    assert first.fill.event == 2
    assert [order.order_id for order in found.orders] == ["base-S", "5"]
    assert not unexplained(found.positions, found.fills)


def test_a_fill_that_a_person_booked_is_of_no_order() -> None:
    found = held(told(fill(2, "sell", "3", order=None, first_cl_ord_id=None)), money("-3"), "A", 999)
    assert (found.fills[0].order_id, found.fills[0].cl_ord_id) == ("booked-2", None)
