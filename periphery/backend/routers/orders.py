"""Orders: look, send, change, cancel, and what the core's risk would say."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from periphery.backend import entry
from periphery.backend.access import Person, Trader, Viewer
from periphery.backend.idempotency import Sent
from periphery.backend.problems import Refusal, answers, missing
from periphery.backend.routers.common import CORE, After, Key, Most, NameOf, OrderId, Services, kept_rows
from periphery.backend.schemas import orders as s
from periphery.backend.schemas.forms import Rows
from periphery.backend.schemas.risk import Preview
from periphery.recorder.store import StoreError

router = APIRouter(prefix="/orders", tags=["orders"])
REPLAYED = "Idempotent-Replay"
SENT: dict[int | str, dict[str, Any]] = {
    **CORE,
    202: {"model": s.Receipt, "description": "It is sent, and the core has said nothing yet."},
}


@router.get("", response_model=s.Orders, response_model_exclude_unset=True, responses=CORE)
def orders(
    backend: Services,
    viewer: Viewer,
    account: NameOf | None = None,
    symbol: NameOf | None = None,
    live_only: bool = True,
    most: Annotated[int, Query(ge=1, le=10_000)] = 500,
) -> dict[str, Any]:
    """Orders of all sessions with their children, the newest first, as the core has them."""
    if account is not None:
        viewer.need(account, "query.account")
    found = viewer.theirs(backend.link.call(lambda client: client.orders(account, symbol, live_only)))
    return {"orders": found[:most], "more": len(found) > most}


@router.get("/history", response_model=Rows, responses=CORE)
def history(
    backend: Services,
    viewer: Viewer,
    account: NameOf | None = None,
    symbol: NameOf | None = None,
    cl_ord_id: Annotated[str | None, Query(pattern=r"^[!-~]+$", max_length=39)] = None,
    after: After = 0,
    most: Most = 500,
) -> dict[str, Any]:
    """Each change of an order, out of the recorder's store."""
    where = {"account": account, "symbol": symbol, "cl_ord_id": cl_ord_id}
    return kept_rows(backend, "order_events", where, after, most, viewer)


@router.get("/fills", response_model=Rows, responses=CORE)
def fills(
    backend: Services,
    viewer: Viewer,
    account: NameOf | None = None,
    symbol: NameOf | None = None,
    after: After = 0,
    most: Most = 500,
) -> dict[str, Any]:
    """Executions that hold, out of the recorder's store."""
    return kept_rows(backend, "executions", {"account": account, "symbol": symbol}, after, most, viewer)


@router.post("/preview", response_model=Preview, response_model_exclude_unset=True, responses=CORE)
def preview(backend: Services, trader: Trader, body: s.NewOrder) -> dict[str, Any]:
    """What an order would be denied for now, and how much room each of its limits leaves. Nothing is sent."""
    trader.need(body.account)
    return _payload(backend.link.call(lambda client: client.risk_explain(_line(body))))


@router.post("/cancel", status_code=202, response_class=Response, responses=CORE)
def cancel_all(backend: Services, trader: Trader, body: s.CancelAll) -> None:
    """Cancel all working orders of a scope."""
    trader.need(body.account)
    backend.link.call(lambda client: client.cancel_all(body.account, body.symbol, body.strategy))


@router.post("", response_model=s.Receipt, status_code=201, responses=SENT)
def submit(backend: Services, trader: Trader, body: s.NewOrder, key: Key) -> Response:
    """Send an order. The same key again gives the same answer and no second order, whenever it comes."""
    trader.need(body.account)
    line = _line(body)
    return _answer(
        backend.idempotency.once(
            trader.name, key, _request("submit", line), lambda i, again: entry.submit(backend, line, i, again)
        )
    )


@router.get(
    "/{cl_ord_id}", response_model=s.Order, response_model_exclude_unset=True, responses=CORE | answers(404)
)
def order(backend: Services, viewer: Viewer, cl_ord_id: OrderId) -> dict[str, Any]:
    """One order with its children, by its current id."""
    return _order(backend, viewer, cl_ord_id)


@router.patch("/{cl_ord_id}", response_model=s.Receipt, status_code=201, responses=SENT | answers(404))
def replace(
    backend: Services, trader: Trader, cl_ord_id: OrderId, body: s.ReplaceOrder, key: Key
) -> Response:
    """Ask for another quantity or price; the order's new id is in the answer."""
    _need_theirs(backend, trader, cl_ord_id)
    values = {"orig": cl_ord_id, "qty": body.order_qty, "price": body.price}
    return _answer(
        backend.idempotency.once(
            trader.name,
            key,
            _request("replace", values),
            lambda i, again: entry.replace(backend, cl_ord_id, body.order_qty, body.price, i, again),
        )
    )


@router.delete("/{cl_ord_id}", response_model=s.Receipt, status_code=201, responses=SENT | answers(404))
def cancel(backend: Services, trader: Trader, cl_ord_id: OrderId, key: Key) -> Response:
    """Ask to cancel."""
    _need_theirs(backend, trader, cl_ord_id)
    return _answer(
        backend.idempotency.once(
            trader.name,
            key,
            _request("cancel", {"orig": cl_ord_id}),
            lambda i, again: entry.cancel(backend, cl_ord_id, i, again),
        )
    )


def _order(backend: Services, person: Person, cl_ord_id: str) -> dict[str, Any]:
    """Refusal (404): there is none by that id among theirs."""
    for row in person.theirs(backend.link.call(lambda client: client.orders(live_only=False))):
        if row["cl_ord_id"] == cl_ord_id:
            return row
    raise missing(
        "order", cl_ord_id, "GET /orders lists them, GET /orders/history former ids", "path.cl_ord_id"
    )


def _need_theirs(backend: Services, person: Person, cl_ord_id: str) -> None:
    """Of who hasn't all accounts. An id that a change of the order has taken away since is in the store.

    Refusal (404): an order of somebody else is none that there is.
    """
    if person.accounts is None:
        return
    try:
        _order(backend, person, cl_ord_id)
    except Refusal:
        where = {"cl_ord_id": cl_ord_id, "source": backend.config.source}
        try:
            kept = backend.history(lambda store: store.read("order_events", where, most=1))
        except (StoreError, Refusal):
            kept = []
        if not person.theirs(kept):
            raise


def _line(body: s.NewOrder) -> dict[str, Any]:
    """As a scenario's order line."""
    return {key: value for key, value in body.model_dump().items() if value is not None}


def _request(what: str, values: dict[str, Any]) -> str:
    return json.dumps([what, values], sort_keys=True)


def _answer(sent: Sent) -> JSONResponse:
    return JSONResponse(dict(sent.body), sent.status, {REPLAYED: "true" if sent.replayed else "false"})


def _payload(answer: dict[str, Any]) -> dict[str, Any]:
    return {"denied": answer["denied"], "limits": answer["limits"]}
