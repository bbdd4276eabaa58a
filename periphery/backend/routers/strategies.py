"""Strategies beside the core: start, parameters, stop."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path

from periphery.backend import link
from periphery.backend.access import Viewer, WholeTrader
from periphery.backend.problems import answers, missing
from periphery.backend.routers.common import CORE, Services
from periphery.backend.schemas import runs as s
from periphery.backend.services import Backend
from periphery.client import Client

router = APIRouter(prefix="/strategies", tags=["strategies"])
Session = Annotated[str, Path(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,30}$")]


@router.get("", response_model=s.Strategies, responses=CORE)
def strategies(backend: Services, _viewer: Viewer) -> dict[str, Any]:
    """The files that may be started, the processes that were, and the core's sessions."""
    sessions = {row["name"]: row for row in backend.link.call(Client.status)["sessions"]}
    started = backend.strategies.all()
    names = sorted(sessions.keys() | started.keys())
    told = [_told(name, sessions, started) for name in names if name != link.NAME]
    return {"files": backend.strategies.files(), "strategies": told}


@router.post("", response_model=s.Strategy, status_code=201, responses=CORE | answers(404))
def start(backend: Services, _trader: WholeTrader, body: s.StartStrategy) -> dict[str, Any]:
    """Start a strategy's file, as a process of its own that goes on without the backend."""
    started = backend.strategies.start(body.file, body.session, body.params, body.name)
    return {"connected": False, **started}


@router.put("/{session}/params", status_code=204, responses=CORE | answers(404))
def set_params(backend: Services, _trader: WholeTrader, session: Session, body: s.Params) -> None:
    """Other parameters for one that runs; what it can't take is in its log."""
    _need(backend, session)
    backend.link.call(lambda client: link.set_params(client, session, body.params))


@router.post("/{session}/stop", status_code=202, responses=CORE | answers(404), response_model=s.Strategy)
def stop(backend: Services, _trader: WholeTrader, session: Session) -> dict[str, Any]:
    """Stop one in order, as SIGTERM does: it cancels its orders, and its process ends."""
    sessions = _need(backend, session)
    backend.link.call(lambda client: link.stop_strategy(client, session))
    return _told(session, sessions, backend.strategies.all())


def _need(backend: Backend, session: str) -> dict[str, Any]:
    """The core's sessions. Refusal (404): that isn't one of them."""
    sessions = {row["name"]: row for row in backend.link.call(Client.status)["sessions"]}
    if session not in sessions or session == link.NAME:
        raise missing("strategy", session, "GET /strategies lists them", "path.session")
    return sessions


def _told(name: str, sessions: dict[str, Any], started: dict[str, Any]) -> dict[str, Any]:
    counts = {key: sessions[name][key] for key in ("requests", "responses")} if name in sessions else {}
    return {"session": name, "connected": name in sessions, **started.get(name, {}), **counts}
