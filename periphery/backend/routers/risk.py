"""Limits, kill and re-arm, and what takes a second person."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from core.live.killing import kill_directly
from periphery.backend import approvals as two
from periphery.backend.access import Killer, Person, RiskPerson, Viewer, WholeViewer
from periphery.backend.booking import KIND
from periphery.backend.problems import Refusal, answers, missing
from periphery.backend.routers.booking import booked
from periphery.backend.routers.common import (
    CORE,
    After,
    Most,
    RowId,
    Services,
    kept_rows,
    need_scope,
    need_scope_key,
)
from periphery.backend.routers.me import need_totp
from periphery.backend.schemas import risk as s
from periphery.backend.schemas.forms import Rows
from periphery.cli.kill import in_scope
from periphery.client import Client, ClientError

router = APIRouter(tags=["risk"])
TAKEN_S = 1.0
"""How long a kill's answer waits for the core; the kill itself is in force before."""
LOOK_S = 0.02


@router.get("/limits", response_model=s.Risk, response_model_exclude_unset=True, responses=CORE)
def limits(backend: Services, viewer: Viewer) -> dict[str, Any]:
    """Limits in force, how much of each is used, and scopes that aren't active. Who hasn't all accounts sees
    those of their own, and of limits of all how much there may be, not how much is used.
    """
    found = backend.link.call(Client.risk_status)
    rows = backend.link.call(Client.limits)
    return {
        "limits": [row for row in rows if not row.get("account") or viewer.may(row["account"])],
        "usage": viewer.theirs(found["limits"]),
        "states": [row for row in found["states"] if row["scope"] != "account" or viewer.may(row["key"])],
    }


@router.get("/denials", response_model=Rows, responses=CORE)
def denials(backend: Services, viewer: WholeViewer, after: After = 0, most: Most = 500) -> dict[str, Any]:
    """What risk denied, and why, out of the recorder's store."""
    return kept_rows(backend, "denials", {}, after, most, viewer)


@router.post(
    "/limits",
    response_model=s.LimitSet,
    responses=CORE | {202: {"model": s.LimitSet, "description": "It waits for a second person."}},
)
def set_limit(backend: Services, person: RiskPerson, body: s.NewLimit, response: Response) -> dict[str, Any]:
    """Set a limit. What tightens is in force at once; what loosens one, or removes it, waits for approval."""
    person.need(body.account)
    line = {key: value for key, value in body.model_dump(exclude={"why"}).items() if value is not None}
    looser = backend.link.call(lambda client: client.risk_load([line], person.name))["looser"]
    if not looser:
        backend.link.call(lambda client: client.risk_set({**line, "by": person.name}))
        return {"applied": True, "loosens": "", "approval": None}
    asked = backend.approvals.ask("limit", line, body.why, person.name)
    response.status_code = 202
    return {"applied": False, "loosens": "; ".join(looser), "approval": asdict(asked)}


@router.get("/kills", response_model=s.Kills, responses=CORE)
def kills(backend: Services, viewer: Viewer) -> dict[str, Any]:
    """The kills in force."""
    rows = backend.link.call(Client.status)["kills"]
    return {"kills": [row for row in rows if row["scope"] != "account" or viewer.may(row["key"])]}


@router.post("/kill", response_model=s.Killed, responses=answers(409, 503))
async def kill(backend: Services, killer: Killer, body: s.Kill) -> dict[str, Any]:
    """Stop all trading in a scope and cancel its orders: on the kill page, which gateways read themselves.

    It needs neither the core's server nor a database, and stays in force until it is re-armed.
    """
    need_scope_key(body.scope, body.key)
    need_scope(killer, body.scope, body.key)
    try:
        epoch = kill_directly(backend.socket, body.scope, body.key, killer.name)
    except ValueError as error:
        raise Refusal(
            409, "bad_scope", str(error), hint="give one of the names, or scope all", place="body.key"
        ) from error
    except OSError as error:
        raise Refusal(
            503,
            "no_kill_page",
            f"{error}: no core ever ran at {backend.socket}",
            place="core",
            hint="kill on the core's host: nacre kill all --by NAME",
        ) from error
    backend.log.say("killed", scope=body.scope, key=body.key, by=killer.name, epoch=epoch)
    told = await _told_by_core(backend, body, epoch)
    return {"scope": body.scope, "key": body.key, "epoch": epoch, **told}


async def _told_by_core(backend: Services, body: s.Kill, epoch: int) -> dict[str, Any]:
    """What the core has made of it within TAKEN_S; on a thread of its own, since those of requests may all be
    waiting for a core that says nothing."""
    loop = asyncio.get_running_loop()
    asked = loop.run_in_executor(backend.kill_thread, _ask, backend, body, epoch)
    try:
        return await asyncio.wait_for(asked, 2 * TAKEN_S)
    except TimeoutError:
        return {"taken": False, "working": None}


def _ask(backend: Services, body: s.Kill, epoch: int) -> dict[str, Any]:
    end = time.monotonic() + TAKEN_S
    while (left_s := end - time.monotonic()) > 0:
        try:
            status = backend.link.call(Client.status, left_s)
            if status["kills"] and epoch in [row["epoch"] for row in status["kills"]]:
                rows = backend.link.call(lambda client: client.orders(live_only=True), max(left_s, LOOK_S))
                working = sum(in_scope(row, body.scope, body.key or "") for row in rows)
                return {"taken": True, "working": working}
        except ClientError:
            break
        time.sleep(LOOK_S)
    return {"taken": False, "working": None}


@router.post("/rearm", response_model=s.Approval, status_code=202, responses=answers(409))
def rearm(backend: Services, person: RiskPerson, body: s.Rearm) -> dict[str, Any]:
    """Ask that a killed or halted scope trade again; a second person approves it, with a code too."""
    need_scope_key(body.scope, body.key)
    need_scope(person, body.scope, body.key)
    need_totp(backend, person.name, body.totp)
    wanted = {"scope": body.scope, "key": body.key}
    return asdict(backend.approvals.ask("rearm", wanted, body.why, person.name))


# ---- approvals ---------------------------------------------------------------------------------------------


@router.get("/approvals", response_model=s.Approvals)
def approvals(
    backend: Services,
    viewer: Viewer,
    state: Annotated[str | None, Query(pattern="^(pending|approved|rejected|expired)$")] = None,
    most: Most = 500,
) -> dict[str, Any]:
    """What was asked for, the newest first."""
    found = backend.approvals.all(state, most)
    return {"approvals": [asdict(each) for each in found if viewer.may(_account_of(each))]}


@router.get("/approvals/{approval_id}", response_model=s.Approval, responses=answers(404))
def approval(backend: Services, viewer: Viewer, approval_id: RowId) -> dict[str, Any]:
    """One of them."""
    return asdict(_theirs(backend, viewer, approval_id))


def _theirs(backend: Services, person: Person, approval_id: int) -> two.Approval:
    """Refusal (404): there is none, or it is of somebody else's account."""
    found = backend.approvals.get(approval_id)
    if not person.may(_account_of(found)):
        raise missing("approval", str(approval_id), "GET /approvals lists them", "path.approval_id")
    return found


def _account_of(asked: two.Approval) -> str | None:
    """The account that it is about; None: more than one."""
    request = asked.request
    if asked.kind == "rearm":
        return request["key"] if request["scope"] == "account" else None
    return request.get("account")


@router.post("/approvals/{approval_id}/approve", response_model=s.Approval, responses=CORE | answers(404))
def approve(backend: Services, person: RiskPerson, approval_id: RowId, body: s.Decide) -> dict[str, Any]:
    """Do what another person asked for; a re-arm takes a code of one time."""

    def act(asked: two.Approval) -> None:
        if asked.kind == "rearm":
            need_totp(backend, person.name, body.totp)
            scope, key = asked.request["scope"], asked.request["key"] or ""
            backend.link.call(lambda client: client.rearm(scope, key, asked.by, person.name))
        elif asked.kind == KIND:
            booked(backend, asked, person.name)
        else:
            line = {**asked.request, "by": asked.by, "second": person.name}
            backend.link.call(lambda client: client.risk_set(line))

    _theirs(backend, person, approval_id)
    return asdict(backend.approvals.decide(approval_id, person.name, two.APPROVED, act))


@router.post("/approvals/{approval_id}/reject", response_model=s.Approval, responses=answers(404, 409))
def reject(backend: Services, person: RiskPerson, approval_id: RowId) -> dict[str, Any]:
    """It isn't done; who asked may take it back this way."""
    _theirs(backend, person, approval_id)
    return asdict(backend.approvals.decide(approval_id, person.name, two.REJECTED, lambda _asked: None))
