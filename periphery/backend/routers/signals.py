"""Signals: values that are said to strategies by a name, in the core's journal."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fastapi import APIRouter

from periphery.backend.access import WholeTrader, WholeViewer
from periphery.backend.problems import answers
from periphery.backend.routers.common import CORE, After, Most, NameOf, Services, kept_rows
from periphery.backend.schemas import signals as s
from periphery.backend.schemas.forms import Rows
from periphery.client import Client

router = APIRouter(prefix="/strategies/signals", tags=["strategies"])


@router.get("", response_model=Rows, responses=CORE)
def signals(
    backend: Services, viewer: WholeViewer, name: NameOf | None = None, after: After = 0, most: Most = 500
) -> dict[str, Any]:
    """What was said, out of the recorder's store."""
    return kept_rows(backend, "signals", {"name": name}, after, most, viewer)


@router.post("", status_code=204, responses=CORE | answers(404))
def say(backend: Services, _trader: WholeTrader, body: s.Say) -> None:
    """Say a value to every strategy."""

    def told(client: Client) -> None:
        client.signal(body.name, Decimal(body.value), body.symbol)

    backend.link.call(told)
