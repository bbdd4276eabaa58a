from collections.abc import Sequence

from core.rows.rows import Hearer

class Tape:
    """What came of a stream of events since it was last taken, in floats: at most 256 each of quotes, trades
    and levels.

    all_quotes, all_trades: else the last one alone is kept; all_levels: else none.
    """

    all_quotes: bool
    all_trades: bool
    all_levels: bool

    def add_quote(self, bid: float, bid_qty: float, ask: float, ask_qty: float) -> bool:
        """False: there is no room, what is there must be taken first. So of the others."""
    def add_trade(self, px: float, qty: float, side: int) -> bool: ...
    def add_level(self, side: int, px: float, qty: float) -> bool: ...
    def take_quotes(self) -> bytes:
        """What came, as float64 (n, 4): bid, bid_qty, ask, ask_qty."""
    def take_trades(self) -> list[tuple[float, float, int]]:
        """px, qty, side of each."""
    def take_levels(self) -> list[tuple[int, float, float]]:
        """side, px, qty of each."""

class Tapes(Hearer):
    """Writes rows onto tapes, of symbols and venues whose place it knows.

    What a float can't tell exactly, and what there is no room for, is not for it.
    """

    moved: bool
    """Whether something came that a tape keeps."""

    def at(self, symbol: int, venue: int, precisions: tuple[int, int], tapes: Sequence[Tape]) -> None:
        """The tapes of a symbol at a venue, and the decimals of its prices and quantities."""
    def knows(self, symbol: int, venue: int) -> bool: ...
