from collections.abc import Buffer, Sequence

from core.capacity import Capacity
from core.recovery.replay import Replay
from core_ext.journal import JournalReader

class Tap(Replay):
    """Lives through a journal that may still be written; what it was is taken as rows, topic by topic."""

    def __init__(
        self, capacity: Capacity, topic_of: Buffer, booked: int, row_bytes: Sequence[int], most: int
    ) -> None:
        """topic_of: a byte a kind. booked: the topic of reports that were booked. row_bytes: a topic's;
        1,024: whole pages, fewer: header and request. most: events between two times that they are taken.
        """
    def poll(self, reader: JournalReader, until: int = ..., rows: bool = True) -> int:
        """Lives through what the journal has by now, `most` events or through event `until`; how many.

        rows False: leaves none. Raises a CoreFault by name, JournalCorrupt. ValueError: rows weren't taken.
        """
    def take(self) -> dict[int, bytes]:
        """The rows since the last time, by topic, where there are any."""
    def skim(self, reader: JournalReader, until: int) -> int:
        """Reads records through event `until` without living through them, and leaves rows of topics that
        are no pages; how many. For what needs no decision: names and settings. As `poll`.
        """
    def wait(self, reader: JournalReader, for_ns: int, spin_ns: int, nap_ns: int) -> bool:
        """Until the journal goes on, or for so long; whether it does. Yields its turn at first, then sleeps
        `nap_ns` at a time.
        """
    @property
    def through(self) -> int:
        """The last event."""
    @property
    def time_ns(self) -> int:
        """Its time."""
    def record(self) -> bytes:
        """The last event's header and request, as they were recorded."""
