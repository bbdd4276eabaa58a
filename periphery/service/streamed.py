"""Where events come from, when the core is elsewhere: its stream, over ZeroMQ.

What an engine is told, and the marks of its states, are those of the journal: a state may be gone on from
over either. An engine hears the topics that have events of its kinds, and the names and settings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from core import messages as m
from periphery.service.batched import BatchSource
from periphery.service.mark import BEGIN, Mark
from periphery.service.source import STEP, Gone
from periphery.stream.keys import ClientKeys, client_keys
from periphery.stream.subscriber import Subscriber
from periphery.stream.topics import DECLARATIONS, NAMES, topics_of
from periphery.stream.wire import Batch, Hello


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


class StreamBatches:
    """Batches of a stream: see periphery.service.batched.Batches. kinds: whose topics it subscribes to.
    every_s: what comes within that time may come together.
    """

    def __init__(
        self,
        address: str,
        kinds: Iterable[m.Kind],
        begin: Mark,
        keys: ClientKeys | None = None,
        every_s: float = 0.0,
    ) -> None:
        self.where, self.begin = address, begin
        topics = sorted({DECLARATIONS, *topics_of(kinds)})
        names = tuple(NAMES[topic] for topic in topics)
        hello = Hello(names, begin.seq, begin.digest, settings=begin.seq > 0, every_s=every_s)
        self._subscriber = Subscriber(address, hello, keys)

    def next(self) -> Batch | None:
        """Gone: no publisher answers now. Refused: it has another journal, or the key hasn't the rights."""
        batch = self._subscriber.next()
        if batch is None and self._subscriber.why:
            raise Gone(self._subscriber.why)
        return batch

    def is_current(self, done: int) -> bool:
        return not done and self._subscriber.is_current

    def wait(self, most_s: float) -> None:
        self._subscriber.wait(most_s)

    def close(self) -> None:
        """Says the end to the publisher."""
        self._subscriber.close()


class StreamSource(BatchSource):
    """Pages of a core's stream. whole: of every event, those up to `known` too; kinds are all then."""

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
        batches = StreamBatches(address, kinds, BEGIN if whole else known, keys)
        super().__init__(batches, None if whole else kinds, on_page, known, step, whole)
