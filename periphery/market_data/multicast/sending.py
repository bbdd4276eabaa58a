"""What a live service takes of its venue, sent on to a multicast group as it comes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from periphery.market_data.multicast.line import Outgoing
from periphery.market_data.multicast.publisher import Publisher
from periphery.market_data.multicast.receiver import seal
from periphery.market_data.settings import Settings
from periphery.market_data.taken import Taken

if TYPE_CHECKING:
    from core.data.reader import Events


class Sending:
    """A part of the service. whole: tells why its market data isn't; the group is told."""

    def __init__(
        self,
        settings: Settings,
        lines: Taken,
        venue: str,
        say: Callable[..., object],
        whole: Callable[[], str],
    ) -> None:
        """ValueError: Aeron can't have that channel, or there is no such secret."""
        self.lines = lines
        self.whole = whole
        self.line = Outgoing(settings.multicast, settings.aeron_stream, seal(settings.aeron_secret))
        self.publisher = Publisher(self.line, venue, say)
        say("a session is published", channel=settings.multicast, session=self.publisher.session)
        lines.sinks.append(self.take)

    @property
    def why(self) -> str:
        """Nobody has to listen; a driver there must be."""
        return "" if self.line.is_whole else f"{self.line.channel}: {self.line.wrong}"

    def take(self, rows: Events) -> None:
        self.publisher.take(self.lines.reader.streams.all, rows)

    def turn(self) -> None:
        self.publisher.why = self.whole()
        self.publisher.turn(time.monotonic())

    def close(self) -> None:
        self.publisher.close()
        self.line.close()

    def counts(self) -> dict[str, int]:
        return self.publisher.counts() | {"publishing_driver_starts": self.line.driver_starts}
