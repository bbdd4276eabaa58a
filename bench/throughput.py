"""How many events a second does the whole core take on one processor?

A fused core: every engine, on one pinned thread. Its inputs lie ready in memory, all pages taken. With so
many live orders in its tables, at random over instruments and accounts: new orders; then a new order, the
acceptance and the full fill of one of the live, in turn; then a burst of quotes. What comes of it is
compared with a count that shares no code with the engines.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.machine import machine, pinned, usable
from bench.orders import FILLED, HEAD, LIMITS, Array, Inputs, Shape, declarations
from bench.throughput_loop import Feed
from core.backtest.recorded import Recorded
from core.build import SCHEMA_VERSION, build_id
from core.capacity import Capacity
from core_ext.journal import JournalWriter

GOALS = {"new_orders_per_s": 5_000_000, "filled_orders_per_s": 2_000_000, "quotes_per_s": 20_000_000}
SEGMENT_BYTES = 1 << 28
LEDGER = 10**6  # the ledger's unit of cash in one of price x quantity
DESK_FIRST = 1  # the desk's ring begins with the core's configuration


def run(shape: Shape | None = None, journal: Path | None = None) -> dict[str, Any]:
    """journal: a folder in which the journal is written, and removed afterwards; None: no journal."""
    shape = shape or Shape()
    cpu = usable()[-1]
    with _journal(journal) as writer, pinned(cpu):  # in this order: the helper of the journal is not pinned
        found = _measure(shape, writer)
    return found | {
        "shape": {name: getattr(shape, name) for name in Shape.__slots__},
        "checks": sorted(LIMITS),
        "machine": machine(),
        "placement": {"fused": cpu, "processes": 1},
        "wait": "none: inputs lie ready",
    }


@dataclass(frozen=True, slots=True)
class Timed:
    """A run: how many rows, how long it took, how much of that the thread was on its processor."""

    count: int
    ns: int
    processor_ns: int

    @property
    def per_second(self) -> int:
        return round(self.count * 1e9 / self.ns) if self.ns else 0

    def told(self) -> dict[str, int | float]:
        count = max(self.count, 1)
        return {
            "count": self.count,
            "ns_each": round(self.ns / count, 1),
            "processor_ns_each": round(self.processor_ns / count, 1),
        }


@contextmanager
def _journal(folder: Path | None) -> Iterator[JournalWriter | None]:
    if folder is None:
        yield None
        return
    with (
        tempfile.TemporaryDirectory(prefix="nacre-bench-", dir=folder) as place,
        JournalWriter(
            place,
            schema_version=SCHEMA_VERSION,
            build_id=build_id(),
            helper=True,
            segment_bytes=SEGMENT_BYTES,
        ) as writer,
    ):
        yield writer


def capacity(shape: Shape) -> Capacity:
    """Tables in which the shape just fits."""
    return Capacity(
        symbols=shape.symbols + 1,
        accounts=max(shape.accounts, 16),
        orders=shape.orders + 1,
        ids=shape.orders + 1,
        more_children=1024,
        fills=max(shape.filled + 1, 1024),
        positions=max(shape.symbols * shape.accounts + 1, 1024),
        spine=256,  # what one thread writes and reads again at once: no more than its cache holds
        loopback=1024,
    )


def _measure(shape: Shape, writer: JournalWriter | None) -> dict[str, Any]:
    core = Recorded(capacity(shape), writer).core
    feed, inputs = Feed(core), Inputs(shape)
    inputs.declared(_declare(feed, shape))
    table_bytes = feed.prefault()
    live = inputs.orders(shape.live)
    timed = {"fill_up": _run(feed, live)}
    timed["new_orders"] = _run(feed, inputs.orders(shape.new))
    timed["filled_orders"] = _run(feed, inputs.filled(shape.filled, live))
    timed["quotes"] = _run(feed, inputs.quotes(shape.quotes))
    core.raise_fault()
    checks = _compare(feed, inputs)
    return {
        "ok": all(checks.values()),
        "new_orders_per_s": timed["new_orders"].per_second,
        "filled_orders_per_s": timed["filled_orders"].per_second,
        "quotes_per_s": timed["quotes"].per_second,
        "goals": GOALS,
        "timed": {name: part.told() for name, part in timed.items()},
        "reference_equal": checks,
        "accepted": inputs.expected.accepted,
        "denied": inputs.expected.denied,
        "filled": inputs.expected.filled,
        "events": core.sequencer.seq,
        "table_bytes": table_bytes,
        "journal": _told(writer),
    }


def _declare(feed: Feed, shape: Shape) -> int:
    """What the orders refer to; how many inputs of the desk's ring there were."""
    count = DESK_FIRST
    for event in declarations(shape):
        row = np.zeros(1, np.dtype([*HEAD, ("request", f"V{len(event.request)}")]))
        row["kind"], row["session"], row["length"] = event.kind, event.session, len(event.request)
        row["source_seq"] = count + 1
        row["request"] = np.void(event.request)
        _run(feed, row)
        count += 1
    return count


def _run(feed: Feed, rows: Array) -> Timed:
    """How long the core took for the rows."""
    offsets = [0]
    if rows.dtype == FILLED and FILLED.fields is not None:
        offsets = [FILLED.fields[name][1] for name in ("order", "new", "trade")]
    before = time.thread_time_ns()
    ns = feed.run(rows.view(np.uint8), rows.dtype.itemsize, np.array(offsets, np.int64))
    return Timed(len(rows), ns, time.thread_time_ns() - before)


def _compare(feed: Feed, inputs: Inputs) -> dict[str, bool]:
    """Each thing that was counted apart from the core, and whether the core came to the same."""
    core, expected = feed.core, inputs.expected
    rows = core.positions.rows()
    held = {(row["account"], row["symbol"]): (row["qty"], row["cash"] // LEDGER) for row in rows}
    keys = expected.qty.keys() | held.keys()
    return {
        "accepted": feed.sends == expected.accepted,
        "denied": core.egress.denials == expected.denied,
        "filled": core.egress.fills == expected.filled,
        "positions": all(held.get(key, (0, 0)) == (expected.qty[key], expected.flow[key]) for key in keys),
        "marks": all(core.risk.mark2_of(symbol) == mark for symbol, mark in expected.marks.items()),
        "events": core.sequencer.seq == feed.inputs + feed.derived + DESK_FIRST,
    }


def _told(writer: JournalWriter | None) -> dict[str, Any] | None:
    if writer is None:
        return None
    return {"bytes": writer.total_bytes, "stalls": writer.stalls, "last_sequence": writer.last_sequence}
