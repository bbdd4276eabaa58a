from core.capacity import Capacity
from core.engine import Emitter, Engine
from core.market.view import MarketView
from core.orders.life import Life
from core.risk.limits import Limits
from core_ext.arena import Arena

class Risk(Engine):
    """Denies, or lets pass and counts."""

    def __init__(self, arena: Arena, emitter: Emitter, capacity: Capacity) -> None: ...
    @property
    def view(self) -> MarketView: ...
    @property
    def life(self) -> Life: ...
    @property
    def limits(self) -> Limits: ...
    def mark2_of(self, symbol: int) -> int | None:
        """Twice the symbol's mark in price units; None: there is none. Not for the path."""
    def match_venues(self) -> list[int]:
        """Indices of the simulated venues declared so far. Not for the path."""
