"""A break that is booked away: somebody asks, a second person says yes, the core books a fill."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.positions.history import BadFile
from core.positions.reconcile import CLOSED, Break, Breaks
from periphery.backend.problems import Refusal, missing

KIND = "book"
BOOKED = "booked"
ID_MOST = 31


def bookable(file: Path, break_id: str) -> Break:
    """The break. Refusal: 404 there is none; 409 no fill books it, or it is settled."""
    try:
        kept = Breaks(file)
    except BadFile as error:
        raise Refusal(409, "bad_file", str(error), hint="move the file away", place="backend") from error
    found = kept.rows.get(break_id)
    if found is None:
        raise missing("break", break_id, "GET /reconciliation/breaks", "body.id")
    if found.status in (BOOKED, CLOSED):
        raise Refusal(
            409, found.status, f"{break_id} is {found.status}", hint="nothing is to be done", place="body.id"
        )
    if found.kind == "cash":
        hint = "explain it: POST /reconciliation/breaks/explain"
        raise Refusal(409, "cash", f"{break_id} is cash, which no fill books", hint=hint, place="body.id")
    return found


def fill_of(found: Break, venue: str, price: str, fee: str) -> dict[str, str]:
    """The fill that makes our position theirs; its id is of the break and the day, so it is booked once."""
    exec_id = f"{found.last_seen.replace('-', '')}-{found.what}"[:ID_MOST]
    return {
        "venue": venue, "exec_id": exec_id, "account": found.account, "symbol": found.what,
        "qty": found.difference, "price": price, "fee": fee,
    }  # fmt: skip


def still_that(file: Path, asked: Mapping[str, Any]) -> None:
    """Refusal (409): the break is another one by now than the one that a booking was asked for."""
    found = bookable(file, asked["id"])
    if found.difference != asked["fill"]["qty"]:
        why = f"{found.id} differs by {found.difference} now, not {asked['fill']['qty']}"
        raise Refusal(409, "changed", why, hint="ask for it anew", place="body.id")


def settled(file: Path, break_id: str, why: str, by: str) -> None:
    """The file of breaks says that it is booked. BadFile."""
    kept = Breaks(file)
    kept.settle(break_id, BOOKED, why, by)
    kept.save()
