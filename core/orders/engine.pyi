from core.capacity import Capacity
from core.engine import Emitter, Engine
from core.orders.life import Life
from core_ext.arena import Arena

class Orders(Engine):
    """Moves the order and its children, and asks for what must follow."""

    def __init__(self, arena: Arena, emitter: Emitter, capacity: Capacity) -> None: ...
    @property
    def life(self) -> Life: ...
    def plant(self, n: int) -> None:
        """Makes the n-th child that is sent twice as large as it may be: a test's planted fault."""
