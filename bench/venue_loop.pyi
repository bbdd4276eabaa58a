from collections.abc import Buffer

from core.capacity import Capacity
from core.venues.simulated import Simulated

class Desk:
    """A match venue with one symbol, and what a desk sends to it. Arrays of a call are of one length."""

    def __init__(self, capacity: Capacity) -> None: ...
    @property
    def venue(self) -> Simulated: ...
    def run(self, ops: Buffer, children: Buffer, sides: Buffer, prices: Buffer, qty: int) -> dict[str, float]:
        """Messages in their order, each timed: the mean ns of each kind.

        ops uint8: 0 adds an order that rests, 1 cancels, 2 adds one that meets a resting one. children
        uint32, sides uint8 (0 buy), prices int64 of the limit.
        """
