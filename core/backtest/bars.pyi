NEVER_NS: int

class Bar:
    """Open, high, low, close and volume, as floats; times in ns since 1970, the end not included."""

    @property
    def symbol(self) -> str: ...
    @property
    def every(self) -> str: ...
    @property
    def start_ns(self) -> int: ...
    @property
    def end_ns(self) -> int: ...
    @property
    def open(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def close(self) -> float: ...
    @property
    def volume(self) -> float:
        """Of trades; 0 in bars of quotes."""
    @property
    def count(self) -> int:
        """Events in it."""

class BarBuilder:
    """Makes the bars of one instrument, over all its venues: of trades, or of quotes' middles.

    every: "500ms", "10s", "1m", "1h", "1d" of time, on whole multiples since 1970; "100t" events; "5000v"
    volume. A span in which nothing happens has no bar. ValueError: none of these.
    """

    def __init__(self, every: str, of_trades: bool) -> None: ...
