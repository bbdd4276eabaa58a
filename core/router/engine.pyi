from core.capacity import Capacity
from core.engine import Emitter, Engine
from core.market.view import MarketView
from core_ext.arena import Arena

class Router(Engine):
    """Cuts worked orders into children."""

    def __init__(self, arena: Arena, emitter: Emitter, capacity: Capacity) -> None: ...
    @property
    def view(self) -> MarketView: ...
