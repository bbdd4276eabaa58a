"""How fast does a core come back from its journal, and from a snapshot of most of it?

A journal of so many events is recorded by the core itself: one of ten is an order that rests, or an order
that is taken and filled; the rest is quotes of many symbols. It is read once, so that it is in the page
cache, and played whole; then from a snapshot after nine tenths, and once more with nothing of the files in
the page cache (`dropped`). The states must be one. Of loading a snapshot most is the state's hash over all
that is in it, so it is told apart.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.fed import compare, opened, run_rows
from bench.machine import machine, pinned, usable
from bench.orders import Shape
from core.build import SCHEMA_VERSION, build_id
from core.recovery import capacity_of
from core.recovery.replay import Replay
from core.recovery.snapshots import load, reader_from, write
from core_ext.journal import JournalReader, JournalWriter, info

GOAL_EVENTS_PER_S = 5_000_000
SEGMENT_BYTES = 1 << 28
ROUND = 1_000_000  # quotes that are made at once


def run(events: int = 10_000_000, folder: Path | None = None) -> dict[str, Any]:
    """folder: where the journal is written, and removed afterwards; None: the temporary folder."""
    with (
        tempfile.TemporaryDirectory(prefix="nacre-bench-", dir=folder) as place,
        pinned(usable()[-1]),
    ):
        journal = Path(place)
        recorded, checks = _record(journal, events)
        told = _recover(journal)
    checks["states"] = told.pop("equal") and told["state_hash"] == recorded
    return told | {
        "ok": all(checks.values()),
        "reference_equal": checks,
        "goal_events_per_s": GOAL_EVENTS_PER_S,
        "cache": "warm: the files were read or written before; `dropped`: none of them is cached",
        "load_1m": round(os.getloadavg()[0], 1),
        "machine": machine(),
    }


def _record(journal: Path, events: int) -> tuple[str, dict[str, bool]]:
    """The core's own state's hash, and whether it came to what was counted apart from it."""
    shape = Shape(live=events // 20, new=0, filled=events // 60, quotes=0)
    with JournalWriter(
        journal, schema_version=SCHEMA_VERSION, build_id=build_id(), segment_bytes=SEGMENT_BYTES, helper=True
    ) as writer:
        feed, inputs, _ = opened(shape, writer)
        live = inputs.orders(shape.live)
        run_rows(feed, live)
        run_rows(feed, inputs.filled(shape.filled, live))
        while feed.core.sequencer.seq < events:
            run_rows(feed, inputs.quotes(min(ROUND, events - feed.core.sequencer.seq)))
        feed.core.raise_fault()
        return feed.core.state_hash(), compare(feed, inputs)


def _recover(journal: Path) -> dict[str, Any]:
    capacity = capacity_of(journal)
    last = JournalReader(journal).skip_to_end()
    whole = Replay(capacity)
    whole_ns, busy_ns = _timed(lambda: whole.play(JournalReader(journal)))
    part = Replay(capacity)
    part.play(JournalReader(journal), last * 9 // 10)
    path = write(journal, part)
    warm, loaded = _from_snapshot(journal, path, last)
    _drop_cached(journal)
    dropped, _ = _from_snapshot(journal, path, last)
    state_hash = whole.core.state_hash()
    size = sum(each.size for each in info(journal))
    return {
        "events": last,
        "events_per_s": last * 10**9 // whole_ns,
        "events_per_processor_s": last * 10**9 // busy_ns,
        "journal_bytes": size,
        "record_bytes": size // last,
        "recovery_s": round(whole_ns / 1e9, 3),
        **warm,
        "dropped": dropped,
        "snapshot_bytes": path.stat().st_size,
        "state_hash": state_hash,
        "equal": loaded.core.state_hash() == state_hash,
    }


def _from_snapshot(journal: Path, path: Path, last: int) -> tuple[dict[str, Any], Replay]:
    """Figures, and the core that came of it."""
    fresh = Replay(capacity_of(journal))
    load_ns, busy_load_ns = _timed(lambda: load(path, fresh))
    rest_ns, busy_rest_ns = _timed(lambda: fresh.play(reader_from(journal, fresh.events + 1)))
    return {
        "with_snapshot_events_per_s": last * 10**9 // (load_ns + rest_ns),
        "with_snapshot_events_per_processor_s": last * 10**9 // (busy_load_ns + busy_rest_ns),
        "snapshot_load_s": round(load_ns / 1e9, 3),
        "snapshot_load_processor_s": round(busy_load_ns / 1e9, 3),
        "rest_s": round(rest_ns / 1e9, 3),
        "rest_processor_s": round(busy_rest_ns / 1e9, 3),
    }, fresh


def _drop_cached(journal: Path) -> None:
    """The kernel has none of its files in memory any more."""
    for each in journal.iterdir():
        with each.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _timed(work: Any) -> tuple[int, int]:
    """Nanoseconds by the clock, and of the processor."""
    began, busy = time.perf_counter_ns(), time.thread_time_ns()
    work()
    return time.perf_counter_ns() - began, time.thread_time_ns() - busy
