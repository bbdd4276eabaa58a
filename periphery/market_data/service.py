"""The market data service of one venue: its connection, a core that is fed, files, probes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from core.data.check import written
from periphery.market_data.calendars import Calendar
from periphery.market_data.connection import Connection
from periphery.market_data.core_feed import CoreFeed
from periphery.market_data.lines import Lines
from periphery.market_data.recording import Recording
from periphery.market_data.settings import SECTION, Settings
from periphery.market_data.taken import Taken
from periphery.market_data.venues import adapter_of, venue_name
from periphery.service.log import Log
from periphery.service.probes import Health

TURN_S = 0.02
PLACES = 100
"""Malformed messages whose place is told in the log; all are counted."""


class MarketHealth(Health):
    """Counts of the market data besides."""

    def __init__(self, stale_after_s: float, counts: Callable[[], dict[str, Any]]) -> None:
        super().__init__(SECTION, stale_after_s)
        self.counts = counts
        self.registry.register(_Counts(counts))

    @property
    def status(self) -> dict[str, Any]:
        return super().status | self.counts()


class _Counts(Collector):
    """Each number of the status as a gauge."""

    def __init__(self, counts: Callable[[], dict[str, Any]]) -> None:
        self.counts = counts

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, value in self.counts().items():
            if isinstance(value, int):
                yield GaugeMetricFamily(f"nacre_{SECTION}_{name}", f"{name.replace('_', ' ')}.", value)


class Source(Protocol):
    """Who takes it: runs until it is cancelled. why: it isn't ready; empty where it is."""

    @property
    def why(self) -> str: ...
    async def run(self) -> None: ...
    def counts(self) -> dict[str, Any]: ...


class Part(Protocol):
    """What becomes of it. `turn` is called often."""

    @property
    def why(self) -> str: ...
    def turn(self) -> None: ...
    def close(self) -> None: ...
    def counts(self) -> dict[str, int]: ...


class MarketData:
    """Made, then `run` until it is stopped. ValueError, OSError: settings that can't be followed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.calendar = Calendar(settings.calendar)
        self.log = Log(SECTION, lambda: self.lines.reader.rows)
        self.venue, self.lines, self.connection = self._from()
        made = (settings, self.lines, self.venue, self.log.say)
        self.core = CoreFeed(*made) if settings.core else None
        self.recording = Recording(*made) if settings.record else None
        self.sending = self._sending() if settings.multicast else None
        parts: tuple[Part | None, ...] = (self.core, self.recording, self.sending)
        self.parts = [part for part in parts if part is not None]
        self.health = MarketHealth(settings.stale_after_s, self.counts)

    def _from(self) -> tuple[str, Taken, Source]:
        """(the venue as a core has it, what is taken, who takes it)."""
        settings = self.settings
        if settings.is_multicast:
            from periphery.market_data.multicast.receiver import receiving

            return receiving(settings, venue_name(settings.venue), self.log.say, self._is_open, self._place)
        adapter = adapter_of(settings)
        lines = Lines(adapter.name, adapter.decoder(), adapter.symbols, self._place)
        return adapter.name, lines, Connection(adapter, lines, self.log.say, self._is_open)

    def _sending(self) -> Part:
        from periphery.market_data.multicast.sending import Sending

        return Sending(self.settings, self.lines, self.venue, self.log.say, lambda: self.connection.why)

    async def run(self, stopped: Callable[[], bool]) -> None:
        """Takes market data until `stopped`; what was written is whole then."""
        task = asyncio.create_task(self.connection.run())
        try:
            while not stopped():
                if task.done():
                    task.result()  # it never ends by itself: this raises what ended it
                self._turn()
                await asyncio.sleep(TURN_S)
        finally:
            await self._close(task)

    def _turn(self) -> None:
        for part in self.parts:
            part.turn()
        fed = self.core.counts()["sent"] if self.core is not None else 0
        self.health.beat(self.lines.reader.rows, self.lines.reader.rows, fed, b"", self.why)

    async def _close(self, task: asyncio.Task[None]) -> None:
        """The file ends with the books as they are; in the core one that nobody follows is emptied."""
        if self.recording is not None:
            self.recording.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        for part in (self.core, self.sending):
            if part is not None:
                part.close()

    @property
    def why(self) -> str:
        """Why it isn't ready; empty where it is."""
        reasons = [self.connection.why, *(part.why for part in self.parts)]
        return "; ".join(reason for reason in reasons if reason)

    def _is_open(self) -> bool:
        return self.calendar.is_open(time.time_ns())

    def _place(self, place: dict[str, Any]) -> None:
        if self.lines.reader.errors <= PLACES:
            told = {key: place[key] for key in ("row", "offset", "reason", "text")}
            self.log.say("a message is malformed", **told)

    def counts(self) -> dict[str, Any]:
        """All that is counted, over all connections."""
        reader = self.lines.reader
        found: dict[str, Any] = {"venue": self.venue, **self.lines.counts(), **self.connection.counts()}
        for part in self.parts:
            found |= part.counts()
        return found | {"last_time": written(reader.last, "recorder") if reader.rows else None}
