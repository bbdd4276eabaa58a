from collections.abc import Buffer, Sequence
from typing import Any

class Planner:
    """One symbol (index 0) at some venues, whose index is their slot. fees: (taker, maker) of each, 10^-8
    bps."""

    def __init__(self, fees: Sequence[tuple[int, int]], *, lot: int = ..., tick: int = ...) -> None: ...
    def feed(self, kind: int, request: Buffer, time_ns: int = ...) -> None:
        """A market event, or facts, as on the spine."""
    def book(self, now_ns: int = ...) -> dict[str, Any]:
        """The consolidated book: venues by slot (venue, state, age_ns or None); bids and asks as (px, qty,
        slot) of the venues that are up, best first; market is "", "locked" or "crossed"."""
    def legs(
        self,
        policy: int,
        buys: bool,
        qty: int,
        limit: int | None = ...,
        *,
        rests: bool = ...,
        left_out: int = ...,
    ) -> tuple[list[tuple[int, int, int, bool, int]], int]:
        """([(slot, qty, price, whether it rests, delay in ns)], what has no leg)"""
