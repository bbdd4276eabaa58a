"""NautilusTrader's order objects in the core's words. Enums come as their names: both versions have the same."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from nautilus_trader.model import enums

from periphery.nautilus_trader import requests
from periphery.nautilus_trader.requests import Submit


def submit_of(
    order: Any, trigger: str, list_id: str | None, params: Mapping[str, Any], venue: str | None
) -> Submit:
    """Unsayable: the core has no such order."""
    return requests.submit_of(_Read(order), trigger, list_id, params, venue)


class _Read:
    """An order's fields as text, Decimals and ns."""

    def __init__(self, order: Any) -> None:
        self.order = order
        self.cl_ord_id: str = order.client_order_id.value
        self.symbol: str = order.instrument_id.symbol.value
        self.strategy: str = order.strategy_id.value
        self.side: str = enums.order_side_to_str(order.side)
        self.ord_type: str = enums.order_type_to_str(order.order_type)
        self.time_in_force: str = enums.time_in_force_to_str(order.time_in_force)
        self.contingency: str = enums.contingency_type_to_str(order.contingency_type)
        self.qty: Decimal = order.quantity.as_decimal()
        self.is_quote_quantity: bool = order.is_quote_quantity
        self.post_only: bool = order.is_post_only
        self.reduce_only: bool = order.is_reduce_only
        self.price = self._number("price")
        self.stop_px = self._number("trigger_price")
        self.activation_px = self._number("activation_price")
        self.max_floor = self._number("display_qty")
        self.expire_ns: int = getattr(order, "expire_time_ns", 0)
        self.trail: Decimal | None = getattr(order, "trailing_offset", None)
        unit = getattr(order, "trailing_offset_type", None)
        self.trail_unit = None if unit is None else enums.trailing_offset_type_to_str(unit)
        kind = getattr(order, "trigger_type", None)
        self.trigger = None if kind is None else enums.trigger_type_to_str(kind)

    def _number(self, name: str) -> Decimal | None:
        found = getattr(self.order, name, None)
        return None if found is None else found.as_decimal()
