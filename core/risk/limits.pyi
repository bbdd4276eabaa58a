from core.capacity import Capacity
from core_ext.arena import Arena

class Limits:
    """The declared limits, and the counters that they are held against."""

    def __init__(self, arena: Arena, capacity: Capacity) -> None: ...
