from collections.abc import Buffer

from core_ext.histogram import Histogram
from core_ext.spine import Spine

BOARD_BYTES: int
SLOT_BYTES: int

class Asker:
    """Begins each round trip and keeps its time.

    buffer: the shared block, its spine formatted. taken: int64s, room for the ticks of a block's round trips.
    """

    def __init__(
        self, buffer: Buffer, spine: Spine, taken: Buffer, patience_s: float = 20, lines: int = 1
    ) -> None:
        """lines: that a hop hands over, 1 to 5: the header, and so many of the request. ValueError."""
    @property
    def wrong(self) -> int:
        """Words of answers that were not made from what was asked."""
    @property
    def lost(self) -> bool:
        """The other end did not answer in time; nothing is asked any more."""
    def raw(self, duration_ns: int, relax: bool = False) -> int:
        """A block of raw ping-pong: how many round trips; their ticks are in `taken`."""
    def hop(self, duration_ns: int, relax: bool = False) -> int:
        """A block over the spine: a header's line there, a paragraph's line back."""
    def hiccup(self, duration_ns: int) -> int:
        """Both ends only look at the clock: the longest gap that this end saw, ns."""
    def end(self) -> None:
        """Tells the answerer to leave."""
    def record(self, histogram: Histogram, n: int) -> None:
        """The first n round trips of `taken` into a histogram, ns."""
    def seen(self) -> dict[str, int]:
        """Both ends' counts: equal where nothing was lost."""

def answer(buffer: Buffer, spine: Spine, seconds: float = 600) -> bool:
    """The answerer: block after block until it is told to leave. False: nobody told it anything in time."""
