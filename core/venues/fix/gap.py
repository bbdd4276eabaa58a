"""Messages that a session misses, and those that wait behind them."""

from __future__ import annotations

from core.venues.fix.codec import Message

QUEUE_MOST = 4096
"""Messages kept while those before them come; more are asked for again."""
TRIES = 3


class Gap:
    """`range`: the first and the last number that was asked for; None: nothing is missing."""

    def __init__(self) -> None:
        self.range: tuple[int, int] | None = None
        self.asked_ns = self.tries = 0
        self._waiting: dict[int, Message] = {}

    def keep(self, number: int, message: Message) -> None:
        """A message that came before its turn."""
        if len(self._waiting) < QUEUE_MOST:
            self._waiting[number] = message

    def take(self, number: int) -> Message | None:
        """The message that waits for its turn under that number."""
        return self._waiting.pop(number, None)

    def is_asked_for(self, number: int) -> bool:
        """Whether what is missing before that number was asked for."""
        return self.range is not None and number >= self.range[0]

    def asked(self, first: int, last: int, now_ns: int) -> None:
        self.range, self.asked_ns = (first, last), now_ns

    def reached(self, number: int) -> None:
        """That number is the next one: what is missing may have come."""
        if self.range is not None and number > self.range[1]:
            self.range, self.tries = None, 0

    def is_given_up(self) -> bool:
        """One more time that it was asked for in vain; whether that is enough."""
        self.tries += 1
        return self.tries >= TRIES
