"""The market data service of one venue: its connection, a core that is fed, files, probes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from core.data.check import written
from periphery.market_data.calendars import Calendar
from periphery.market_data.connection import Connection
from periphery.market_data.core_feed import CoreFeed
from periphery.market_data.lines import Lines
from periphery.market_data.recording import Recording
from periphery.market_data.settings import SECTION, Settings
from periphery.market_data.venues import adapter_of
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


class MarketData:
    """Made, then `run` until it is stopped. ValueError, OSError: settings that can't be followed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.adapter = adapter_of(settings)
        self.calendar = Calendar(settings.calendar)
        self.lines = Lines(self.adapter.name, self.adapter.decoder(), self.adapter.symbols, self._place)
        self.log = Log(SECTION, lambda: self.lines.reader.rows)
        self.connection = Connection(self.adapter, self.lines, self.log.say, self._is_open)
        venue = self.adapter.name
        self.core = CoreFeed(settings, self.lines, venue, self.log.say) if settings.core else None
        self.recording = Recording(settings, self.lines, venue, self.log.say) if settings.record else None
        self.health = MarketHealth(settings.stale_after_s, self.counts)

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
        for part in (self.core, self.recording):
            if part is not None:
                part.turn()
        fed = self.core.counts()["sent"] if self.core is not None else 0
        self.health.beat(self.lines.reader.rows, self.lines.reader.rows, fed, b"", self.why)

    async def _close(self, task: asyncio.Task[None]) -> None:
        """The file ends with the books as they are; in the core one that nobody follows is emptied."""
        if self.recording is not None:
            self.recording.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if self.core is not None:
            self.core.close()

    @property
    def why(self) -> str:
        """Why it isn't ready; empty where it is."""
        parts = (self.core, self.recording)
        reasons = [self.connection.why, *(part.why for part in parts if part is not None)]
        return "; ".join(reason for reason in reasons if reason)

    def _is_open(self) -> bool:
        return self.calendar.is_open(time.time_ns())

    def _place(self, place: dict[str, Any]) -> None:
        if self.lines.reader.errors <= PLACES:
            told = {key: place[key] for key in ("row", "offset", "reason", "text")}
            self.log.say("a message is malformed", **told)

    def counts(self) -> dict[str, Any]:
        """All that is counted, over all connections."""
        connection, reader = self.connection, self.lines.reader
        found: dict[str, Any] = {"venue": self.adapter.name, **self.lines.counts()}
        found |= {
            "connects": connection.connects,
            "reconnects": connection.reconnects,
            "failures": connection.failures,
            "silences": connection.silences,
            "resubscriptions": connection.resubscriptions,
            "snapshot_requests": connection.snapshots.requests,
            "snapshot_failures": connection.snapshots.failures,
        }
        for part in (self.core, self.recording):
            if part is not None:
                found |= part.counts()
        return found | {"last_time": written(reader.last, "recorder") if reader.rows else None}
