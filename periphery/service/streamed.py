"""Where events come from, when the core is elsewhere: its stream, over ZeroMQ.

What an engine is told, and the marks of its states, are those of the journal: a state may be gone on from
over either. An engine hears the topics that have events of its kinds, and the names and settings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from core import messages as m
from periphery.service.batched import BatchSource
from periphery.service.config import Config
from periphery.service.mark import BEGIN, Mark
from periphery.service.source import STEP, Gone
from periphery.stream.keys import ClientKeys, client_keys
from periphery.stream.subscriber import Subscriber
from periphery.stream.topics import DECLARATIONS, NAMES, topics_of
from periphery.stream.wire import Batch, Hello


def open_stream(
    config: Config, kinds: Iterable[m.Kind], on_page: Callable[[bytes], object], known: Mark
) -> StreamSource:
    """As an engine's settings say. BadKeys."""
    keys = client_keys(config.key, config.server_key)
    return StreamSource(config.connect, kinds, on_page, known, keys, every_s=config.every_s)


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


class StreamSource(BatchSource):
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
        every_s: float = 0.0,
    ) -> None:
        """kinds: that are wanted. on_page: told of them, but for what `hearer` takes. step: events a poll.
        whole: of every event, those up to `known` too, see `is_new`; kinds are all then. every_s: what comes
        within that time may come together.
        """
        begin = BEGIN if whole else known
        super().__init__(None if whole else kinds, on_page, known, begin, step, whole, address)
        topics = sorted({DECLARATIONS, *topics_of(kinds)})
        names = tuple(NAMES[topic] for topic in topics)
        hello = Hello(names, begin.seq, begin.digest, settings=begin.seq > 0, every_s=every_s)
        self._subscriber = Subscriber(address, hello, keys)

    def poll(self) -> int:
        """Hands on some events. Gone: no publisher answers now. Refused, OtherJournal: it has another
        journal, or this engine's key hasn't the rights.
        """
        done = super().poll()
        if not done and self._subscriber.why:
            raise Gone(self._subscriber.why)
        return done

    def _next(self) -> Batch | None:
        return self._subscriber.next()

    def _is_current(self, done: int) -> bool:
        return not done and self._subscriber.is_current

    def _await(self, most_s: float) -> None:
        self._subscriber.wait(most_s)

    def close(self) -> None:
        """Says the end to the publisher."""
        self._subscriber.close()
