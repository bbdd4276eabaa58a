"""Our positions and cash against a venue's or a clearing house's, and what became of each break."""

from __future__ import annotations

import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fastapi import APIRouter

from core.positions.history import BadFile
from core.positions.reconcile import EXPLAINED, Breaks
from periphery.backend import tasks
from periphery.backend.access import Viewer, WholeRiskPerson
from periphery.backend.problems import Refusal, answers
from periphery.backend.routers.common import CORE, Services
from periphery.backend.routers.journals import folder_of
from periphery.backend.schemas import books as s
from periphery.backend.services import Backend

router = APIRouter(prefix="/reconciliation", tags=["reconciliation"])
turn = threading.Lock()
"""The file of breaks is read and written whole."""


def file_of(backend: Backend) -> Path:
    return backend.state / "breaks.json"


@router.post("", response_model=s.Reconciled, responses=CORE)
def reconcile(backend: Services, _person: WholeRiskPerson, body: s.Reconcile) -> dict[str, Any]:
    """Compare the books of the core's journal with these rows; breaks age until they agree again."""
    rows = [(row.account, row.symbol, row.qty) for row in body.rows]
    with turn:
        folder = folder_of(backend)
        found: dict[str, Any] = backend.tasks.run(tasks.reconcile, folder, file_of(backend), rows, body.date)
    return found


@router.get("/breaks", response_model=s.Reconciled, responses=answers(409))
def breaks(backend: Services, viewer: Viewer) -> dict[str, Any]:
    """The breaks that are kept, closed ones too, as of the day that was compared last."""
    with turn:
        kept = _read(backend)
    day = max((row.last_seen for row in kept.rows.values()), default="")
    told = viewer.theirs(row.told(day) for _, row in sorted(kept.rows.items()))
    return {"date": day, "breaks": told, "open": sum(row["status"] == "open" for row in told)}


@router.post("/breaks/explain", response_model=s.Break, responses=answers(404, 409))
def explain(backend: Services, person: WholeRiskPerson, body: s.Explain) -> dict[str, Any]:
    """Say why a break is there: it stays explained as long as it stays the same."""
    with turn:
        kept = _read(backend)
        if body.id not in kept.rows:
            raise Refusal(
                404, "no_break", f"no break {body.id!r}", hint="GET /reconciliation/breaks", place="body.id"
            )
        try:
            found = kept.settle(body.id, EXPLAINED, body.why, person.name)
        except BadFile as error:
            raise Refusal(409, "closed", str(error), hint="nothing is to be done", place="body.id") from error
        kept.save()
    return asdict(found) | {"age_days": found.age_days(found.last_seen)}


def _read(backend: Backend) -> Breaks:
    try:
        return Breaks(file_of(backend))
    except BadFile as error:
        raise Refusal(409, "bad_file", str(error), hint="move the file away", place="backend") from error
