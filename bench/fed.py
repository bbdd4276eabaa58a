"""A core fed from memory: its tables, its declarations, rows timed, and what it came to against the count."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from bench.orders import FILLED, HEAD, Array, Inputs, Shape, declarations, messages_a_second
from bench.throughput_loop import Feed
from core.backtest.recorded import Recorded
from core.capacity import Capacity
from core_ext.journal import JournalWriter

LEDGER = 10**6  # the ledger's unit of cash in one of price x quantity
DESK_FIRST = 1  # the desk's ring begins with the core's configuration


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
        cells=max(shape.symbols * shape.accounts + 1, 1024),
        rate_times=max(shape.accounts * (messages_a_second(shape) + 1), 1024),
        spine=256,  # what one thread writes and reads again at once: no more than its cache holds
        loopback=1024,
    )


def opened(shape: Shape, writer: JournalWriter | None = None) -> tuple[Feed, Inputs, int]:
    """A core that knows the shape's instruments, accounts and limits, and a first quote of each.

    Besides, the inputs that come next, and the bytes of the core's tables."""
    feed, inputs = Feed(Recorded(capacity(shape), writer).core), Inputs(shape)
    inputs.declared(_declare(feed, shape))
    run_rows(feed, inputs.opening())
    return feed, inputs, feed.prefault()


def _declare(feed: Feed, shape: Shape) -> int:
    """What the orders refer to; how many inputs of the desk's ring there were."""
    count = DESK_FIRST
    for event in declarations(shape):
        row = np.zeros(1, np.dtype([*HEAD, ("request", f"V{len(event.request)}")]))
        row["kind"], row["session"], row["length"] = event.kind, event.session, len(event.request)
        row["source_seq"] = count + 1
        row["request"] = np.void(event.request)
        run_rows(feed, row)
        count += 1
    return count


def run_rows(feed: Feed, rows: Array) -> Timed:
    """How long the core took for the rows."""
    offsets = [0]
    if rows.dtype == FILLED and FILLED.fields is not None:
        offsets = [FILLED.fields[name][1] for name in ("order", "new", "trade")]
    before = time.thread_time_ns()
    ns = feed.run(rows.view(np.uint8), rows.dtype.itemsize, np.array(offsets, np.int64))
    return Timed(len(rows), ns, time.thread_time_ns() - before)


def compare(feed: Feed, inputs: Inputs) -> dict[str, bool]:
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
