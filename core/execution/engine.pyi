from core.capacity import Capacity
from core.engine import Emitter, Engine
from core_ext.arena import Arena
from core_ext.ring import Ring

RESERVED_BYTES: int
"""Of what it keeps of each order."""

class Execution(Engine):
    """Sends, and refuses what would make the children of an order exceed it."""

    def __init__(
        self, arena: Arena, emitter: Emitter, capacity: Capacity, ring: Ring, guarded: bool = True
    ) -> None: ...
    def resume(self, ring: Ring) -> None:
        """Goes on with the ring of one that died: what is on it isn't put there again."""
    @property
    def guarded(self) -> bool: ...
    @property
    def stalled(self) -> int:
        """Sends that found the venues' ring full: the core stops on the first."""
