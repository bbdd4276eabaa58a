import numpy as np
import numpy.typing as npt

from core.router.planner import Planner

ROW: np.dtype[np.void]
"""A row of a tape: ts_ns, venue, kind (as core.messages' Kind), side, px, qty, ask_px, ask_qty."""

class Tape:
    """Recorded rows, played into a planner; what each venue shows after each row is kept."""

    def __init__(self, planner: Planner, rows: npt.NDArray[np.void], venues: int) -> None: ...
    @property
    def tops(self) -> npt.NDArray[np.int64]:
        """(rows, venues, 4): bid px, bid qty, ask px, ask qty after each row; qty 0: that side is empty."""
    def play(self, until: int) -> None:
        """Plays the rows before that index which weren't played yet."""
    def taken(self, venue: int, buys: bool, qty: int) -> int:
        """What taking so much there comes to now, level by level: price x quantity units. It must be
        shown."""
    def rest(
        self, venue: int, start: int, until_ns: int, buys: bool, px: int, qty: int, ahead: int
    ) -> tuple[int, int]:
        """(filled, how much has left the queue) of an order that rests from the row on: see
        docs/routing.md."""
