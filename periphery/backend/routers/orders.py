"""Orders: look, send, change, cancel, and what the core's risk would say."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from periphery.backend import entry
from periphery.backend.access import Trader, Viewer
from periphery.backend.idempotency import Sent
from periphery.backend.problems import answers, missing
from periphery.backend.routers.common import CORE, After, Key, Most, NameOf, OrderId, Services, kept_rows
from periphery.backend.schemas import orders as s
from periphery.backend.schemas.forms import Rows
from periphery.backend.schemas.risk import Preview

router = APIRouter(prefix="/orders", tags=["orders"])
REPLAYED = "Idempotent-Replay"
SENT: dict[int | str, dict[str, Any]] = {
    **CORE,
    202: {"model": s.Receipt, "description": "It is sent, and the core has said nothing yet."},
}


@router.get("", response_model=s.Orders, response_model_exclude_unset=True, responses=CORE)
def orders(
    backend: Services,
    _viewer: Viewer,
    account: NameOf | None = None,
    symbol: NameOf | None = None,
    live_only: bool = True,
    most: Annotated[int, Query(ge=1, le=10_000)] = 500,
) -> dict[str, Any]:
    """Orders of all sessions with their children, the newest first, as the core has them."""
    found = backend.link.call(lambda client: client.orders(account, symbol, live_only))
    return {"orders": found[:most], "more": len(found) > most}


@router.get("/history", response_model=Rows, responses=CORE)
def history(
    backend: Services,
    _viewer: Viewer,
    account: NameOf | None = None,
    symbol: NameOf | None = None,
    cl_ord_id: Annotated[str | None, Query(pattern=r"^[!-~]+$", max_length=39)] = None,
    after: After = 0,
    most: Most = 500,
) -> dict[str, Any]:
    """Each change of an order, out of the recorder's store."""
    where = {"account": account, "symbol": symbol, "cl_ord_id": cl_ord_id}
    return kept_rows(backend, "order_events", where, after, most)


@router.get("/fills", response_model=Rows, responses=CORE)
def fills(
    backend: Services,
    _viewer: Viewer,
    account: NameOf | None = None,
    symbol: NameOf | None = None,
    after: After = 0,
    most: Most = 500,
) -> dict[str, Any]:
    """Executions that hold, out of the recorder's store."""
    return kept_rows(backend, "executions", {"account": account, "symbol": symbol}, after, most)


@router.post("/preview", response_model=Preview, response_model_exclude_unset=True, responses=CORE)
def preview(backend: Services, _trader: Trader, body: s.NewOrder) -> dict[str, Any]:
    """What an order would be denied for now, and how much room each of its limits leaves. Nothing is sent."""
    return _payload(backend.link.call(lambda client: client.risk_explain(_line(body))))


@router.post("/cancel", status_code=202, response_class=Response, responses=CORE)
def cancel_all(backend: Services, _trader: Trader, body: s.CancelAll) -> None:
    """Cancel all working orders of a scope."""
    backend.link.call(lambda client: client.cancel_all(body.account, body.symbol, body.strategy))


@router.post("", response_model=s.Receipt, status_code=201, responses=SENT)
def submit(backend: Services, trader: Trader, body: s.NewOrder, key: Key) -> Response:
    """Send an order. The same key again gives the same answer and no second order, whenever it comes."""
    line = _line(body)
    return _answer(
        backend.idempotency.once(
            trader.name, key, _request("submit", line), lambda i, again: entry.submit(backend, line, i, again)
        )
    )


@router.get(
    "/{cl_ord_id}", response_model=s.Order, response_model_exclude_unset=True, responses=CORE | answers(404)
)
def order(backend: Services, _viewer: Viewer, cl_ord_id: OrderId) -> dict[str, Any]:
    """One order with its children, by its current id."""
    for row in backend.link.call(lambda client: client.orders(live_only=False)):
        if row["cl_ord_id"] == cl_ord_id:
            return row
    raise missing(
        "order", cl_ord_id, "GET /orders lists them, GET /orders/history former ids", "path.cl_ord_id"
    )


@router.patch("/{cl_ord_id}", response_model=s.Receipt, status_code=201, responses=SENT)
def replace(
    backend: Services, trader: Trader, cl_ord_id: OrderId, body: s.ReplaceOrder, key: Key
) -> Response:
    """Ask for another quantity or price; the order's new id is in the answer."""
    values = {"orig": cl_ord_id, "qty": body.order_qty, "price": body.price}
    return _answer(
        backend.idempotency.once(
            trader.name,
            key,
            _request("replace", values),
            lambda i, again: entry.replace(backend, cl_ord_id, body.order_qty, body.price, i, again),
        )
    )


@router.delete("/{cl_ord_id}", response_model=s.Receipt, status_code=201, responses=SENT)
def cancel(backend: Services, trader: Trader, cl_ord_id: OrderId, key: Key) -> Response:
    """Ask to cancel."""
    return _answer(
        backend.idempotency.once(
            trader.name,
            key,
            _request("cancel", {"orig": cl_ord_id}),
            lambda i, again: entry.cancel(backend, cl_ord_id, i, again),
        )
    )


def _line(body: s.NewOrder) -> dict[str, Any]:
    """As a scenario's order line."""
    return {key: value for key, value in body.model_dump().items() if value is not None}


def _request(what: str, values: dict[str, Any]) -> str:
    return json.dumps([what, values], sort_keys=True)


def _answer(sent: Sent) -> JSONResponse:
    return JSONResponse(dict(sent.body), sent.status, {REPLAYED: "true" if sent.replayed else "false"})


def _payload(answer: dict[str, Any]) -> dict[str, Any]:
    return {"denied": answer["denied"], "limits": answer["limits"]}
