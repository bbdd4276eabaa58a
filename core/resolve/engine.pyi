from core.capacity import Capacity
from core.engine import Emitter, Engine
from core_ext.arena import Arena

class Resolve(Engine):
    """Names to dense indices; fills new or repeated. The only engine that hashes."""

    def __init__(self, arena: Arena, emitter: Emitter | None, capacity: Capacity) -> None: ...
    def position_of(self, account: int, symbol: int) -> int:
        """The position's index; NONE: there is none yet. Not for the path."""
