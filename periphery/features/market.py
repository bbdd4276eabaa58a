"""The market as features are told of it: floats, since they reckon with it."""

from __future__ import annotations

from typing import Literal, NamedTuple

type Price = Literal["mid", "trade"]
"""Which price: the middle of the quote, or that of the last trade."""


class Quote(NamedTuple):
    """Best bid and offer, both sides there."""

    bid: float
    bid_qty: float
    ask: float
    ask_qty: float

    @property
    def mid(self) -> float:
        return (self.bid + self.ask) / 2


class Trade(NamedTuple):
    """side: 1 where the buyer took, -1 where the seller did, 0 where nobody says."""

    px: float
    qty: float
    side: int


class Level(NamedTuple):
    """A level's new quantity, 0 where it is gone. side: 0 of bids, 1 of offers."""

    side: int
    px: float
    qty: float


SIDES = {0: 1, 1: -1}
"""A trade's aggressor, as events have it, to its sign; any other is nobody's."""


def in_units(units: int, precision: int) -> float:
    """The nearest float to units x 10^-precision: the same, whatever precision carries the number."""
    unit: int = 10**precision
    return units / unit
