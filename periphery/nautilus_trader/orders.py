"""NautilusTrader's order objects, read: enums by their names."""

from __future__ import annotations

from decimal import Decimal
from typing import Any


class Read:
    """An order's fields as text, Decimals and ns."""

    def __init__(self, order: Any) -> None:
        self.order = order
        self.cl_ord_id: str = order.client_order_id.value
        self.symbol: str = order.instrument_id.symbol.value
        self.strategy: str = order.strategy_id.value
        self.side: str = name_of(order.side)
        self.ord_type: str = name_of(order.order_type)
        self.time_in_force: str = name_of(order.time_in_force)
        self.contingency: str = name_of(getattr(order, "contingency_type", None))
        self.qty: Decimal = order.quantity.as_decimal()
        self.is_quote_quantity: bool = getattr(order, "is_quote_quantity", False)
        self.post_only: bool = getattr(order, "is_post_only", False)
        self.reduce_only: bool = getattr(order, "is_reduce_only", False)
        self.price = self._number("price")
        self.stop_px = self._number("trigger_price")
        self.activation_px = self._number("activation_price")
        self.max_floor = self._number("display_qty")
        self.expire_ns: int = getattr(order, "expire_time_ns", None) or 0
        self.trail: Decimal | None = getattr(order, "trailing_offset", None)
        unit = getattr(order, "trailing_offset_type", None)
        self.trail_unit = None if unit is None else name_of(unit)
        kind = getattr(order, "trigger_type", None)
        self.trigger = None if kind is None else name_of(kind)

    def _number(self, name: str) -> Decimal | None:
        found = getattr(self.order, name, None)
        return None if found is None else found.as_decimal()


def name_of(member: Any) -> str:
    """Of an enum's member; where there is none, nothing."""
    return "" if member is None else str(member.name)
