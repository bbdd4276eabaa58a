"""The market of a symbol as a desk looks at it, where an order would go, and how the core is now."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query

from periphery.backend.access import Anyone, Trader, Viewer
from periphery.backend.bars import EVERY_S
from periphery.backend.problems import Refusal, answers, missing
from periphery.backend.route import Level, levels_of, planned
from periphery.backend.routers.common import CORE, NameOf, Services
from periphery.backend.schemas import market as s
from periphery.backend.schemas.orders import NewOrder
from periphery.backend.services import Backend
from periphery.client import Client, ClientError
from periphery.client.directory import Symbol

router = APIRouter(tags=["market"])
SIDES = {"buy": "bid", "sell": "ask"}


@router.get("/now", response_model=s.Now)
def now(backend: Services, _anyone: Anyone) -> dict[str, Any]:
    """In one answer what every page shows above all else: is the core there, is it live, is it killed."""
    told: dict[str, Any] = {"core": "", "seq": None, "live": None, "kills": None}
    try:
        status, told["live"] = backend.link.call(lambda client: (client.status(), client.is_live))
        told |= {"seq": status["seq"], "kills": len(status["kills"])}
    except ClientError as error:
        told["core"] = str(error)
    about = {"read_only": backend.read_only, "stream": bool(backend.config.websocket)}
    return told | about | {"time_ns": time.time_ns()}


@router.get("/market/levels", response_model=s.Levels, responses=CORE | answers(404))
def levels(backend: Services, _viewer: Viewer, symbol: NameOf) -> dict[str, Any]:
    """What each venue shows of a symbol."""
    found = _levels(backend, symbol)[1]
    rows = [{"venue": v, "side": SIDES[side], "px": str(px), "qty": str(qty)} for v, side, px, qty in found]
    return {"symbol": symbol, "levels": rows}


@router.get("/market/bars", response_model=s.Bars, responses=CORE | answers(404))
def bars(
    backend: Services,
    _viewer: Viewer,
    symbol: NameOf,
    every_s: Annotated[int, Query(description=f"One of {', '.join(map(str, EVERY_S))}.")] = EVERY_S[0],
) -> dict[str, Any]:
    """Bars of the mid since the backend began, the oldest first."""
    if every_s not in EVERY_S:
        hint = f"one of {', '.join(map(str, EVERY_S))}"
        raise Refusal(409, "bad_length", f"no bars of {every_s} s", hint=hint, place="query.every_s")
    backend.link.call(lambda client: _symbol(client, symbol))
    found = backend.link.bars.of(symbol, every_s)
    rows = [{"start_s": bar.start_s} | {k: f"{getattr(bar, k):f}" for k in bar._fields[1:]} for bar in found]
    return {"symbol": symbol, "every_s": every_s, "bars": rows}


@router.post("/orders/route", response_model=s.Route, responses=CORE | answers(404))
def route(backend: Services, trader: Trader, body: NewOrder) -> dict[str, Any]:
    """Where an order would go by the books of now, by its policy; ties go to the venue declared first.

    Fees and facts that the router knows of venues aren't in it. Nothing is sent.
    """
    trader.need(body.account)
    symbol, found = _levels(backend, body.symbol)
    if body.venue is not None:
        found = [level for level in found if level[0] == body.venue]
    legs = planned(symbol, found, body.model_dump())
    sent = sum((Decimal(leg["qty"]) for leg in legs), Decimal(0))
    value = sum((Decimal(leg["qty"]) * Decimal(leg["price"]) for leg in legs), Decimal(0))
    return {
        "legs": legs,
        "left": f"{Decimal(body.order_qty) - sent:f}",
        "notional": f"{value * symbol.multiplier / 10**symbol.multiplier_precision:f}",
        "currency": symbol.currency,
    }


def _levels(backend: Backend, name: str) -> tuple[Symbol, list[Level]]:
    """Refusal (404): no such symbol. ClientError."""

    def ask(client: Client) -> tuple[Symbol, list[Level]]:
        symbol = _symbol(client, name)
        return symbol, levels_of(client, symbol)

    return backend.link.call(ask)


def _symbol(client: Client, name: str) -> Symbol:
    for symbol in client.directory.symbols:
        if symbol.name == name:
            return symbol
    raise missing("symbol", name, "GET /reference lists them", "symbol")
