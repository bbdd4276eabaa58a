"""The backend itself: probes, modes, who changed what."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from periphery.backend import users
from periphery.backend.access import Admin, Anyone, ModeAdmin
from periphery.backend.problems import answers
from periphery.backend.routers.common import After, Most, Services
from periphery.backend.schemas import system as s
from periphery.client import ClientError

router = APIRouter(tags=["system"])
UNREADY: dict[int | str, dict[str, Any]] = {503: {"model": s.Probe, "description": "It isn't; why."}}


@router.get("/live", response_model=s.Probe)
async def live() -> dict[str, Any]:
    """Its loop goes round."""
    return {"ok": True, "why": ""}


@router.get("/ready", response_model=s.Probe, responses=UNREADY)
async def ready(backend: Services, response: Response) -> dict[str, Any]:
    """The core is there, and changes can be recorded."""
    why = backend.link.why or ("the audit can't be written" if backend.audit.waiting else "")
    response.status_code = 503 if why else 200
    return {"ok": not why, "why": why}


@router.get("/mode", response_model=s.Mode)
def mode(backend: Services, _anyone: Anyone) -> dict[str, Any]:
    """Whether anything may be changed, and whether orders can reach a market."""
    try:
        is_live = backend.link.call(lambda client: client.is_live)
    except ClientError:
        is_live = None
    return {"read_only": backend.read_only, "live": is_live}


@router.put("/mode", response_model=s.Mode, responses=answers(409))
def set_mode(backend: Services, _admin: ModeAdmin, body: s.SetMode) -> dict[str, Any]:
    """Read-only, or not. A kill works in both."""
    backend.set_read_only(body.read_only)
    return {"read_only": backend.read_only, "live": None}


@router.get("/audit", response_model=s.AuditRows)
def audit(
    backend: Services,
    _admin: Admin,
    who: Annotated[str | None, Query(pattern=users.NAME)] = None,
    after: After = 0,
    most: Most = 500,
) -> dict[str, Any]:
    """Every change and every attempt, the oldest first."""
    rows = backend.audit.rows(after, most + 1, who)
    return {"rows": rows[:most], "next_after": rows[most - 1]["n"] if len(rows) > most else None}


@router.get("/audit/verify", response_model=s.AuditChecked)
def verify_audit(backend: Services, _admin: Admin) -> dict[str, Any]:
    """Whether each row still is what was written."""
    found = backend.audit.broken_at()
    return {"ok": not found, "broken_at": found}
