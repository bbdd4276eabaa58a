"""A live connection as a recording that has no end yet: each message is a line with our clock before it.

The lines are those of the recorder whose files core.data reads as `cryptofeed_...`, so the same reader says
what they mean: what is malformed, which book has a gap, what the market is.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from core.data.jsonlines import JsonLines, Venue
from periphery.market_data.taken import Taken

if TYPE_CHECKING:
    from core.data.reader import Place

_SECOND_NS = 1_000_000_000


class Lines(Taken):
    """What one venue says."""

    def __init__(
        self,
        name: str,
        decoder: Venue,
        symbols: list[str],
        on_place: Callable[[Place], object] | None = None,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self.clock = clock
        reader = JsonLines(
            f"{name} live",
            f"live_{name.lower()}",
            iter(()),
            self._take,
            on_place,
            decoder=decoder,
            seconds=True,
        )
        reader.venue = name
        super().__init__(reader, [reader.streams.named(symbol) for symbol in symbols])

    def connected(self, url: str) -> None:
        self.reader.take(f"{url} <-> {self._stamp()}\n".encode())

    def asked(self, url: str, text: str) -> None:
        """What was said to the venue."""
        self.reader.take(f"{url} <- {self._stamp()}: {text}\n".encode())

    def answered(self, url: str, body: bytes) -> None:
        """The answer of a request."""
        self.reader.take(f"{url} -> {self._stamp()}: ".encode() + _one_line(body) + b"\n")

    def message(self, raw: bytes) -> None:
        self.reader.take(f"{self._stamp()}: ".encode() + _one_line(raw) + b"\n")

    def disconnected(self) -> None:
        """Nobody knows what the books are now."""
        self.reader.forget_books()

    def _stamp(self) -> str:
        seconds, ns = divmod(self.clock(), _SECOND_NS)
        return f"{seconds}.{ns:09d}"


def _one_line(raw: bytes) -> bytes:
    """Without a line's end within: a carriage return is as good, and as bad, in JSON."""
    return raw.replace(b"\n", b"\r")
