"""Proposals of portfolios."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from periphery.backend.portfolios import APPROVED, OVER, PENDING, SENT
from periphery.backend.schemas.forms import Amount, Asked, Decimal, Name, OneOf, Told
from periphery.backend.schemas.runs import NO_OTHER_KEYS

Bps = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,4}(\.[0-9]{1,6})?$")]


class PreviewPortfolio(Asked):
    """weights: parts of the account's equity by symbol. limit_bps: so far from the touch at the most;
    None: market orders."""

    account: Name
    weights: dict[Name, Decimal] = Field(min_length=1, max_length=500, json_schema_extra=NO_OTHER_KEYS)
    commission_bps: Bps = "0"
    limit_bps: Bps | None = None
    least_notional: Amount = "0"


class ProposedOrder(Told):
    """denied: what the core's risk would deny it for, as it was when it was made; empty: nothing."""

    cl_ord_id: str
    account: str
    symbol: str
    side: str
    order_qty: str
    ord_type: str
    time_in_force: str
    price: str | None = None
    strategy: str | None = None
    denied: str


class ApprovedBy(Told):
    by: str
    at: str


class Became(Told):
    cl_ord_id: str
    symbol: str
    side: str
    order_qty: str
    became: str


class Proposed(Told):
    """Numbers as decimal text; turnover is a part of equity. became: of each order, once it was sent."""

    id: str
    state: Annotated[str, OneOf(PENDING, APPROVED, SENT, OVER)]
    by: str
    made_ns: int
    valid_s: float
    account: str
    currency: str
    equity: str
    cash: str
    weights: dict[str, str]
    prices: dict[str, dict[str, str]]
    orders: list[ProposedOrder]
    concerns: list[str]
    notional: str
    turnover: str
    cost: str
    approvals: list[ApprovedBy]
    became: list[Became]


class ProposedAll(Told):
    proposals: list[Proposed]


class SentPortfolio(Told):
    orders: list[Became]
