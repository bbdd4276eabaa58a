"""A venue that broke with the core: nothing new is sent there, whoever comes back, until it is armed."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import messages as m
from core.live.amend import WHAT
from core.live.ops import switch_line
from core.live.reporting import report
from core.recovery.journal import event
from core.risk import inspect
from core.scenario.encoder import Event
from core.topology import LIVE_STAGES

support = import_module("tests.unit.core.live.conftest")
mishaps = import_module("tests.unit.core.live.test_venue_mishaps")
BROKEN = {"M": "venue_unknown"}
MANUAL = {"type": "venue", "mode": "manual", "maker_fee_bps": "-1"}  # who posts posts there
ALONE = tuple((stage,) for stage in LIVE_STAGES if stage != "venues")
PEG = {"ord_type": m.OrdType.PEGGED, "peg": m.Peg.PRIMARY, "venue": m.NONE16, "flags": m.OrderFlag.HAS_QTY}


def begun(folder: Path, *groups: tuple[str, ...], **order: Any) -> Any:
    """A core with an order at M; V shows 10 at 10.00."""
    bench = support.Bench(folder, *groups)
    bench.line({**MANUAL, "venue": "M", "symbols": ["X"]})
    bench.tell()
    bench.sit(0, "s")
    quote(bench, "V", "9.90", "10.00")
    bench.order(0, "o", **({"venue": 1} | order))
    bench.run()
    report(bench, mishaps.NEW)
    return bench


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[Any]:
    """M then told a fill of nobody's order."""
    bench = begun(tmp_path)
    stray(bench)
    assert mishaps.halted(bench) == BROKEN
    yield bench
    bench.chain.close()


def field(text: str, size: int) -> np.void:
    return np.void(bytes([len(text)]) + text.encode().ljust(size - 1, b"\0"))


def quote(bench: Any, venue: str, bid: str, ask: str) -> None:
    line = {"type": "quote", "venue": venue, "symbol": "X", "bid_px": bid, "bid_qty": "10"}
    bench.line({**line, "ask_px": ask, "ask_qty": "10"}, 1)
    bench.run()


def stray(bench: Any) -> None:
    report(bench, mishaps.fill("e9", "10", "nobody.1"))
    bench.run()


def sends(bench: Any, venue: str) -> list[str]:
    """The action of every intent for a venue, in order."""
    intents = next(w.intents for w in bench.chain.workers.values() if w.intents is not None)
    rows = intents.rows[intents.rows["seq"] > 0]
    index = bench.book.directory.venues[venue]
    return [m.Action(row["action"]).name.lower() for row in rows if row["venue"] == index]


def arm(bench: Any) -> None:
    for made in bench.book.events(switch_line("rearm", "venue", "M", "anna")):
        bench.feed([made])
    bench.run()


def last(bench: Any, cl_ord_id: str) -> str:
    told: str = dict(bench.told(0))[cl_ord_id]
    return told


def test_nothing_new_is_sent_there(broken: Any) -> None:
    broken.order(0, "direct", venue=1)
    broken.run()
    assert last(broken, "direct") == "halted"
    quote(broken, "M", "9.90", "9.95")  # the best ask: who may go there, goes
    broken.order(0, "routed", venue=m.NONE16, price=1000)
    broken.run()
    assert last(broken, "routed") == "filled"  # at V, which is dearer
    assert sends(broken, "M") == ["new"]
    assert broken.same_as_its_journal()


def test_what_is_there_can_be_canceled_and_its_reports_count(broken: Any) -> None:
    report(broken, mishaps.fill("e1", "4"))
    broken.push(0, m.Kind.REPLACE, m.REPLACE_EVENT, cl_ord_id="r", orig_cl_ord_id="o", qty=20,
                flags=m.OrderFlag.HAS_QTY)  # fmt: skip
    broken.push(0, m.Kind.CANCEL, m.CANCEL_EVENT, cl_ord_id="c", orig_cl_ord_id="o")
    broken.run()
    assert last(broken, "r") == "halted"
    assert sends(broken, "M") == ["new", "cancel"]
    report(broken, mishaps.CANCELED)
    broken.run()
    (row,) = broken.shadow().order_rows()
    assert (m.OrdStatus(row["ord_status"]), row["cum_qty"]) == (m.OrdStatus.CANCELED, 4)


def test_a_core_that_comes_back_has_it(broken: Any) -> None:
    broken.again()
    broken.sit(1, "t")
    broken.order(1, "direct", venue=1)
    broken.run()
    assert broken.told(1) == [("direct", "halted")]
    assert mishaps.halted(broken) == BROKEN
    assert broken.same_as_its_journal()


@pytest.mark.parametrize("stage", ["risk", "router"])
def test_an_engine_that_comes_back_has_it(tmp_path: Path, stage: str) -> None:
    bench = begun(tmp_path, *ALONE)
    stray(bench)
    bench.restart(stage)
    quote(bench, "M", "9.90", "9.95")
    bench.order(0, "direct", venue=1)
    bench.order(0, "routed", venue=m.NONE16, price=1000)
    bench.run()
    assert (last(bench, "direct"), last(bench, "routed"), sends(bench, "M")) == ("halted", "filled", ["new"])
    assert bench.same_as_its_journal()
    bench.chain.close()


def test_a_person_lifts_it(broken: Any) -> None:
    arm(broken)
    assert mishaps.halted(broken) == {}
    broken.order(0, "again", venue=1)
    quote(broken, "M", "9.90", "9.95")
    broken.order(0, "routed", venue=m.NONE16, price=995)
    broken.run()
    assert sends(broken, "M") == ["new", "new", "new"]
    stray(broken)
    assert mishaps.halted(broken) == BROKEN  # the next break halts it again
    assert broken.same_as_its_journal()


def test_it_is_halted_once(broken: Any) -> None:
    stray(broken)
    found = [event(body) for _, body in broken.reader()]
    halts = [each["request"] for each in found if each["kind"] == "halt"]
    assert [(row["reason"], row["by"]) for row in halts] == [(m.Reason.VENUE_UNKNOWN, m.NONE)]
    alerts = [each["request"] for each in found if each["kind"] == "alert"]
    assert [(row["level"], row["scope"]["venue"]) for row in alerts] == [(1, 1), (1, 1)]


def test_a_killed_venue_is_armed_with_its_break(broken: Any) -> None:
    for made in broken.book.events(switch_line("kill", "venue", "M", "anna")):
        broken.feed([made])
    broken.run()
    arm(broken)
    assert inspect.states(broken.shadow().core.risk) == []


def test_a_peg_leaves_it_for_another(tmp_path: Path) -> None:
    """It can't follow the market there: its child is canceled, the next one goes elsewhere."""
    bench = begun(tmp_path, **PEG)
    assert sends(bench, "M") == ["new"]
    stray(bench)
    quote(bench, "V", "9.91", "10.00")
    assert sends(bench, "M") == ["new", "cancel"]
    report(bench, mishaps.CANCELED)
    bench.run()
    assert (sends(bench, "M"), sends(bench, "V")) == (["new", "cancel"], ["new"])
    assert bench.same_as_its_journal()
    bench.chain.close()


def test_what_a_person_books_in_its_place_halts_nothing(broken: Any) -> None:
    arm(broken)
    row = np.zeros((), m.REPORT_EVENT)
    row["venue"], row["exec_type"], row["flags"] = 1, int(WHAT["fill"]), int(m.ReportFlag.BY_PERSON)
    row["child_id"], row["exec_id"] = field("o.1", 56), field("by-hand", 40)
    row["last_qty"], row["last_px"] = 12, 1000
    broken.feed([Event(int(m.Kind.REPORT), 0, row.tobytes())])
    broken.run()
    (order,) = broken.shadow().order_rows()
    assert order["cum_qty"] == 12
    assert mishaps.halted(broken) == {}
