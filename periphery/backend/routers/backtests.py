"""Backtests in a queue."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from fastapi import APIRouter

from periphery.backend.access import Trader, Viewer
from periphery.backend.problems import answers
from periphery.backend.routers.common import Most, RowId, Services
from periphery.backend.schemas import runs as s

router = APIRouter(prefix="/backtests", tags=["backtests"])


@router.get("", response_model=s.Backtests)
def backtests(backend: Services, _viewer: Viewer, most: Most = 100) -> dict[str, Any]:
    """All, the newest first."""
    return {"backtests": [asdict(run) for run in backend.backtests.all(most)]}


@router.post("", response_model=s.Backtest, status_code=202, responses=answers(404, 503))
def ask(backend: Services, trader: Trader, body: s.NewBacktest) -> dict[str, Any]:
    """Put one into the queue: a strategy's file of the folder, over recordings of the folder."""
    return asdict(backend.backtests.ask(body.model_dump(), trader.name))


@router.get("/data", response_model=s.Files)
def data(backend: Services, _viewer: Viewer) -> dict[str, Any]:
    """The recordings that may be played."""
    folder = backend.config.data
    found = Path(folder).iterdir() if folder else ()
    return {"files": sorted(p.name for p in found if p.is_file() and not p.name.startswith("."))}


@router.get("/{backtest_id}", response_model=s.Backtest, responses=answers(404))
def backtest(backend: Services, _viewer: Viewer, backtest_id: RowId) -> dict[str, Any]:
    """One, and how far it is."""
    return asdict(backend.backtests.get(backtest_id))


@router.get("/{backtest_id}/result", response_model=dict[str, Any], responses=answers(404, 409))
def result(backend: Services, _viewer: Viewer, backtest_id: RowId) -> dict[str, Any]:
    """What came of it: as nacre backtest -o json, and its first fills."""
    return backend.backtests.result(backtest_id)


@router.delete("/{backtest_id}", response_model=s.Backtest, responses=answers(404, 409))
def cancel(backend: Services, _trader: Trader, backtest_id: RowId) -> dict[str, Any]:
    """It waits or runs no more."""
    return asdict(backend.backtests.cancel(backtest_id))
