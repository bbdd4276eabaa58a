from collections.abc import Buffer

from core.capacity import Capacity
from core.positions.engine import Positions
from core_ext.histogram import Histogram

class Keeper:
    """A position keeper with `symbols` x `accounts` positions, and room for so many fills; all pages
    taken."""

    def __init__(self, capacity: Capacity, symbols: int, accounts: int) -> None: ...
    @property
    def engine(self) -> Positions: ...
    @property
    def clock_ns(self) -> Histogram:
        """The clock alone."""
    @property
    def accounts(self) -> int: ...
    @property
    def booked(self) -> int: ...
    def fill_up(self, qty: Buffer, px: int) -> None:
        """A fill in every position, untimed: what follows finds them open."""
    def run(
        self,
        positions: Buffer,
        qty: Buffer,
        px: Buffer,
        touched: Buffer,
        update_ns: Histogram,
        touch_ns: Histogram,
    ) -> tuple[int, int]:
        """A block: each fill booked and timed, then as many bare touches. The arrays are of one length. (ns
        of all updates, ns of all touches)"""
    def funding_ns(self, symbol: int) -> tuple[int, int]:
        """(ns of a funding of all positions of a symbol, how many were open)"""
    def differ(self, qty: Buffer, flow: Buffer) -> int:
        """How many positions aren't what was counted without the keeper: quantity, and cash flow in price
        units."""
