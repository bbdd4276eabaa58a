"""The cache as a service: opened also while Redis is down, with probes and a log."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from periphery.cache.address import CacheDown, open_redis
from periphery.cache.cache import AGAIN_S, Cache, MakeSource
from periphery.service.config import BadConfig
from periphery.service.log import Log
from periphery.service.probes import Health, Probes
from periphery.service.source import JournalSource

NAME = "cache"
STALE_AFTER_S = 15.0  # Redis may take its time to say that it isn't there


def follows(journal: Path | None, connect: str | None, key: str, server_key: str) -> MakeSource:
    """Where events come from: a journal's folder, or the stream at an address. BadConfig."""
    if bool(journal) == bool(connect):
        raise BadConfig("cache: give JOURNAL, a core's folder, or --connect, the address of its stream")
    if journal is not None:
        return lambda on_page, known: JournalSource(journal, on_page, known)
    from periphery.service.streamed import open_whole  # only this way needs ZeroMQ

    return lambda on_page, known: open_whole(connect or "", on_page, known, key, server_key)


class Follow:
    """A core into the Redis at an address."""

    def __init__(self, make_source: MakeSource, address: str, core: str, stream_max: int, http: str) -> None:
        """CacheError: it is no address. ValueError: no HOST:PORT. Gone comes with the first event."""
        redis = open_redis(address)
        self._redis, self._core, self._stream_max = redis, core, stream_max
        self._make_source = make_source
        self._cache: Cache | None = None
        self.health = Health(NAME, STALE_AFTER_S)
        self.log = Log(NAME, lambda: self._cache.stored.seq if self._cache else 0)
        self._probes = Probes(self.health, http) if http else None

    def _make(self) -> Cache:
        return Cache(self._redis, self._make_source, self._core, self._stream_max)

    def once(self) -> None:
        """To the end of what there is. CacheDown."""
        self._cache = self._make()
        try:
            self._cache.catch_up()
        finally:
            self._cache.close()
        self.log.say("ends")

    def run(self, stopped: Callable[[], bool]) -> None:
        """Until it is stopped. Elsewhere; Gone: there is no such journal."""
        self.log.say("begins", port=self._probes.port if self._probes else None)
        try:
            self._open(stopped)
            if self._cache is not None:
                self._cache.run(stopped, self.log.say, self.health)
        finally:
            if self._cache is not None:
                self._cache.close()
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
