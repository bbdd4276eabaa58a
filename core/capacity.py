"""How much each table of the core holds. A table that is full denies new orders; none of them grows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Capacity:
    """Bounds of one core, in items. Memory is taken when the core starts; untouched pages cost nothing."""

    symbols: int = 1024
    venues: int = 64
    accounts: int = 1024
    strategies: int = 1024
    sessions: int = 1024
    currencies: int = 64
    sectors: int = 256
    orders: int = 1 << 17
    more_children: int = 1 << 17  # children beyond the first of an order
    ids: int = 1 << 18  # cl_ord_ids ever seen, denied ones too
    fills: int = 1 << 17
    lists: int = 1 << 14  # list_ids
    positions: int = 1 << 14
    limits: int = 4096
    counters: int = 1 << 14
    cells: int = 1 << 15
    contents: int = 1 << 14  # orders that passed lately, for the same one sent twice
    rate_times: int = 1 << 18  # time stamps that rate limits remember, together
    depths: int = 256  # (symbol, venue) pairs whose depth is kept
    book_orders: int = 1 << 18  # orders of the market that simulated venues know one by one
    facts: int = 1024  # (symbol, venue) pairs that facts are told of; of others what was declared counts
    adjustments: int = 1 << 14  # fundings, dividends, splits, settlements that a bust plays again
    spine: int = 1024
    loopback: int = 4096


DEFAULT = Capacity()
SPILLED = 1 << 16
"""Derived events that a live core's intake holds beside the loopback rings, while the spine is full."""
