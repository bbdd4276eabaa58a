"""Whole books by request, for venues that don't send them: one a symbol at a time, again where it failed."""

from __future__ import annotations

import asyncio
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable

from core.data.reader import Stream
from periphery.market_data.lines import Lines
from periphery.market_data.venues import Adapter

TIMEOUT_S = 10.0
AT_ONCE = 4
"""Requests under way: a venue counts them."""
MAX_BYTES = 1 << 24


class Snapshots:
    """Asks until a book is whole. done: called after each answer."""

    def __init__(
        self, adapter: Adapter, lines: Lines, say: Callable[..., object], done: Callable[[], object]
    ) -> None:
        self.adapter = adapter
        self.lines = lines
        self.say = say
        self.done = done
        self.requests = 0
        self.failures = 0
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)

    def ask(self, stream: Stream) -> None:
        """Unless somebody is at it already."""
        task = self._tasks.get(stream.symbol)
        if task is None or task.done():
            self._tasks[stream.symbol] = asyncio.create_task(self._have(stream))

    def cancel(self) -> None:
        """The connection whose deltas they were to go with is gone."""
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()

    async def _have(self, stream: Stream) -> None:
        settings = self.adapter.settings
        pause_s = settings.retry_s
        while not stream.synced:
            async with self._turns:
                await self._once(stream)
            if not stream.synced:
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, settings.retry_most_s)

    async def _once(self, stream: Stream) -> None:
        url = self.adapter.snapshot_url(stream.symbol)
        self.requests += 1
        try:
            body = await asyncio.to_thread(_get, url)
        except (OSError, http.client.HTTPException) as error:
            self.failures += 1
            self.say("a snapshot can't be had", symbol=stream.symbol, url=url, why=str(error))
            return
        if not stream.synced:
            self.lines.answered(url, body)
            self.done()


def _get(url: str) -> bytes:
    """OSError, HTTPException."""
    request = urllib.request.Request(url, headers={"User-Agent": "nacre", "Accept": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            body: bytes = answer.read(MAX_BYTES + 1)
    except urllib.error.HTTPError as error:
        error.close()
        raise
    if len(body) > MAX_BYTES:
        raise OSError(f"an answer of more than {MAX_BYTES:,} bytes")
    return body
