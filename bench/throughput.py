"""How many events a second does the whole core take on one processor?

A fused core: every engine, on one pinned thread. Its inputs lie ready in memory, all pages taken. With so
many live orders in its tables, at random over instruments and accounts: new orders; then a new order, the
acceptance and the full fill of one of the live, in turn; then a burst of quotes. What comes of it is
compared with a count that shares no code with the engines.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import cost
from bench.disk import bytes_a_second
from bench.fed import compare, opened, run_rows
from bench.machine import machine, pinned, usable
from bench.orders import QUOTE, Shape, limits
from core.build import SCHEMA_VERSION, build_id
from core_ext.journal import JournalWriter

GOALS = {"new_orders_per_s": 5_000_000, "filled_orders_per_s": 2_000_000, "quotes_per_s": 20_000_000}
SEGMENT_BYTES = 1 << 28
RECORD_HEAD = 16 + 64  # of the journal's record: its own, and the event's header


def run(shape: Shape | None = None, journal: Path | None = None, no_journal: bool = False) -> dict[str, Any]:
    """journal: where the journal is written, and removed afterwards; None: the temporary folder."""
    shape = shape or Shape()
    cpu = usable()[-1]
    folder = None if no_journal else journal or Path(tempfile.gettempdir())
    with _journal(folder) as writer, pinned(cpu):  # in this order: the helper of the journal is not pinned
        found = _measure(shape, writer)
    if folder is not None:
        found |= _sustained(found["quotes_per_s"], bytes_a_second(folder, found["journal"]["bytes"]))
    with pinned(cpu):
        costs = cost.run(shape)
    return found | {
        "ok": found["ok"] and costs["ok"],
        "cost_ratio": costs["ratio_p50"],
        "cost": costs,
        "shape": {name: getattr(shape, name) for name in Shape.__slots__},
        "checks": sorted(limits(shape)),
        "machine": machine(),
        "placement": {"fused": cpu, "processes": 1},
        "wait": "none: inputs lie ready",
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


def _measure(shape: Shape, writer: JournalWriter | None) -> dict[str, Any]:
    feed, inputs, table_bytes = opened(shape, writer)
    core = feed.core
    live = inputs.orders(shape.live)
    timed = {"fill_up": run_rows(feed, live)}
    timed["new_orders"] = run_rows(feed, inputs.orders(shape.new))
    timed["filled_orders"] = run_rows(feed, inputs.filled(shape.filled, live))
    timed["quotes"] = run_rows(feed, inputs.quotes(shape.quotes))
    core.raise_fault()
    checks = compare(feed, inputs)
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


def _sustained(quotes_per_s: int, disk: int) -> dict[str, Any]:
    """What of a burst's rate the disk could take for ever, were nothing else written."""
    record = RECORD_HEAD + QUOTE["request"].itemsize
    return {
        "disk_bytes_per_s": disk,
        "quote_record_bytes": record,
        "disk_quotes_per_s": disk // record,
        "sustained_quotes_per_s": min(quotes_per_s, disk // record),
    }


def _told(writer: JournalWriter | None) -> dict[str, Any] | None:
    if writer is None:
        return None
    return {"bytes": writer.total_bytes, "stalls": writer.stalls, "last_sequence": writer.last_sequence}
