"""The cache as a service: opened also while Redis is down, with probes and a log."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from periphery.cache.address import CacheDown, open_redis
from periphery.cache.cache import AGAIN_S, Cache
from periphery.service.log import Log
from periphery.service.probes import Health, Probes
from periphery.service.source import JournalSource

NAME = "cache"
STALE_AFTER_S = 15.0  # Redis may take its time to say that it isn't there


class Follow:
    """A journal's folder into the Redis at an address."""

    def __init__(self, journal: Path, address: str, core: str, stream_max: int, http: str) -> None:
        """CacheError: it is no address. ValueError: no HOST:PORT. Gone comes with the first event."""
        redis = open_redis(address)
        self._redis, self._core, self._stream_max = redis, core, stream_max
        self._journal = journal
        self._cache: Cache | None = None
        self.health = Health(NAME, STALE_AFTER_S)
        self.log = Log(NAME, lambda: self._cache.stored.seq if self._cache else 0)
        self._probes = Probes(self.health, http) if http else None

    def _make(self) -> Cache:
        return Cache(
            self._redis,
            lambda on_page, known: JournalSource(self._journal, on_page, known),
            self._core,
            self._stream_max,
        )

    def once(self) -> None:
        """To the journal's end. CacheDown."""
        self._cache = self._make().catch_up()
        self.log.say("ends")

    def run(self, stopped: Callable[[], bool]) -> None:
        """Until it is stopped. Elsewhere; Gone: there is no such journal."""
        self.log.say("begins", port=self._probes.port if self._probes else None)
        try:
            self._open(stopped)
            if self._cache is not None:
                self._cache.run(stopped, self.log.say, self.health)
        finally:
            if self._probes is not None:
                self._probes.close()
        self.log.say("ends")

    def _open(self, stopped: Callable[[], bool]) -> None:
        """Once Redis answers."""
        said = ""
        while self._cache is None and not stopped():
            try:
                self._cache = self._make()
            except CacheDown as error:
                if said != str(error):
                    self.log.say(f"{error}; trying again: the journal keeps what comes meanwhile")
                said = str(error)
                self.health.beat(0, 0, 0, b"", said)
                time.sleep(AGAIN_S)
