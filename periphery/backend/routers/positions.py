"""Positions and profit, as the core's position keeper has them, and how they came to be."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from periphery.backend.access import Viewer
from periphery.backend.routers.common import CORE, After, Most, NameOf, Services, kept_rows
from periphery.backend.schemas import positions as s
from periphery.backend.schemas.forms import Rows
from periphery.client import Client

router = APIRouter(tags=["positions"])


@router.get("/positions", response_model=s.Positions, responses=CORE)
def positions(
    backend: Services, viewer: Viewer, account: NameOf | None = None, symbol: NameOf | None = None
) -> dict[str, Any]:
    """Every position ever touched, by account, then symbol."""
    if account is not None:
        viewer.need(account, "query.account")
    rows = viewer.theirs(backend.link.call(Client.positions)["positions"])
    return {
        "positions": [
            row for row in rows if account in (None, row["account"]) and symbol in (None, row["symbol"])
        ]
    }


@router.get("/positions/history", response_model=Rows, responses=CORE)
def history(
    backend: Services,
    viewer: Viewer,
    account: NameOf | None = None,
    symbol: NameOf | None = None,
    after: After = 0,
    most: Most = 500,
) -> dict[str, Any]:
    """A position and its profit after each change, out of the recorder's store."""
    return kept_rows(backend, "position_events", {"account": account, "symbol": symbol}, after, most, viewer)


@router.get("/pnl", response_model=s.Pnl, responses=CORE)
def pnl(backend: Services, viewer: Viewer, account: NameOf | None = None) -> dict[str, Any]:
    """Each account: cash, equity, realised and unrealised profit, fees."""
    if account is not None:
        viewer.need(account, "query.account")
    rows = viewer.theirs(backend.link.call(Client.positions)["accounts"])
    return {"accounts": [row for row in rows if account in (None, row["account"])]}
