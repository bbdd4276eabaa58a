import os
from typing import Any

from core.capacity import Capacity
from core.recovery.catchup import Catchup

class Shadow(Catchup):
    """The same engines, following the journal, for whoever has a question."""

    def __init__(self, folder: str | os.PathLike[str], capacity: Capacity) -> None: ...
    def follow(self, until: int = ..., for_s: float = ...) -> int:
        """Goes on up to event `until`, or to what the journal has by now; the last event. CoreFault."""
    def open_orders(self, kind: int = 0, key: int = 0) -> int:
        """How many live orders are in a scope: a Scope and the index of what it names."""
    def fill_rows(self, since: int = 0, most: int = 10000) -> list[dict[str, Any]]:
        """Fills that stand of events after `since`, as integers, the newest first: seq, time_ns, account,
        symbol, venue, qty (signed), px, fee (10^-16), maker; order and id_first, or NONE of a fill that a
        person booked.
        """
    def levels_at(self, venue: int) -> list[tuple[int, int, int, int]]:
        """What a venue shows of each symbol, as integers: (symbol, 0 bid or 1 ask, px, qty), best first."""
    def last_quotes(self) -> list[tuple[int, ...]]:
        """The best of each symbol at each venue that ever quoted it, as integers: (symbol, venue, quoted_ns,
        bid_px, bid_qty, ask_px, ask_qty).
        """
    def order_rows(
        self,
        account: int | None = None,
        symbol: int | None = None,
        live_only: bool = False,
        most: int = 10000,
    ) -> list[dict[str, Any]]:
        """Orders as integers, the newest first. account, symbol: an index, or None for any."""
