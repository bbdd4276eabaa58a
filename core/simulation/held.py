"""What a core holds of a child and of an order, as the end of a seed asks it."""

from __future__ import annotations

from typing import NamedTuple


class HeldChild(NamedTuple):
    """Quantities and the price in units."""

    venue: int
    qty: int
    cum: int
    live: bool
    price: int
    is_owed: bool
    """Its cancel or replace has no answer."""


class HeldOrder(NamedTuple):
    """filled: by its children together. working: what counts in limits."""

    account: int
    symbol: int
    side: int
    cum: int
    filled: int
    working: int
