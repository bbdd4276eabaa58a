"""What each order cost."""

from __future__ import annotations

from periphery.backend.schemas.forms import Told


class Leg(Told):
    """What of an order went to a venue."""

    venue: str
    children: int
    rejected: int
    filled_qty: float
    ack_p50_us: float | None


class OrderCost(Told):
    """Figures as docs/analytics.md has them, of one order; None: it can't be known."""

    seq: int
    time_ns: int
    cl_ord_id: str
    account: str
    symbol: str
    strategy: str
    algo: str
    side: str
    status: str
    currency: str
    order_qty: float
    cum_qty: float
    avg_px: float | None
    arrival_px: float | None
    arrival_bps: float | None
    vwap_bps: float | None
    shortfall_bps: float | None
    delay_shortfall_bps: float | None
    execution_shortfall_bps: float | None
    opportunity_shortfall_bps: float | None
    fees_shortfall_bps: float | None
    markout_10ms_bps: float | None
    markout_100ms_bps: float | None
    markout_1s_bps: float | None
    markout_5s_bps: float | None
    markout_10s_bps: float | None
    markout_1min_bps: float | None
    markout_5min_bps: float | None
    legs: list[Leg]


class VenueNow(Told):
    """symbol: empty is all of the venue's."""

    venue: str
    symbol: str
    state: str


class OrderCosts(Told):
    """The newest first. count: how many there are in all."""

    orders: list[OrderCost]
    count: int
    venues: list[VenueNow]
