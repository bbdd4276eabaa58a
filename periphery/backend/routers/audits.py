"""The audit, searched: the newest first, by pages."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from periphery.backend import users
from periphery.backend.access import Admin
from periphery.backend.audit_search import search
from periphery.backend.routers.common import Most, Services
from periphery.backend.schemas import audits as s

router = APIRouter(prefix="/audit", tags=["system"])
Word = Annotated[str | None, Query(min_length=1, max_length=100, pattern=r"^[ -~]+$")]
Time = Annotated[int | None, Query(ge=0, le=2**62, description="ns since 1970.")]


@router.get("/search", response_model=s.FoundRows)
def found(
    backend: Services,
    _admin: Admin,
    who: Annotated[str | None, Query(pattern=users.NAME)] = None,
    action: Word = None,
    path: Word = None,
    address: Word = None,
    text: Word = None,
    since_ns: Time = None,
    until_ns: Time = None,
    refused: bool | None = None,
    before: Annotated[int | None, Query(ge=1, le=2**62, description="Rows before this one.")] = None,
    most: Most = 100,
) -> dict[str, Any]:
    """By who, what (`action`, a part of `path`, of what was sent: `text`), from where, when, and whether it
    was refused; `before` is the `next_before` of the page before.
    """
    wanted = {
        "who": who, "action": action, "path": path, "address": address, "text": text,
        "since_ns": since_ns, "until_ns": until_ns, "refused": refused,
    }  # fmt: skip
    rows = search(backend.db, wanted, before, most + 1)
    return {"rows": rows[:most], "next_before": rows[most - 1]["n"] if len(rows) > most else None}
