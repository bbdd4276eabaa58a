import os
from collections.abc import Iterator

from core_ext.journal.errors import Place

class JournalReader(Iterator[tuple[int, bytes]]):
    """Reads a journal's records in order. Iterating stops at the end or a torn tail; corruption raises."""

    def __init__(
        self, path: str | os.PathLike[str], *, from_segment: int | None = None, follow: bool = False
    ) -> None: ...
    def __next__(self) -> tuple[int, bytes]: ...
    def skip_to_end(self) -> int:
        """Reads to the end, checking everything. How many records there were. JournalCorrupt."""
    def skip(self, count: int) -> int:
        """Reads so many records on, checking them; how many there were. JournalCorrupt."""
    def picked(self, at: int, values: int) -> Iterator[tuple[int, bytes]]:
        """As iterating, with those records alone whose u16 at offset `at` of the body is one of these: bit n
        is value n. All are checked.
        """
    def refresh(self) -> None:
        """Maps segments that appeared since. For `follow`."""
    @property
    def follow(self) -> bool: ...
    @property
    def torn_at(self) -> Place | None:
        """Where the torn tail begins, or None. Known once the end was read."""
    @property
    def records(self) -> int: ...
    @property
    def first_sequence(self) -> int: ...
    @property
    def expected_sequence(self) -> int: ...
    def cut(self) -> Place | None:
        """Cuts what follows the last whole record. The reader is finished after it. JournalCorrupt."""
    def cut_here(self, *, seal: bool) -> Place | None:
        """Cuts what follows the last record that was read, as `cut`: for who has the lock and read on to
        the end.

        seal: an end record takes the place of what is cut, before it is.
        """
