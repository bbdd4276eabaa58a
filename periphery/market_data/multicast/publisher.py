"""Sends what readers find to a multicast group: see wire.py.

It keeps a reader of its own rows: the images of books that it sends are what its rows come to. Rows are
numbered whoever hears them: what a line has no room for, or nobody listens to, is a gap to who listens later.
"""

from __future__ import annotations

import enum
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from core.data.reader import EVENT
from core.data.rows import Rows
from periphery.market_data.multicast import wire

if TYPE_CHECKING:
    from core.data.reader import Events, Stream

BEAT_S = 0.25
IMAGE_S = 1.0
"""Each book goes out so often, where all of them are few levels."""
IMAGE_ROWS_PER_S = 20_000
"""Levels of images a second at most, beside the rows."""
WAITING_MAX = 8192
"""Messages that wait for room."""


class Offer(enum.Enum):
    """What became of a message: it is on its way; there is no room now; nobody listens."""

    TAKEN = 1
    FULL = 2
    UNHEARD = 3


class Line(Protocol):
    """Where messages go."""

    def offer(self, message: bytes) -> Offer: ...


class Publisher:
    """Of one venue's market data. `turn` is called often. why: told to who listens."""

    def __init__(
        self, line: Line, venue: str, say: Callable[..., object], session: int | None = None
    ) -> None:
        self.line = line
        self.venue = venue
        self.say = say
        self.session = time.time_ns() if session is None else session
        self.at = 0
        self.messages = 0
        self.images = 0
        self.unheard_rows = 0
        self.dropped_rows = 0
        self.why = ""
        self._mirror = Rows(venue, lambda _rows: None)
        self._mirror.begin(True)
        self._all = np.arange(0, dtype=np.int32)
        self._numbers: dict[int, tuple[Sequence[Stream], npt.NDArray[np.uint32] | None]] = {}
        self._waiting: deque[tuple[bytes, int]] = deque()
        self._beat_due_s = self._image_due_s = 0.0
        self._next = 0
        self._beat(False)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def take(self, streams: Sequence[Stream], rows: Events) -> None:
        """Rows of a reader of these streams, in its order."""
        numbers = self._numbered(streams)
        own = rows.copy()
        own["symbol"] = numbers[rows["symbol"]]
        if not self._mirror.play(own, self._all):
            self.dropped_rows += len(own)
            self.say("rows that nobody would take aren't sent", rows=len(own))
            return
        for start in range(0, len(own), wire.ROWS_MOST):
            part = own[start : start + wire.ROWS_MOST]
            self._send(wire.rows_message(self.session, self.at, part), len(part))
            self.at += len(part)

    def _numbered(self, streams: Sequence[Stream]) -> npt.NDArray[np.uint32]:
        """The session's numbers of a reader's symbols: it has more of them as it goes on."""
        _, known = self._numbers.get(id(streams), (streams, None))
        if known is None or len(known) < len(streams):
            known = np.array([self._number(stream.symbol) for stream in streams], np.uint32)
            self._numbers[id(streams)] = streams, known  # kept, so that no other has its id
        return known

    def _number(self, symbol: str) -> int:
        stream = self._mirror.named(symbol)
        if stream.index == len(self._all):
            self._all = np.arange(stream.index + 1, dtype=np.int32)
            self._image(stream)  # names it, before its first row
        return stream.index

    def turn(self, now_s: float) -> None:
        """What waits, a beat, the next image: what is due."""
        self.flush()
        if now_s >= self._beat_due_s:
            self._beat_due_s = now_s + BEAT_S
            self._beat(False)
        streams = self._mirror.streams.all
        self._image_due_s = max(self._image_due_s, now_s - BEAT_S)
        while streams and not self._waiting and now_s >= self._image_due_s:
            self._next = (self._next + 1) % len(streams)
            levels = max(self._image(streams[self._next]), wire.ROWS_MOST)
            self._image_due_s += max(IMAGE_S / len(streams), levels / IMAGE_ROWS_PER_S)

    def _beat(self, over: bool) -> None:
        beat = wire.Beat(self.venue, self.why, over)
        self._send(wire.beat_message(self.session, self.at, beat), 0)

    def _image(self, stream: Stream) -> int:
        """Of its book after the last row; how many levels it has."""
        told: list[bytes] = []  # as bytes: put together by numpy, rows would lose their padding
        self._mirror.tell_book(stream.index, lambda rows: told.append(rows.tobytes()))
        rows = np.frombuffer(b"".join(told), EVENT)
        if len(rows) > wire.IMAGE_ROWS_MOST:
            self.say("a book is too large for an image", symbol=stream.symbol, levels=len(rows))
            return len(rows)
        for message in wire.image_messages(self.session, self.at, stream.index, stream.symbol, rows):
            self._send(message, 0)
        self.images += 1
        return len(rows)

    def _send(self, message: bytes, rows: int) -> None:
        self.messages += 1
        if not self._waiting and self._offer(message, rows):
            return
        if len(self._waiting) < WAITING_MAX:
            self._waiting.append((message, rows))
        else:
            self.dropped_rows += rows

    def _offer(self, message: bytes, rows: int) -> bool:
        """Whether it is done with."""
        offer = self.line.offer(message)
        if offer is Offer.UNHEARD:
            self.unheard_rows += rows
        return offer is not Offer.FULL

    def flush(self) -> bool:
        """What waits, as far as there is room; whether nothing waits any more."""
        while self._waiting and self._offer(*self._waiting[0]):
            self._waiting.popleft()
        return not self._waiting

    def close(self) -> None:
        """The session is over, as far as there is room to say it."""
        self._beat(True)
        self.flush()

    def counts(self) -> dict[str, int]:
        return {
            "published_rows": self.at,
            "published_messages": self.messages,
            "published_images": self.images,
            "unheard_rows": self.unheard_rows,
            "unpublished_rows": self.dropped_rows,
        }
