"""Events that come in batches of rows: a stream's, or a journal's as its publisher would send them.

Rows are walked in compiled code. What the engine's `hearer` takes (core.rows: prices, tapes of features) is
no word of Python; all else is handed on as a page. Where a batch ends makes no difference to anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from core import messages as m
from core.live.book import DECLARING, Book
from core.rows.rows import Hearer, Rows, bits
from periphery.service.mark import Mark, digest_of_record
from periphery.service.source import STEP, OtherJournal
from periphery.stream.topics import ROW_BYTES
from periphery.stream.wire import SETTINGS, Batch

_KIND_AT = slice(40, 42)
_LENGTH_AT = slice(42, 44)
_HEADER_BYTES = m.HEADER.itemsize
_DECLARING = bits(DECLARING)
_ALL = (1 << 64) - 1


class Batches(Protocol):
    """Where batches come from. where: what it is called in errors. begin: what the first one comes after."""

    where: str
    begin: Mark

    def next(self) -> Batch | None:
        """What comes next; None: nothing yet. Gone: it can't be had now."""

    def is_current(self, done: int) -> bool:
        """After a poll that handed on so many events, all of the batches that there were: is that all?"""

    def wait(self, most_s: float) -> None:
        """Until another batch may be there, at most so long."""

    def close(self) -> None:
        """Lets go of it."""


class BatchSource:
    """Events as pages, with the names that they declare in `book`. Of quotes, trades, depth, marks, signals
    and declarations a page has the header and the request, and zeros for the rest.

    hearer: what takes rows that so are no pages; nobody until somebody says who.
    """

    def __init__(
        self,
        batches: Batches,
        kinds: Iterable[int] | None,
        on_page: Callable[[bytes], object],
        known: Mark,
        step: int = STEP,
        whole: bool = False,
    ) -> None:
        """on_page: told of each event of `kinds` (None: of all) that `hearer` doesn't take, and of names and
        settings. step: events a poll. whole: those up to `known` are told too, see `is_new`.
        """
        self.book = Book()
        self.known = known
        self.step = step
        self.last = 0  # it hands on no event beyond that; 0: as they come
        self.caught_up = False
        self.hearer: Hearer | None = None
        self._kinds = _ALL if kinds is None else bits(kinds) | _DECLARING
        self._whole = whole
        self._batches = batches
        self._on_page = on_page
        self._rows = Rows()
        self._mark = self._through = batches.begin

    @property
    def seq(self) -> int:
        """The last event that was told, or is known not to be of these topics."""
        return max(self._mark.seq, self._rows.seq)

    @property
    def heard(self) -> int:
        """How many events the hearer took."""
        return self._rows.heard

    @property
    def is_new(self) -> bool:
        """Whether the last event is beyond what was known."""
        return self.seq > self.known.seq

    @property
    def mark(self) -> Mark:
        """The last event."""
        if self._rows.seq <= self._mark.seq:
            return self._mark
        return Mark(self.seq, digest_of_record(self._rows.record()))

    def poll(self) -> int:
        """Hands on some events; how many. Gone: they can't be had now. OtherJournal, Refused: nor later."""
        done = 0
        while done < self.step and (not self.last or self.seq < self.last):
            if self._rows.is_done:
                self._end_batch()
                batch = self._batches.next()
                if batch is None:
                    break
                self._begin_batch(batch)
                done += not batch.frames
            walked = self._walk(self.step - done)
            if not walked and not self._rows.is_done:
                break  # what is next is beyond `last`
            done += walked
        self._end_batch()
        self.caught_up = self._rows.is_done and self._batches.is_current(done)
        return done

    @property
    def is_done(self) -> bool:
        """Whether all of what came is handed on."""
        return self._rows.is_done

    def wait(self, most_s: float) -> None:
        """After a poll: until another may be worth it, at most so long."""
        if self.is_done:
            self._batches.wait(most_s)

    def close(self) -> None:
        """Lets go of where they come from."""
        self._batches.close()

    # ---- a batch -------------------------------------------------------------------------------------------

    def _begin_batch(self, batch: Batch) -> None:
        if batch.flags & SETTINGS:
            rows = Rows()
            rows.begin(batch.frames, ROW_BYTES, 0)
            rows.budget = _ALL >> 1
            while (raw := rows.next(None, _DECLARING, _ALL)) is not None:
                self._declare(raw)
            return
        self._rows.begin(batch.frames, ROW_BYTES, batch.after)
        self._through = Mark(batch.through, batch.digest)

    def _end_batch(self) -> None:
        """All that it covers is known."""
        if self._rows.is_done and self._mark.seq < self._through.seq:
            self._mark = self._through

    def _walk(self, most: int) -> int:
        """Events of the batch that is there, up to so many."""
        rows, until = self._rows, self.last or _ALL
        rows.budget = most
        if self.seq < self.known.seq:
            self._hand_on(min(until, self.known.seq), None, _ALL if self._whole else _DECLARING)
            if self.seq == self.known.seq and self.mark != self.known:
                raise OtherJournal(
                    f"{self._batches.where}: event {self.seq:,} isn't the one that was there before"
                )
            if rows.budget <= 0 or rows.is_done or until <= self.known.seq:
                return most - rows.budget
        self._hand_on(until, self.hearer, self._kinds)
        return most - rows.budget

    def _hand_on(self, until: int, hearer: Hearer | None, kinds: int) -> None:
        while (raw := self._rows.next(hearer, kinds, until)) is not None:
            self._declare(raw)
            self._on_page(raw)
            hearer = self.hearer if self.is_new else None

    def _declare(self, raw: bytes) -> None:
        kind = int.from_bytes(raw[_KIND_AT], "little")
        if kind in DECLARING:
            length = int.from_bytes(raw[_LENGTH_AT], "little")
            self.book.take(kind, raw[_HEADER_BYTES : _HEADER_BYTES + length])
