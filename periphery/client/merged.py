"""Two streams as one, in the order of the core's spine: what a session is answered, and what it hears."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_EVENT = slice(-8, None)  # in a slot of either ring


class Merged[A, B]:
    """answers, rows: the next of each, or None. event_of: where on the spine it is.

    The core puts an event's row before its answers, and all of an event before anything of a later one. So
    once an answer is seen, every row up to its event is there; once a row is seen, every answer of an
    earlier event.
    """

    def __init__(
        self,
        answers: Callable[[], A | None],
        rows: Callable[[], B | None],
        event_of_answer: Callable[[A], int],
        event_of_row: Callable[[B], int],
    ) -> None:
        self._answers, self._rows = answers, rows
        self._event_of_answer, self._event_of_row = event_of_answer, event_of_row
        self._answer: A | None = None
        self._row: B | None = None
        self._last = 0

    def next(self) -> A | B | None:
        """What comes next; None: nothing yet."""
        if self._answer is None:
            self._answer = self._answers()
        if self._row is None:
            self._row = self._fresh()
            if self._row is not None and self._answer is None:
                self._answer = self._answers()  # it may have come before the row did
        if self._answer is None or (self._row is not None and self._is_first()):
            row, self._row = self._row, None
            return row
        answer, self._answer = self._answer, None
        return answer

    def _is_first(self) -> bool:
        assert self._row is not None
        assert self._answer is not None
        return self._event_of_row(self._row) <= self._event_of_answer(self._answer)

    def _fresh(self) -> B | None:
        """The next row that didn't come before: who of the core comes back after a crash shows some again."""
        while (row := self._rows()) is not None:
            event = self._event_of_row(row)
            if event > self._last or event == 0:
                self._last = max(event, self._last)
                return row
        return None


def event_of(heard: Any) -> int:
    """Of a row, an order event, a denial; 0: a gap, which comes at once."""
    return int(getattr(heard, "event", 0))


def event_in(slot: bytes) -> int:
    """Of a slot of either ring."""
    return int.from_bytes(slot[_EVENT], "little")
