"""A day in a journal: orders at two venues, busts, corrections, a denial, a kill."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.build import SCHEMA_VERSION, build_id
from core_ext.journal import JournalWriter
from tests.support import Run, declared, order, quote

REPORT: dict[str, Any] = {"type": "report", "venue": "MANU"}


def writer(path: Path) -> JournalWriter:
    return JournalWriter(path, schema_version=SCHEMA_VERSION, build_id=build_id())


def live(run: Run) -> None:
    """An order at the manual venue, and one at the simulated one."""
    run.feed(quote(at=1000), quote("MANU", "99.99", "100.01", "30"))
    run.feed(order("m1", ord_type="limit", price="100.00", qty="100", venue="MANU"))
    run.feed(REPORT | {"child_id": "m1.1", "exec_type": "new"})
    run.feed(order("x1", "sell", "40"))


def traded(run: Run) -> None:
    """Fills, one busted, one corrected, one told twice, one of nobody's; a denial; a kill."""
    for i, qty in enumerate(("10", "20", "30")):
        fill = {"child_id": "m1.1", "exec_type": "trade", "last_qty": qty, "last_px": "100.00"}
        run.feed(REPORT | fill | {"exec_id": f"e{i}"})
    busted = {"exec_id": "b0", "exec_ref_id": "e0", "last_qty": "10", "last_px": "100.00"}
    run.feed(REPORT | {"child_id": "m1.1", "exec_type": "trade_cancel"} | busted)
    corrected = {"exec_id": "c1", "exec_ref_id": "e1", "last_qty": "25", "last_px": "99.50"}
    run.feed(REPORT | {"child_id": "m1.1", "exec_type": "trade_correct"} | corrected)
    run.feed(
        REPORT
        | {"child_id": "m1.1", "exec_type": "trade", "last_qty": "30", "last_px": "100.00", "exec_id": "e2"}
    )
    run.feed(order("m1"))
    run.feed({"type": "kill", "scope": "all", "by": "ann"})


def recorded(path: Path) -> list[dict[str, Any]]:
    """A day in a journal; what the core printed."""
    with writer(path) as journal:
        run = declared(journal=journal)
        live(run)
        traded(run)
    return run.printed
