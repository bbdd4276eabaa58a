"""The market as pages show it, and where an order would go."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from periphery.backend.schemas.forms import OneOf, Told


class Level(Told):
    """A price at a venue, and what is shown there."""

    venue: str
    side: Annotated[str, OneOf("bid", "ask")]
    px: str
    qty: str


class Levels(Told):
    """Best first, venue by venue."""

    symbol: str
    levels: list[Level]


class Bar(Told):
    """Of the mid over all venues. start_s: since 1970 UTC."""

    start_s: int
    open: str
    high: str
    low: str
    close: str


class Bars(Told):
    symbol: str
    every_s: int
    bars: list[Bar]


class Leg(Told):
    """One child order: taken at `price` or better at once, or resting there."""

    venue: str
    qty: str
    price: str
    rests: bool


class Route(Told):
    """notional: at the legs' prices, in `currency`. left: what has no leg now, and waits or is cancelled."""

    legs: list[Leg]
    left: str
    notional: str
    currency: str


class Now(Told):
    """core: empty, or why it isn't there. time_ns: of the backend's clock. seq: the core's last event."""

    core: str
    time_ns: int
    seq: int | None
    live: bool | None
    read_only: bool
    kills: int | None
    stream: bool = Field(description="Whether pages have live data: a websocket engine is configured.")
