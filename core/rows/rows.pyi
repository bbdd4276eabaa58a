from collections.abc import Buffer, Iterable, Mapping, Sequence

class Hearer:
    """What takes rows without a word of Python: those that can't make it say anything.

    kinds: a bit a kind that it may take. until_ns: a row of that time or later is not for it.
    """

    kinds: int
    until_ns: int

class Together(Hearer):
    """Several that hear the same: a row is taken by all of them, or by none."""

    def __init__(self, each: Sequence[Hearer]) -> None: ...

class Rows:
    """Walks a batch's rows in the order of the spine."""

    budget: int
    """Rows that may still be walked."""

    def begin(self, frames: Mapping[int, Buffer], row_bytes: Sequence[int], after: int) -> None:
        """A batch: frames of rows, by topic; row_bytes: of each topic. What isn't after `after` is left out.
        ValueError: a frame ends within a row.
        """
    def next(self, hearer: Hearer | None, kinds: int, until: int) -> bytes | None:
        """The page of the next row whose kind is one of `kinds` (a bit a kind) and that `hearer` doesn't
        take: what of it isn't told is zero. None: there is none through the event `until` and within the
        budget.
        """
    def record(self) -> bytes:
        """Header and request of the row that was walked last, as they were recorded; empty before any."""
    @property
    def is_done(self) -> bool:
        """Whether all rows of the batch were walked."""
    @property
    def seq(self) -> int:
        """The event of the row that was walked last."""
    @property
    def heard(self) -> int:
        """Rows that hearers took so far, of all batches."""

def bits(kinds: Iterable[int]) -> int:
    """A bit a kind."""
