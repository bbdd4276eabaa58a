from core.data.reader import Events, Stream
from core_ext.ring import Ring

class Feed:
    """The market data of one venue on its way into a live core, conflated where the ring is full.

    requests: a feeding session's ring. streams: the reader's, as they are and will be. venue: the core's
    index. depth: levels of a side that the core is given, 1 to 128. ValueError.
    """

    def __init__(self, requests: Ring, streams: list[Stream], venue: int, depth: int = 64) -> None: ...
    sent: int
    conflated_quotes: int
    """Quotes that a newer one took the place of while they waited."""
    conflated_trades: int
    """Trades that ran together with another one: quantities are summed, the price is the later one."""
    conflated_books: int
    """Messages that changed a book which waited already."""
    dropped_trades: int
    unfit: int
    unlisted: int
    def list(self, stream: int, symbol: int, price_precision: int, qty_precision: int) -> None:
        """The reader's stream of that index is the core's symbol of that one."""
    def had(self, stream: int, ask: bool, px: int, qty: int) -> None:
        """The core has that level already, in its units; the best ones first. ValueError: too many."""
    def take(self, events: Events) -> None:
        """Events of the reader, in its order; what has no room waits."""
    def flush(self) -> bool:
        """Pushes what waits as far as there is room; whether nothing waits any more."""
