"""The map of engines and services, as a page draws it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from periphery.backend import engine_map as found
from periphery.backend.access import Viewer
from periphery.backend.problems import Refusal
from periphery.backend.routers import engines
from periphery.backend.routers.common import Services
from periphery.backend.schemas import engine_map as s
from periphery.backend.services import Backend
from periphery.client import Client, ClientError
from periphery.recorder.store import StoreError

router = APIRouter(prefix="/engines", tags=["engines"])
type Rows = list[dict[str, Any]]


@router.get("/map", response_model=s.EngineMap)
def engine_map(backend: Services, _viewer: Viewer) -> dict[str, Any]:
    """Every engine and service: placement, health, hop latency; rings, and what was lost or came again."""
    status: dict[str, Any] = {}
    told: dict[str, Any] = {"core": "", "rings": [], "sessions": []}
    try:
        status = backend.link.call(Client.status)
    except ClientError as error:
        told["core"] = str(error)
    stages = {row.pop("name"): row for row in engines.stages(status)} if status else {}
    for row in stages.values():
        del row["kind"]
    if status:
        told |= _core(backend, status, stages)
    return told | {"places": found.map_of(stages, _beside(backend, status))}


def _core(backend: Backend, status: dict[str, Any], stages: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What the core says of itself; each stage gets its times."""
    board = found.look(backend.socket)
    keys = s.SessionGaps.model_fields
    out: dict[str, Any] = {
        **{key: status[key] for key in ("placement", "seq", "events_per_s", "uptime_ns", "repeated")},
        "restarts": status["restarts"]["count"],
        "sessions": [{key: row[key] for key in keys} for row in status["sessions"]],
    }
    if board is None:
        return out
    for name, measured in found.times(board).items():
        if name in stages:
            stages[name] |= measured
    seq = board.seq
    out["unrecorded"] = max(seq - board.cursors()["journal"], 0)
    out["undurable"] = max(seq - board.counts()["durable"], 0)
    return out | {"rings": found.rings(board)}


def _beside(backend: Backend, status: dict[str, Any]) -> Rows:
    """All that isn't the core; who is named last counts. However many look, each is asked once a moment."""
    return [
        *backend.listening.get(lambda: _listening(backend)),
        *_strategies(backend, status),
        *backend.database_seen.get(lambda: _database(backend)),
        {"name": "backend", "state": "ready", "why": ""},
        *backend.probed.get(lambda: _probed(backend)),
    ]


def _listening(backend: Backend) -> Rows:
    listens = dict(backend.config.infrastructure)
    if backend.config.websocket:
        listens["websocket"] = backend.config.websocket
    return found.listening(listens)


def _probed(backend: Backend) -> Rows:
    local = [row for row in engines.local_parts(backend) if row["name"] != "core"]
    return [*local, *engines.services(backend.config.engines)]


def _strategies(backend: Backend, status: dict[str, Any]) -> Rows:
    started = backend.strategies.all()
    connected = {row["name"] for row in status.get("sessions", [])} & started.keys()
    if not started:
        return []
    ended = sorted(started.keys() - connected)
    state = "ready" if connected else "down"
    return [{"name": "strategy", "state": state, "why": f"ended: {', '.join(ended)}" if ended else ""}]


def _database(backend: Backend) -> Rows:
    if not backend.config.store:
        return []
    try:
        backend.history(lambda store: store.read("denials", {"source": backend.config.source}, 0, 1))
    except (Refusal, StoreError) as error:
        return [{"name": "database", "state": "down", "why": str(error)}]
    return [{"name": "database", "state": "ready", "why": ""}]
