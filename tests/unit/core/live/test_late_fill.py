"""A fill that a venue tells after the end of its child, while the rest of the order goes elsewhere."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from core import messages as m
from core.recovery.journal import event
from core.topology import LIVE_STAGES
from core_ext.clock import held_at

support = import_module("tests.unit.core.live.conftest")
PINNED = tuple((stage,) for stage in LIVE_STAGES if stage != "venues")
APART = tuple((stage,) for stage in LIVE_STAGES)
LATE_US = 1_000_000
SAID = [
    ("o.1", "new", 0),
    ("o.1", "canceled", 0),
    ("o.2", "new", 0),
    ("o.2", "trade", 20),
    ("o.1", "trade", 4),
    ("o.3", "new", 0),
    ("o.3", "trade", 10),
]
"""Of an order for 30: 4 too many, as with any venue that says so after the end."""


@pytest.fixture
def clock() -> Iterator[ctypes.c_int64]:
    held = ctypes.c_int64.from_address(held_at())
    held.value = time.time_ns()
    yield held
    held.value = 0


def quote(venue: str, ask_px: str, ask_qty: int) -> dict[str, Any]:
    return {
        "type": "quote", "venue": venue, "symbol": "X", "bid_px": "9.90", "bid_qty": "1", "ask_px": ask_px,
        "ask_qty": str(ask_qty),
    }  # fmt: skip


def turn(bench: Any, *left_out: str) -> None:
    """All but those take turns until nothing moves."""
    firsts = bench.chain.firsts
    out = {plan.index: firsts.pop(plan.index) for plan in bench.chain.plans if plan.stages[0] in left_out}
    bench.run()
    firsts.update(out)


def sent_elsewhere(folder: Path, groups: tuple[tuple[str, ...], ...], clock: ctypes.c_int64) -> Any:
    """A core that was told of a cancel at V, and sends the rest to W: not recorded yet, so it waits. V has
    filled 4 as well, which its gateway hears now."""
    bench = support.Bench(folder, *groups)
    bench.line({"type": "venue", "venue": "W", "mode": "match", "symbols": ["X"]})
    bench.tell()
    bench.sit(0, "s")
    bench.line(quote("V", "10.00", 10), 1)
    bench.line(quote("W", "10.01", 500), 1)
    bench.order(0, "before", qty=6, price=1001)  # V has 4 left; what the core sees of it says 10
    bench.run()
    late = {"fault": "late_report", "exec_type": "trade", "count": 1, "delay_us": str(LATE_US)}
    bench.line({"type": "venue_fault", "venue": "V", **late})
    bench.order(0, "o", qty=30, venue=m.NONE16, price=1001)
    turn(bench, "gateways")
    turn(bench, "sequencer")
    turn(bench, "journal", "gateways")
    clock.value += 1000 * LATE_US
    turn(bench, "journal", "sequencer")
    return bench


def at_rest(bench: Any) -> list[tuple[str, str, int]]:
    """The core goes on without a fault; (child, kind of report, quantity) of o's children."""
    bench.run()
    if bench.board.faults:
        bench.board.faults.raise_first()
    assert bench.same_as_its_journal()
    rows = [event(body) for _, body in bench.reader()]
    said = [row["request"] for row in rows if row["kind"] == "report"]
    bench.chain.close()
    return [
        (row["child_id"], m.ExecType(row["exec_type"]).name.lower(), row["last_qty"])
        for row in said
        if row["child_id"].startswith("o.")
    ]


@pytest.mark.parametrize("groups", [PINNED, APART], ids=["pinned", "apart"])
def test_a_late_fill_doesn_t_stop_the_core(
    tmp_path: Path, groups: tuple[tuple[str, ...], ...], clock: ctypes.c_int64
) -> None:
    bench = sent_elsewhere(tmp_path, groups, clock)
    assert at_rest(bench) == SAID


@pytest.mark.parametrize("groups", [PINNED, APART], ids=["pinned", "apart"])
def test_a_gateway_that_comes_back_hears_in_order(
    tmp_path: Path, groups: tuple[tuple[str, ...], ...], clock: ctypes.c_int64
) -> None:
    """The fill is an event; the send before it is still to be handled."""
    bench = sent_elsewhere(tmp_path, groups, clock)
    turn(bench, "journal", "gateways")
    bench.restart("gateways")
    assert at_rest(bench) == SAID
