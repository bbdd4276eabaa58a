from typing import Any

from core.capacity import Capacity
from core.engine import Emitter, Engine
from core_ext.arena import Arena

class Positions(Engine):
    """Books fills: quantity, cost, realised profit, fees."""

    def __init__(self, arena: Arena, emitter: Emitter | None, capacity: Capacity) -> None: ...
    def rows(self) -> list[dict[str, Any]]:
        """Every position ever touched: account, symbol, qty, cost, realized, cash, fees, paid (the ledger's
        units); moved (bool), last_fill2 (twice the last fill's price, or None). Not for the path."""
    def undone(self) -> dict[str, int]:
        """What could not be done: `full`, adjustments that a bust can't play again; `overflow`, amounts that
        don't fit."""
    def booked_by_hand(self) -> int:
        """The event of the last fill that a person booked; 0: none."""
    def fill_rows(self) -> list[dict[str, int]]:
        """Every fill that stands: seq, account, symbol, venue, qty (signed), px, fee (10^-16), maker. Not
        for the path."""
    def fills_by_venue(self) -> dict[int, tuple[int, int]]:
        """(fills, their quantity) of each venue's index; busted ones don't count."""
