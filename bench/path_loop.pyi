from collections.abc import Buffer

from core_ext.histogram import Histogram
from core_ext.ring import Ring
from core_ext.spine import Spine

class Submitter:
    """The client's end of `bench path`: requests lie ready, a row each."""

    def __init__(self, requests: Ring, responses: Spine, rows: Buffer, began: Buffer, taken: Buffer) -> None:
        """rows: Inputs; began, taken: int64 a row, ticks."""
    @property
    def sent(self) -> int: ...
    @property
    def answers(self) -> int: ...
    @property
    def acked(self) -> int: ...
    @property
    def busy(self) -> int: ...
    @property
    def lapped(self) -> int: ...
    def closed(self, block_ns: int, histogram: Histogram) -> int:
        """One request at a time; how many."""
    def until_sent(self, block_ns: int, histogram: Histogram, sends: Ring) -> int:
        """The same, to the moment when execution has written the venue's ring."""
    def open(self, block_ns: int, per_second: float, histogram: Histogram, hiccup: Histogram) -> int:
        """Requests at planned times, each measured from its plan; how many."""
    def settle(self) -> None:
        """Until every row has its answer and nothing more comes; two seconds at most."""
