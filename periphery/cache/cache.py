"""Follows a core into Redis: what is true now, and streams of what happened, each event exactly once.

State, streams and how far the core was read change in one MULTI, which holds only where Redis is where we
think it is. A Redis that was down, emptied, or came back with less than it had is gone on with from what it
has: from the first event, if that is nothing.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

from periphery.cache.address import CacheDown, CacheError, Client, Names, encode, told
from periphery.service.mark import BEGIN, Mark
from periphery.service.probes import Health
from periphery.service.source import Gone, OtherJournal
from periphery.view.topics import KINDS, Topic
from periphery.view.view import Change, Source, View

STREAM_MAX = 10_000
EVENTS_TOGETHER = 1024
NAP_S = 0.005
AGAIN_S = 0.5
LOOK_S = 1.0
WELCOME_S = 10.0
STATES = tuple(name for name, kind in KINDS.items() if kind.latest and name != "engine")
STREAMS = tuple(name for name in KINDS if name not in ("engine", "accounts"))


class MakeSource(Protocol):
    def __call__(self, on_page: Callable[[bytes], object], known: Mark, /) -> Source: ...


class Elsewhere(CacheError):
    """Somebody else writes there, or what is there is of another journal."""


class _Batch:
    """What a MULTI is to do: entries of streams, keys whose state changed."""

    def __init__(self, after: Mark) -> None:
        self.after = after
        self.through = after
        self.entries: list[tuple[str, str, dict[str, str]]] = []
        self.touched: dict[tuple[Topic, str], None] = {}
        self.tried = False


class Cache:
    """One core, one Redis. make_source: pages from the first event on; what is known is passed over."""

    def __init__(
        self, redis: Client, make_source: MakeSource, core: str = "core", stream_max: int = STREAM_MAX
    ) -> None:
        """core: its name there. stream_max: entries that a stream keeps. CacheDown; Gone: no journal."""
        self.redis = redis
        self.core = core
        self.names = Names(core)
        self.stream_max = stream_max
        self.events = self.entries = self.rebuilt = 0
        self._make_source = make_source
        self._begin(progress(redis, core))

    def _begin(self, known: Mark) -> None:
        self.stored = known
        self._pending: _Batch | None = None
        self._batch = _Batch(known)
        self._counts: Counter[tuple[str, int]] = Counter()
        self._looked_s = time.monotonic()
        self.source = self._make_source(self._page, known)
        self.view = View(self.source.book, self._change)

    def close(self) -> None:
        """Lets go of where events come from."""
        self.source.close()

    # ---- events --------------------------------------------------------------------------------------------

    def _page(self, raw: bytes) -> None:
        self.view.page(raw)

    def _change(self, change: Change) -> None:
        if not self.source.is_new:
            return
        kind = change.topic.kind
        self._batch.touched[change.topic, change.key] = None
        if change.told and kind in STREAMS:
            n = self._counts[kind, change.seq]
            self._counts[kind, change.seq] += 1
            self._batch.entries.append((kind, f"{change.seq}-{n}", self._entry(change)))

    def _entry(self, change: Change) -> dict[str, str]:
        values = self.view.now(change.topic, change.key) if change.values is None else change.values
        told = {"topic": str(change.topic), "key": change.key, "time_ns": str(change.time_ns)}
        return told | {"values": encode(values)} | ({"gone": "1"} if change.gone else {})

    def poll(self) -> bool:
        """Reads some events and writes them; whether there were any. CacheDown: they wait. Elsewhere."""
        batch = self._pending or self._read()
        if batch is None:
            self._look()
            return False
        self._pending = batch
        if not self._write(batch):
            return True
        self.events += batch.through.seq - batch.after.seq
        self.entries += len(batch.entries)
        self.stored, self._pending = batch.through, None
        return True

    def catch_up(self) -> Cache:
        """Until there is nothing more. Gone: a stream doesn't answer in so long."""
        until_s = time.monotonic() + WELCOME_S
        while self._more(until_s):
            pass
        return self

    def _more(self, until_s: float) -> bool:
        try:
            if self.poll():
                return True
        except Gone:
            if time.monotonic() >= until_s:
                raise
        if not self.source.caught_up:
            time.sleep(NAP_S)
        return not self.source.caught_up

    def _read(self) -> _Batch | None:
        self._counts.clear()
        while self.source.seq - self.stored.seq < EVENTS_TOGETHER and self._some():
            pass
        if self.source.seq <= self.stored.seq:
            return None
        batch, self._batch = self._batch, _Batch(self.source.mark)
        batch.through = self.source.mark
        return batch

    def _some(self) -> bool:
        try:
            return self.source.poll() > 0
        except OtherJournal as error:
            raise Elsewhere(
                f"Redis has another journal's ({error}): give this core another name: --core NAME"
            ) from error

    # ---- Redis ---------------------------------------------------------------------------------------------

    def _write(self, batch: _Batch) -> bool:
        """Whether Redis has the batch; not where it is begun anew, from what Redis has."""
        with told(), self.redis.pipeline(transaction=True) as pipe:
            pipe.watch(self.names.mark)  # type: ignore[no-untyped-call]
            have = _mark(pipe.get(self.names.mark))
            if batch.tried and have == batch.through:
                return True
            if have == batch.after:
                batch.tried = True
                pipe.multi()
                self._fill(pipe, batch)
                pipe.execute()
                return True
        self._again(have, batch.after)
        return False

    def _fill(self, pipe: Any, batch: _Batch) -> None:
        if batch.after == BEGIN:
            pipe.delete(*map(self.names.state, STATES), *map(self.names.stream, STREAMS))
        for kind, entry, values in batch.entries:
            pipe.xadd(self.names.stream(kind), values, id=entry, maxlen=self.stream_max, approximate=False)
        for topic, key in batch.touched:
            if topic.kind in STATES:
                self._put(pipe, topic, key)
        pipe.set(self.names.mark, f"{batch.through.seq}:{batch.through.digest.hex()}")

    def _put(self, pipe: Any, topic: Topic, key: str) -> None:
        name, field = self.names.state(topic.kind), f"{topic.of}/{key}"
        try:
            pipe.hset(name, field, encode(self.view.now(topic, key)))
        except KeyError:
            pipe.hdel(name, field)

    def _look(self) -> None:
        """Where nothing comes, too, it is seen that Redis has lost something."""
        if time.monotonic() - self._looked_s >= LOOK_S:
            self._looked_s = time.monotonic()
            have = progress(self.redis, self.core)
            if have != self.stored:
                self._again(have, self.stored)

    def _again(self, have: Mark, expected: Mark) -> None:
        if have.seq >= expected.seq:
            raise Elsewhere(
                f"Redis is at event {have.seq:,}, not {expected.seq:,}: another service writes there"
            )
        self.rebuilt += 1
        self.close()
        self._begin(have)

    # ---- the loop ------------------------------------------------------------------------------------------

    def run(self, stopped: Callable[[], bool], say: Callable[[str], object], health: Health) -> None:
        """Until it is stopped. A Redis that doesn't answer, or a journal that is gone, is tried again."""
        why = "it has not caught up yet"
        while not stopped():
            pause_s = 0.0
            try:
                if not self.poll():
                    why, pause_s = ("" if self.source.caught_up else why), NAP_S
                elif why and not why.startswith("it has"):
                    say("goes on")
                    why = "it has not caught up yet"
            except (CacheDown, Gone) as error:
                if why != str(error):
                    say(f"{error}; trying again: the journal keeps what comes meanwhile")
                why, pause_s = str(error), AGAIN_S
            health.beat(self.stored.seq, self.events, self.entries, self.stored.digest, why)
            time.sleep(pause_s)


def progress(redis: Client, core: str) -> Mark:
    """How far Redis has a core; BEGIN where it has nothing. CacheDown."""
    with told():
        return _mark(redis.get(Names(core).mark))


def _mark(raw: Any) -> Mark:
    if not raw:
        return BEGIN
    seq, _, digest = str(raw).partition(":")
    return Mark(int(seq), bytes.fromhex(digest))
