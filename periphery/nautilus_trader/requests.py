"""An order as a strategy of NautilusTrader means it, in the core's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from periphery.nautilus_trader import words

PARAMS = ("venue", "policy", "algo", "params", "peg", "peg_offset", "trigger")
"""What `params` of a command may say beside: keys of a scenario's order line."""
_PLAIN_TYPES = ("market", "limit")
_LEGS = ("oco", "ouo")


class Unsayable(ValueError):
    """The core has no such order; the message says what it doesn't have. Nothing was sent."""


@dataclass(frozen=True, slots=True)
class Submit:
    """side, ord_type, time_in_force, trigger, contingency: the core's words. Numbers are exact."""

    cl_ord_id: str
    symbol: str
    side: str
    qty: Decimal
    ord_type: str
    time_in_force: str
    price: Decimal | None = None
    stop_px: Decimal | None = None
    expire_ns: int | None = None
    post_only: bool = False
    reduce_only: bool = False
    max_floor: Decimal | None = None
    trail: Decimal | None = None
    trail_unit: str | None = None
    trigger: str | None = None
    list_id: str | None = None
    contingency: str | None = None
    strategy: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_plain(self) -> bool:
        """Whether it goes through the session's ring, which asks nobody: the others ask the core."""
        more = (self.max_floor, self.trail, self.list_id, self.contingency)
        return (
            self.ord_type in _PLAIN_TYPES
            and not self.reduce_only
            and all(each is None for each in more)
            and set(self.params) <= {"venue"}
        )


def line_of(order: Submit, account: str) -> dict[str, Any]:
    """The order line of a scenario. Unsayable: a key of `params` that an order doesn't have."""
    if unknown := set(order.params) - set(PARAMS):
        raise Unsayable(f"params {min(unknown)!r}: an order may have {', '.join(PARAMS)}")
    line: dict[str, Any] = {
        "cl_ord_id": order.cl_ord_id,
        "account": account,
        "symbol": order.symbol,
        "side": order.side,
        "order_qty": text(order.qty),
        "ord_type": order.ord_type,
        "time_in_force": order.time_in_force,
    }
    numbers = {"price": order.price, "stop_px": order.stop_px, "max_floor": order.max_floor}
    numbers["trail"] = order.trail
    line |= {key: text(value) for key, value in numbers.items() if value is not None}
    more = {"expire_at": order.expire_ns, "trail_unit": order.trail_unit, "trigger": order.trigger}
    more |= {"list_id": order.list_id, "contingency": order.contingency, "strategy": order.strategy}
    line |= {key: value for key, value in more.items() if value is not None}
    line |= {key: True for key in ("post_only", "reduce_only") if getattr(order, key)}
    return line | dict(order.params)


def text(value: Decimal) -> str:
    """Without exponent."""
    return f"{value:f}"


class Read(Protocol):
    """An order of NautilusTrader's as a shim reads it: enums by their names, numbers as Decimals."""

    cl_ord_id: str
    symbol: str
    strategy: str
    side: str
    ord_type: str
    time_in_force: str
    contingency: str
    qty: Decimal
    is_quote_quantity: bool
    post_only: bool
    reduce_only: bool
    price: Decimal | None
    stop_px: Decimal | None
    activation_px: Decimal | None
    max_floor: Decimal | None
    expire_ns: int
    trail: Decimal | None
    trail_unit: str | None
    trigger: str | None


def submit_of(
    order: Read, trigger: str, list_id: str | None, params: Mapping[str, Any], venue: str | None
) -> Submit:
    """trigger: the core's word where the order's trigger type is the default. venue: where the order goes,
    None: the router chooses. Unsayable: the core has no such order.
    """
    if order.is_quote_quantity:
        raise Unsayable("a quantity in quote currency: give it in units of the instrument")
    if order.activation_px is not None:
        raise Unsayable("activation_price: a trailing stop trails from its acceptance on")
    if order.max_floor is not None and not order.max_floor:
        raise Unsayable("display_qty 0: a hidden order isn't known here")
    more: dict[str, Any] = {}
    if order.ord_type in _TRIGGERED:
        more["trigger"] = _trigger(order.trigger, trigger)
        more["stop_px"] = order.stop_px
    if order.trail is not None:
        more |= {
            "trail": Decimal(order.trail),
            "trail_unit": _word(words.TRAIL_UNITS, order.trail_unit, "trailing"),
        }
    if list_id is not None and order.contingency in words.CONTINGENCIES:
        more |= {"list_id": list_id, "contingency": words.CONTINGENCIES[order.contingency]}
    if venue is not None:
        params = {"venue": venue, **params}
    is_leg = more.get("contingency") in _LEGS  # it lives from its entry's fill on, with no more than that
    return Submit(
        order.cl_ord_id, order.symbol, _word(words.SIDES, order.side, "side"), order.qty,
        _word(words.ORD_TYPES, order.ord_type, "order type"),
        _word(words.TIMES_IN_FORCE, order.time_in_force, "time in force"), order.price,
        expire_ns=order.expire_ns or None, post_only=order.post_only,
        reduce_only=order.reduce_only and not is_leg,
        max_floor=order.max_floor, strategy=order.strategy, params=params, **more,
    )  # fmt: skip


_TRIGGERED = frozenset(name for name, ours in words.ORD_TYPES.items() if ours in words.HAS_TRIGGER)


def _trigger(theirs: str | None, default: str) -> str:
    if theirs is None or theirs in words.DEFAULT_TRIGGERS:
        return default
    return _word(words.TRIGGERS, theirs, "trigger type")


def _word(of: Mapping[str, str], theirs: str | None, what: str) -> str:
    found = of.get(theirs or "")
    if found is None:
        raise Unsayable(f"{what} {theirs}: only {', '.join(of)} are known here")
    return found
