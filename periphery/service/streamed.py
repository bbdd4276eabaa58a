"""Where events come from, when the core is elsewhere: its stream, over ZeroMQ.

What an engine is told, and the marks of its states, are those of the journal: a state may be gone on from
over either. An engine hears the topics that have events of its kinds, and the names and settings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from core import messages as m
from core.live.book import DECLARING, Book
from periphery.service.config import Config
from periphery.service.mark import BEGIN, Mark, digest_of
from periphery.service.source import STEP, Gone, OtherJournal
from periphery.stream.keys import ClientKeys, client_keys
from periphery.stream.subscriber import Subscriber
from periphery.stream.topics import DECLARATIONS, NAMES, ROW_BYTES, rows_of, topics_of
from periphery.stream.wire import SETTINGS, Batch, Hello

_SEQ_AT = slice(0, 8)
_KIND_AT = slice(40, 42)
_LENGTH_AT = slice(42, 44)
_HEADER_BYTES = m.HEADER.itemsize


def open_stream(
    config: Config, kinds: Iterable[m.Kind], on_page: Callable[[bytes], object], known: Mark
) -> StreamSource:
    """As an engine's settings say. BadKeys."""
    keys = client_keys(config.key, config.server_key)
    return StreamSource(config.connect, kinds, on_page, known, keys)


def open_whole(
    address: str,
    on_page: Callable[[bytes], object],
    known: Mark = BEGIN,
    key: str = "",
    server_key: str = "",
    step: int = STEP,
) -> StreamSource:
    """All events from the first one on, as a journal tells them: for who keeps no state. BadKeys."""
    keys = client_keys(key, server_key)
    return StreamSource(address, m.Kind, on_page, known, keys, step, whole=True)


class StreamSource:
    """Pages of a core's stream, with the names that it declares in `book`. Of quotes, trades, depth, marks,
    signals and declarations a page has the header and the request, and zeros for the rest.
    """

    def __init__(
        self,
        address: str,
        kinds: Iterable[m.Kind],
        on_page: Callable[[bytes], object],
        known: Mark = BEGIN,
        keys: ClientKeys | None = None,
        step: int = STEP,
        whole: bool = False,
    ) -> None:
        """kinds: that are wanted; others may come too. on_page: told of every event. step: events a poll.
        whole: those up to `known` are told too, see `is_new`; kinds are all then.
        """
        begin = BEGIN if whole else known
        self.book = Book()
        self.known = known
        self.step = step
        self.last = 0  # it hands on no event beyond that; 0: as they come
        self.caught_up = False
        self._on_page = on_page
        self._mark = begin
        self._raw = b""
        self._through = begin
        self._waiting: Iterator[bytes] = iter(())
        topics = sorted({DECLARATIONS, *topics_of(kinds)})
        hello = Hello(
            tuple(NAMES[topic] for topic in topics), begin.seq, begin.digest, settings=begin.seq > 0
        )
        self._subscriber = Subscriber(address, hello, keys)

    @property
    def seq(self) -> int:
        """The last event that was told, or is known not to be of these topics."""
        return self._mark.seq

    @property
    def is_new(self) -> bool:
        """Whether the last event is beyond what was known."""
        return self.seq > self.known.seq

    @property
    def mark(self) -> Mark:
        """The last event."""
        return Mark(self.seq, digest_of(self._raw)) if self._raw else self._mark

    def poll(self) -> int:
        """Hands on some events. Gone: no publisher answers now. Refused, OtherJournal: it has another
        journal, or this engine's key hasn't the rights.
        """
        done = self._hand_on()
        while done < self.step and (not self.last or self.seq < self.last):
            batch = self._subscriber.next()
            if batch is None:
                break
            self._take(batch)
            done += self._hand_on() or 1
        self.caught_up = not done and self._subscriber.is_current
        if not done and self._subscriber.why:
            raise Gone(self._subscriber.why)
        return done

    def wait(self, most_s: float) -> None:
        """Until something has come, or so long."""
        self._subscriber.wait(most_s)

    def close(self) -> None:
        """Says the end to the publisher."""
        self._subscriber.close()

    def _take(self, batch: Batch) -> None:
        if batch.flags & SETTINGS:
            for raw in _in_order(batch):
                self._declare(raw)
        else:
            self._waiting = _in_order(batch)
            self._through = Mark(batch.through, batch.digest)

    def _hand_on(self) -> int:
        """Events of the batch that is there, up to `step`; at its end all that it covers is known."""
        for done in range(self.step):
            raw = next(self._waiting, None)
            if raw is None:
                if self.seq < self._through.seq:
                    self._mark, self._raw = self._through, b""
                return done
            self._raw = raw
            self._mark = Mark(int.from_bytes(raw[_SEQ_AT], "little"), b"")
            if self.seq == self.known.seq and self.mark != self.known:
                raise OtherJournal(
                    f"{self._subscriber.address}: event {self.seq:,} isn't the one that was there before"
                )
            self._declare(raw)
            self._on_page(raw)
        return self.step

    def _declare(self, raw: bytes) -> None:
        kind = int.from_bytes(raw[_KIND_AT], "little")
        if kind in DECLARING:
            length = int.from_bytes(raw[_LENGTH_AT], "little")
            self.book.take(kind, raw[_HEADER_BYTES : _HEADER_BYTES + length])


def _in_order(batch: Batch) -> Iterator[bytes]:
    """The batch's events after `after`, as pages, in the order of the spine."""
    found = list(batch.frames.items())
    counts = [len(frame) // ROW_BYTES[topic] for topic, frame in found]
    if not counts:
        return
    seqs = np.concatenate([rows_of(topic, frame)["header"]["seq"] for topic, frame in found])
    part = np.repeat(np.arange(len(found)), counts)
    row = np.concatenate([np.arange(count) for count in counts])
    order = np.argsort(seqs)
    order = order[seqs[order] > batch.after]
    for which, at in zip(part[order].tolist(), row[order].tolist(), strict=True):
        topic, frame = found[which]
        size = ROW_BYTES[topic]
        yield bytes(frame[at * size : (at + 1) * size]).ljust(m.PAGE_SIZE, b"\0")
