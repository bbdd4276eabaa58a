"""Orders, and what is told of them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from core.scenario import schema as words
from periphery.backend.schemas.forms import (
    Amount,
    Asked,
    Decimal,
    Name,
    OneOf,
    OrdType,
    Policy,
    Side,
    Status,
    TimeInForce,
    Told,
)


class NewOrder(Asked):
    """An order of any kind that the core knows."""

    account: Name
    symbol: Name
    side: Side
    order_qty: Amount
    ord_type: OrdType = "limit"
    price: Decimal | None = None
    time_in_force: TimeInForce = "day"
    venue: Name | None = Field(default=None, description="None: the router chooses.")
    strategy: Name | None = None
    policy: Policy | None = None
    algo: Name | None = None
    params: dict[str, str | int | float | bool] | None = Field(default=None, description="Of the algo.")
    stop_px: Decimal | None = None
    max_floor: Amount | None = None
    trail: Amount | None = None
    trail_unit: Annotated[str, OneOf(*words.TRAIL_UNITS)] | None = None
    trigger: Annotated[str, OneOf(*words.TRIGGERS)] | None = None
    peg: Annotated[str, OneOf(*words.PEGS)] | None = None
    peg_offset: Decimal | None = None
    post_only: bool = False
    reduce_only: bool = False
    expire_at: Annotated[str, StringConstraints(max_length=40)] | None = None
    list_id: Name | None = None
    contingency: Annotated[str, OneOf(*words.CONTINGENCIES)] | None = None


class ReplaceOrder(Asked):
    """What is left out stays."""

    order_qty: Amount | None = None
    price: Decimal | None = None


class CancelAll(Asked):
    """All working orders of the scope; what is left out is all."""

    account: Name | None = None
    symbol: Name | None = None
    strategy: Name | None = None


class Receipt(Told):
    """What the core said first. `unknown`: nothing yet; ask for the order, or again by the same key.

    cl_ord_id: of this request; orig_cl_ord_id: of the order that it is about, None: it is the order.
    """

    cl_ord_id: str
    orig_cl_ord_id: str | None
    ord_status: str
    exec_type: str


class Child(Told):
    child_id: str
    venue: str | None
    ord_status: Status
    order_qty: str
    cum_qty: str
    leaves_qty: str
    price: str


class Order(Told):
    cl_ord_id: str
    account: str
    symbol: str
    side: Side
    ord_type: OrdType
    time_in_force: TimeInForce
    ord_status: Status
    order_qty: str
    cum_qty: str
    leaves_qty: str
    avg_px: str
    session: str | None
    price: str | None = None
    venue: str | None = None
    strategy: str | None = None
    children: list[Child]


class Orders(Told):
    """The newest first, `most` at the most; `more`: whether there are older ones."""

    orders: list[Order]
    more: bool
