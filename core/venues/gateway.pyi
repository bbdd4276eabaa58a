from core.capacity import Capacity
from core_ext.arena import Arena

class Gateway:
    """Accepts each send once, in the order of the spine, and never more than an order allows."""

    def __init__(self, arena: Arena, capacity: Capacity, guarded: bool = True) -> None: ...
    @property
    def guarded(self) -> bool: ...
    @property
    def sent(self) -> int:
        """How many intents were stored."""
    def unknown(self) -> list[tuple[int, int, int]]:
        """(seq, child, venue) of intents without done: asked about, never sent again."""
