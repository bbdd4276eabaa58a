from collections.abc import Buffer, Sequence

class Planner:
    """One symbol (index 0) at some venues, whose index is their slot. fees: (taker, maker) of each, 10^-8
    bps."""

    def __init__(self, fees: Sequence[tuple[int, int]], *, lot: int = ..., tick: int = ...) -> None: ...
    def feed(self, kind: int, request: Buffer, time_ns: int = ...) -> None:
        """A market event, or facts, as on the spine."""
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
