from collections.abc import Buffer

from core_ext.histogram import Histogram

TIMED_EVERY: int
"""One event in so many is timed: those whose sequence it divides."""
TIMED: tuple[str, ...]
TIMING_BYTES: int

class Timing:
    """How long one stage takes, in memory that observers read."""

    def __init__(self, memory: Buffer, name: str, fresh: bool = False) -> None:
        """memory: TIMING_BYTES. name: one of TIMED. fresh: empties its histograms."""
    @property
    def hop(self) -> Histogram:
        """ns from when the stage before it was done with an event until it was."""
    @property
    def service(self) -> Histogram:
        """ns that its engine takes an event."""
    @property
    def since(self) -> Histogram:
        """ns from when the sequencer took the event until this stage was done with it."""
    def times(self, seq: int) -> dict[str, int]:
        """When each stage was done with the event, in ns since the sequencer took it; of those that still
        know, which is a while, and only where TIMED_EVERY divides seq.
        """
