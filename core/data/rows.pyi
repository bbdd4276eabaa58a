from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from core.data.reader import Events, Place, Reader, Sink, Stream

class Rows(Reader):
    """Takes rows (dtype EVENT) that another reader made, here or elsewhere: its books, counts and sums come
    to what that one's do, and its sink is given the same rows.

    A book is whole where all rows are known, or by an image of it. Rows of one that isn't change nothing.
    """

    whole: bool
    unnamed: int
    """Rows of symbols that weren't named yet."""
    without: int
    """A bit for each kind of row that isn't wanted."""

    def __init__(self, venue: str, sink: Sink, on_place: Callable[[Place], object] | None = ...) -> None: ...
    def named(self, name: str) -> Stream:
        """The stream of a symbol, made where there is none."""
    def begin(self, whole: bool) -> None:
        """Another sender: its books aren't known, or, from its first row on, are known to be empty."""
    def play(self, rows: Events, to: npt.NDArray[np.int32]) -> bool:
        """Rows in their order. to: the stream's index by the sender's symbol, -1 where it isn't wanted, -2
        where nobody named it yet. False: one of them can be none, and nothing was taken.
        """
    def lose(self, reason: str) -> None:
        """Rows are missing: a gap of each book that was whole, which is emptied."""
    def forget_all(self) -> None:
        """Nobody knows what the books are now."""
    def image(self, index: int, rows: Events) -> bool:
        """All levels of a book as they are now, in the order of `tell_book`. False: ours was whole, and
        another one.
        """
    def tell_book(self, index: int, sink: Sink) -> None:
        """Hands one book to another sink, as levels: bids, then asks, the best of each last."""

def fit(rows: Events) -> bool:
    """Whether each of them is a row."""
