"""The core's journal, and what its executions cost."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query

from periphery.backend import costs, tasks
from periphery.backend.access import Viewer, WholeViewer
from periphery.backend.problems import Refusal
from periphery.backend.routers.common import CORE, Services
from periphery.backend.schemas import books as s
from periphery.backend.schemas.forms import KEYS, OneOf
from periphery.backend.services import Backend
from periphery.client import Client

router = APIRouter(tags=["journals"])


def folder_of(backend: Backend) -> Path:
    """The core's journal. ClientError; Refusal (503): it isn't on this host."""
    if backend.journal is None:
        backend.journal = Path(backend.link.call(Client.status)["journal"]["path"])
    if not backend.journal.is_dir():
        raise Refusal(
            503,
            "no_journal",
            f"{backend.journal} isn't here",
            hint="run the backend where the core's files are",
            place="journal",
        )
    return backend.journal


@router.get("/journal", response_model=s.Journal, responses=CORE)
def info(backend: Services, _viewer: Viewer) -> dict[str, Any]:
    """What the journal holds: segments, events by kind, what it was made by."""
    found: dict[str, Any] = backend.tasks.run(tasks.journal_info, folder_of(backend))
    return found


@router.get("/journal/verify", response_model=s.Verified, responses=CORE)
def verify(backend: Services, _viewer: Viewer) -> dict[str, Any]:
    """Whether every record is whole; each problem with its file, offset and sequence."""
    found: dict[str, Any] = backend.tasks.run(tasks.journal_verify, folder_of(backend))
    return found


@router.get("/tca", response_model=s.Tca, responses=CORE)
def tca(
    backend: Services,
    _viewer: WholeViewer,
    by: Annotated[list[Annotated[str, OneOf(*KEYS)]] | None, Query(max_length=5)] = None,
) -> dict[str, Any]:
    """What executions cost: slippage, shortfall, spreads, markouts, ratios, in all and by these."""
    found: dict[str, Any] = backend.tasks.run(costs.costs, folder_of(backend), tuple(by or KEYS), kept=True)
    return found
