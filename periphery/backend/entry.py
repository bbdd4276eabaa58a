"""Orders into the core, and what it answers first; each by the id that its key gives it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from periphery.backend.idempotency import Sent
from periphery.backend.link import Answer
from periphery.backend.problems import Problem, Refusal
from periphery.backend.services import Backend
from periphery.client import Client
from periphery.recorder.store import StoreError

DOUBLE = "duplicate_cl_ord_id"
NOT_YET = "unknown"
HINTS = {
    "killed": "a person re-arms the scope with a second one: POST /rearm",
    "halted": "a person re-arms the scope with a second one: POST /rearm",
    "no_limit": "a limit must be set before the account may trade: POST /limits",
    DOUBLE: "take another cl_ord_id",
}
HINT = "POST /orders/preview says what each limit leaves room for"


def submit(backend: Backend, line: Mapping[str, Any], cl_ord_id: str, again: bool) -> Sent:
    """A new order. ClientError."""
    if again and (found := _known(backend, cl_ord_id)) is not None:
        return found
    backend.link.expect(cl_ord_id)
    whole = {**line, "cl_ord_id": cl_ord_id}

    def ask(client: Client) -> None:
        client._session.learn([whole])  # its answers are of an order that this session knows
        client.send(whole)

    backend.link.call(ask)
    return _answered(backend, cl_ord_id)


def replace(
    backend: Backend, orig: str, qty: str | None, price: str | None, cl_ord_id: str, again: bool
) -> Sent:
    """Another quantity or price of an order. ClientError."""
    if again and (found := _known(backend, cl_ord_id, orig)) is not None:
        return found
    backend.link.expect(cl_ord_id)
    backend.link.call(lambda client: client.replace(orig, qty, price, cl_ord_id))
    return _answered(backend, cl_ord_id, orig)


def cancel(backend: Backend, orig: str, cl_ord_id: str, again: bool) -> Sent:
    """The end of an order. ClientError."""
    if again and (found := _known(backend, cl_ord_id, orig)) is not None:
        return found
    backend.link.expect(cl_ord_id)

    def ask(client: Client) -> None:
        if not client._session.knows_id(orig):
            client._session.learn(client.orders(live_only=False))
        client.cancel(orig, cl_ord_id)

    backend.link.call(ask)
    return _answered(backend, cl_ord_id, orig)


def _answered(backend: Backend, cl_ord_id: str, orig: str | None = None) -> Sent:
    """The first answer of the core; where none comes in time, the order may be there all the same."""
    found = backend.link.answer(cl_ord_id, backend.config.answer_s)
    if found is None:
        return Sent(202, _receipt(cl_ord_id, orig, NOT_YET, NOT_YET), final=False)
    if found["denied"] and found["reason"] == DOUBLE:
        return _known(backend, cl_ord_id, orig) or denied(cl_ord_id, DOUBLE)
    return of_answer(cl_ord_id, orig, found)


def of_answer(cl_ord_id: str, orig: str | None, found: Answer) -> Sent:
    """What is told of the core's answer."""
    if found["denied"]:
        return denied(cl_ord_id, found["reason"])
    if found["exec_type"] == "rejected":
        return denied(cl_ord_id, found["reason"] or "rejected", "the venue rejected it")
    return Sent(201, _receipt(cl_ord_id, orig, found["ord_status"], found["exec_type"]))


def denied(cl_ord_id: str, reason: str, message: str = "the core's risk denied it") -> Sent:
    """409, kept like any other answer: the same key doesn't try again."""
    body = Problem(
        code="denied",
        message=f"{cl_ord_id}: {message}: {reason}",
        reason=reason,
        hint=HINTS.get(reason, HINT),
        place="body",
    )
    return Sent(409, body.model_dump())


def _receipt(cl_ord_id: str, orig: str | None, ord_status: str, exec_type: str) -> dict[str, str | None]:
    about = {"cl_ord_id": cl_ord_id, "orig_cl_ord_id": orig}
    return about | {"ord_status": ord_status, "exec_type": exec_type}


def _known(backend: Backend, cl_ord_id: str, orig: str | None = None) -> Sent | None:
    """What became of an order that was sent before: by the core, else by the recorder. None: it wasn't."""
    for row in backend.link.call(lambda client: client.orders(live_only=False)):
        if row["cl_ord_id"] == cl_ord_id:
            return Sent(201, _receipt(cl_ord_id, orig, row["ord_status"], "order_status"))
    try:
        where = {"cl_ord_id": cl_ord_id, "source": backend.config.source}
        kept = backend.history(lambda store: store.read("order_events", where, most=1))
        no = backend.history(lambda store: store.read("denials", where, most=1))
    except (StoreError, Refusal):
        return None
    if kept:
        return Sent(201, _receipt(cl_ord_id, orig, kept[0]["ord_status"], kept[0]["exec_type"]))
    return denied(cl_ord_id, no[0]["reason"]) if no and no[0]["reason"] != DOUBLE else None
