"""Book a break: it waits for a second person, who approves it as any other approval."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from periphery.backend import booking
from periphery.backend.access import WholeRiskPerson
from periphery.backend.approvals import Approval
from periphery.backend.problems import answers
from periphery.backend.routers import reconciliation
from periphery.backend.routers.common import Services
from periphery.backend.schemas import booking as s
from periphery.backend.schemas.risk import Approval as ToldApproval
from periphery.backend.services import Backend

router = APIRouter(prefix="/reconciliation", tags=["reconciliation"])


@router.post("/breaks/book", status_code=202, response_model=ToldApproval, responses=answers(404, 409))
def book(backend: Services, person: WholeRiskPerson, body: s.BookBreak) -> dict[str, Any]:
    """Ask that a break's difference be booked at a price; the next file shows whether it agrees."""
    with reconciliation.turn:
        found = booking.bookable(reconciliation.file_of(backend), body.id)
    wanted = {"id": body.id, "fill": booking.fill_of(found, body.venue, body.price, body.fee)}
    return asdict(backend.approvals.ask(booking.KIND, wanted, body.why, person.name))


def booked(backend: Backend, asked: Approval, second: str) -> None:
    """What an approval does. The event has who asked; the file of breaks both.

    ClientError, Refusal: it can't be booked, and the approval waits on.
    """
    file = reconciliation.file_of(backend)
    with reconciliation.turn:
        booking.still_that(file, asked.request)
        backend.link.call(lambda client: client.book({**asked.request["fill"], "by": asked.by}))
        booking.settled(file, asked.request["id"], asked.why, f"{asked.by}, {second}")
