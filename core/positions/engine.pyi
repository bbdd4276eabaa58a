from typing import Any

from core.capacity import Capacity
from core.engine import Emitter, Engine
from core_ext.arena import Arena

class Positions(Engine):
    """Books fills: quantity, cost, realised profit, fees."""

    def __init__(self, arena: Arena, emitter: Emitter | None, capacity: Capacity) -> None: ...
    def rows(self) -> list[dict[str, Any]]:
        """Every position ever touched: account, symbol, qty, cost, realized, flow, fees (the ledger's units);
        filled (bool), last_fill2 (twice the last fill's price, or None). Not for the path."""
    def fills_by_venue(self) -> dict[int, tuple[int, int]]:
        """(fills, their quantity) of each venue's index; busted ones don't count."""
