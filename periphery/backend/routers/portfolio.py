"""Target weights to orders: preview, a second person's yes, sent."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any

from fastapi import APIRouter, Path

from periphery.backend.access import Person, RiskPerson, Trader, Viewer
from periphery.backend.portfolios import none_such
from periphery.backend.problems import answers
from periphery.backend.routers.common import CORE, Services
from periphery.backend.schemas import portfolios as s
from periphery.backend.services import Backend
from periphery.portfolio.desk import Wish

router = APIRouter(prefix="/portfolio", tags=["portfolio"])
ProposalId = Annotated[str, Path(pattern=r"^[0-9a-f]{20}$")]


@router.get("", response_model=s.ProposedAll, responses=answers(409))
def proposals(backend: Services, viewer: Viewer) -> dict[str, Any]:
    """What was proposed, the newest first, and what became of it."""
    return {"proposals": viewer.theirs(backend.portfolios.all())}


@router.post("", response_model=s.Proposed, status_code=201, responses=CORE)
def preview(backend: Services, trader: Trader, body: s.PreviewPortfolio) -> dict[str, Any]:
    """The orders that would bring these weights about, with what they cost and what risk would deny; nothing
    is sent.
    """
    trader.need(body.account)
    wish = Wish(
        trader.name,
        body.account,
        Fraction(body.commission_bps),
        Fraction(body.least_notional),
        None if body.limit_bps is None else Fraction(body.limit_bps),
    )
    return backend.portfolios.preview(body.weights, wish)


@router.post("/{proposal_id}/approve", response_model=s.Proposed, responses=answers(404, 409))
def approve(backend: Services, person: RiskPerson, proposal_id: ProposalId) -> dict[str, Any]:
    """Somebody else than who made it says yes to exactly this."""
    _need(backend, person, proposal_id)
    return backend.portfolios.approve(proposal_id, person.name)


@router.post("/{proposal_id}/send", response_model=s.SentPortfolio, responses=CORE | answers(404))
def send(backend: Services, trader: Trader, proposal_id: ProposalId) -> dict[str, Any]:
    """Its orders, through the core's risk like anybody's; sent again nothing happens."""
    _need(backend, trader, proposal_id)
    return {"orders": backend.portfolios.send(proposal_id)}


def _need(backend: Backend, person: Person, proposal_id: str) -> None:
    """Refusal (404): there is none, or it is of somebody else's account."""
    if not person.may(backend.portfolios.account(proposal_id)):
        raise none_such(proposal_id)
