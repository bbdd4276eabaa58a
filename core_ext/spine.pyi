from collections.abc import Buffer, Iterable

class Spine:
    """A ring of slots with one claimer and a cursor a follower. Sequences start at 1."""

    @staticmethod
    def bytes_needed(capacity: int, slot_size: int, cursors: int) -> int:
        """Bytes of buffer for this shape."""
    @staticmethod
    def format(
        buffer: Buffer, capacity: int, slot_size: int, cursors: int, gating: Iterable[int] | None = None
    ) -> Spine:
        """Lays an empty spine over `buffer`. Capacity: a power of 2. Slot size: a multiple of 64. ValueError.

        gating: indices of the cursors that hold the claimer back; all when None.
        """
    @staticmethod
    def attach(buffer: Buffer) -> Spine:
        """Attaches to a spine that `format` made. ValueError names the header field that is wrong."""
    @property
    def capacity(self) -> int: ...
    @property
    def slot_size(self) -> int: ...
    @property
    def claimed_seq(self) -> int: ...
    @property
    def first_seq(self) -> int:
        """Where a ring that is written by numbers of its own begins; 1 where it has them all."""
    @property
    def slowest_gating(self) -> int: ...
    def get_cursor(self, i: int) -> int: ...
    def move_cursor(self, i: int, seq: int) -> None: ...
    def start_at(self, seq: int) -> None:
        """Says that everything up to `seq` is done: the next claim is seq + 1. Before anybody follows."""
    def begin_at(self, seq: int) -> None:
        """Says that what is before `seq` was never written, unless it is there: see first_seq."""
    def try_write(self, seq: int, item: Buffer) -> bool:
        """Claims `seq`, writes {seq, item, zeros} and publishes. False when gated by the slowest cursor."""
    def read(self, seq: int) -> bytes | None:
        """An observer's read: None when not claimed yet or already overwritten."""
    def is_published(self, seq: int) -> bool: ...
