"""What each order's executions cost, and where it went."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from periphery.backend import costs
from periphery.backend.access import Viewer
from periphery.backend.routers.common import CORE, Most, NameOf, Services
from periphery.backend.routers.journals import folder_of
from periphery.backend.schemas import costs as s

router = APIRouter(prefix="/tca", tags=["journals"])


@router.get("/orders", response_model=s.OrderCosts, responses=CORE)
def order_costs(
    backend: Services,
    viewer: Viewer,
    account: NameOf | None = None,
    symbol: NameOf | None = None,
    most: Most = 200,
) -> dict[str, Any]:
    """Slippage, shortfall, markouts of each order, and its venues; the state of every venue. Who hasn't all
    accounts names one.
    """
    viewer.need(account, "query.account")
    found: dict[str, Any] = backend.tasks.run(
        costs.order_costs, folder_of(backend), most, account, symbol, kept=True
    )
    return found
