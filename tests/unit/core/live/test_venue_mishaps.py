"""What a venue may do wrong, a row each: the core and it agree in the end, or the break has a name."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from core import messages as m
from core.live.reporting import report
from core.recovery.journal import event
from core.risk import inspect

support = import_module("tests.unit.core.live.conftest")
type Line = dict[str, Any]


def said(exec_type: str, child: str = "o.1", **more: Any) -> Line:
    told = {"venue": "M", "symbol": "X", "child_id": child, "exec_type": exec_type, **more}
    return {"report": told}


def fill(exec_id: str, qty: str, child: str = "o.1", px: str = "10.00") -> Line:
    return said("trade", child, exec_id=exec_id, last_qty=qty, last_px=px)


def fault(what: str, **more: Any) -> Line:
    return {"type": "venue_fault", "venue": "V", "fault": what, "count": 1, **more}


def state(venue: str, what: str) -> Line:
    return {"type": "venue_state", "venue": venue, "state": what}


OUTAGE = (state("M", "down"), state("M", "up"))
OUTAGE_V = (state("V", "down"), state("V", "up"))
NEW, CANCELED = said("new"), said("canceled")
CANCEL = {"cancel": "o"}
ORDER = {"order": "o"}
UNKNOWN = ("venue_unknown",)


class Case(NamedTuple):
    """Of an order for 10 at a venue of a gateway (M), or at a simulated one (V) that shows 10 to take."""

    venue: str
    lines: tuple[Line, ...]  # after the order; ORDER stands for it where something comes before
    status: str
    cum_qty: int
    asked: int = 0  # status sends
    alerts: tuple[str, ...] = ()
    halted: str = ""  # for which break the venue is, until a person arms it


CASES = {
    "a fill without an acknowledgement": Case("M", (fill("e1", "10"),), "filled", 10),
    "a fill before its acknowledgement": Case("M", (fill("e1", "4"), NEW), "partially_filled", 4),
    "fills in another order": Case("M", (NEW, fill("e2", "6"), fill("e1", "4")), "filled", 10),
    "an acknowledgement after the end": Case("M", (fill("e1", "10"), NEW), "filled", 10),
    "each twice": Case("M", (NEW, NEW, fill("e1", "4"), fill("e1", "4"), CANCELED, CANCELED), "canceled", 4),
    "a fill told again after the end": Case("M", (fill("e1", "4"), CANCELED, fill("e1", "4")), "canceled", 4),
    "a late fill after the cancel": Case("M", (NEW, CANCEL, CANCELED, fill("e1", "4")), "canceled", 4),
    "a late fill of all of it": Case("M", (NEW, CANCEL, CANCELED, fill("e1", "10")), "filled", 10),
    "a rejection after the acknowledgement": Case("M", (NEW, said("rejected")), "rejected", 0),
    "a rejection after a fill": Case("M", (NEW, fill("e1", "4"), said("rejected")), "rejected", 4),
    "a refused cancel of what has ended": Case(
        "M", (NEW, CANCEL, CANCELED, said("cancel_rejected")), "canceled", 0
    ),
    "no answer, and it never had it": Case("M", (*OUTAGE, said("unknown_order")), "canceled", 0, asked=1),
    "no answer, and it has filled it": Case("M", (*OUTAGE, NEW, fill("e1", "10")), "filled", 10, asked=1),
    "no answer to a cancel": Case("M", (NEW, CANCEL, *OUTAGE, CANCELED), "canceled", 0, asked=1),
    "no answer to the cancel of what it has filled": Case(
        "M", (NEW, CANCEL, fill("e1", "10"), *OUTAGE, said("cancel_rejected")), "filled", 10, asked=1
    ),
    "no answer to a cancel, and it works there": Case(
        "M", (NEW, CANCEL, *OUTAGE, said("cancel_rejected")), "new", 0, asked=1
    ),
    "an order of nobody's": Case("M", (NEW, fill("e1", "10", "x.1")), "new", 0, 0, UNKNOWN, "venue_unknown"),
    "another number of ours": Case(
        "M", (NEW, fill("e1", "10", "o.2")), "new", 0, 0, UNKNOWN, "venue_unknown"
    ),
    "other ids after its restart": Case(
        "M",
        (NEW, fill("e1", "4"), *OUTAGE, fill("e1", "5")),
        "partially_filled",
        4,
        asked=1,
        alerts=("exec_id_conflict",),
        halted="exec_id_conflict",
    ),
    "more than was ordered": Case(
        "M", (NEW, fill("e1", "11")), "filled", 11, alerts=("overfill", "overfill"), halted="overfill"
    ),
    "a lost order": Case("V", (fault("lose_send"), ORDER, *OUTAGE_V), "canceled", 0, asked=1),
    "a lost acknowledgement": Case(
        "V", (fault("lose_report", exec_type="new"), ORDER, *OUTAGE_V), "filled", 10
    ),
    "a lost fill": Case(
        "V", (fault("lose_report", exec_type="trade"), ORDER, *OUTAGE_V), "filled", 10, asked=1
    ),
    "a fill that comes twice": Case("V", (fault("repeat_report", exec_type="trade"), ORDER), "filled", 10),
    "an order that it refuses": Case("V", (fault("reject"), ORDER), "rejected", 0),
}


def sequenced(bench: Any, case: Case) -> None:
    bench.line({"type": "venue", "venue": "M", "mode": "manual", "symbols": ["X"]})
    bench.tell()
    bench.sit(0, "s")
    quote = {"type": "quote", "venue": "V", "symbol": "X", "bid_px": "9.90", "bid_qty": "10"}
    bench.line({**quote, "ask_px": "10.00", "ask_qty": "10"}, 1)
    for line in case.lines if ORDER in case.lines else (ORDER, *case.lines):
        if "order" in line:
            bench.order(0, "o", venue=bench.book.directory.venues[case.venue])
        elif "cancel" in line:
            bench.push(0, m.Kind.CANCEL, m.CANCEL_EVENT, cl_ord_id="c", orig_cl_ord_id="o")
        elif "report" in line:
            report(bench, line)
        else:
            bench.line(line)
        bench.run()


def halted(bench: Any) -> dict[str, str]:
    """Why, by venue, as whoever comes back from the journal has it."""
    rows = inspect.states(bench.shadow().core.risk)
    return {
        bench.book.directory.venue_list[row["key"]]: m.Reason(row["reason"]).name.lower()
        for row in rows
        if row["kind"] == m.Scope.VENUE and row["state"] == m.RiskState.HALTED
    }


@pytest.mark.parametrize("name", CASES)
def test_a_mishap(tmp_path: Path, name: str) -> None:
    case = CASES[name]
    bench = support.Bench(tmp_path)
    sequenced(bench, case)
    (row,) = bench.shadow().order_rows()
    events = [event(body) for _, body in bench.reader()]
    alerts = tuple(m.Reason(e["request"]["reason"]).name.lower() for e in events if e["kind"] == "alert")
    intents = next(w.intents for w in bench.chain.workers.values() if w.intents is not None)
    asked = int((intents.rows["action"] == m.Action.STATUS).sum())
    found = (m.OrdStatus(row["ord_status"]).name.lower(), row["cum_qty"], asked, alerts)
    assert found == (case.status, case.cum_qty, case.asked, case.alerts)
    filled = sum(each["qty"] for each in bench.shadow().fill_rows())
    assert filled == case.cum_qty  # what is booked is what it says that it filled
    assert halted(bench) == ({case.venue: case.halted} if case.halted else {})
    assert bench.same_as_its_journal()
    bench.chain.close()
