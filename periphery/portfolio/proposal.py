"""A proposal: orders that somebody made of target weights, as a file that a second person approves.

Its id is a digest of all that is proposed, and the orders' ids are made of it: what was approved is what is
sent, and sent again it is the same orders, which the core takes once.
"""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

VERSION = 1
_ID_BYTES = 10
SECOND_NS = 10**9


class BadProposal(ValueError):
    """A file that is none, or one that may not be sent; the message says why, and what to do."""


class Approval(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    by: str
    at: str
    id: str
    """Of what was approved."""


class Content(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is proposed. Numbers of money, prices and quantities are decimal text.

    orders: as the order lines of a scenario, without ids. checks: for each order what the core's risk would
    deny it for (or nothing), and the limits that it would meet. concerns: what else speaks against it.
    """

    by: str
    made_ns: int
    valid_s: float
    account: str
    currency: str
    equity: str
    cash: str
    weights: dict[str, str]
    prices: dict[str, dict[str, str]]
    orders: list[dict[str, str]]
    checks: list[dict[str, Any]]
    concerns: list[str]
    notional: str
    turnover: str
    cost: str


class Proposal(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    version: int = VERSION
    id: str
    content: Content
    approvals: list[Approval] = []

    @property
    def lines(self) -> list[dict[str, str]]:
        """The orders, each with its cl_ord_id."""
        return [{"cl_ord_id": f"pf-{self.id}-{n}", **line} for n, line in enumerate(self.content.orders, 1)]

    @property
    def denied(self) -> list[str]:
        """What the core's risk would deny, as it was when it was made."""
        return [
            f"{line['side']} {line['order_qty']} {line['symbol']}: {check['denied']}"
            for line, check in zip(self.content.orders, self.content.checks, strict=True)
            if check["denied"]
        ]


def digest(content: Content) -> str:
    """Of everything in it."""
    raw = msgspec.json.encode(content, order="deterministic")
    return hashlib.blake2b(raw, digest_size=_ID_BYTES).hexdigest()


def made(content: Content) -> Proposal:
    """A proposal that nobody has approved."""
    return Proposal(id=digest(content), content=content)


def write(path: Path, proposal: Proposal) -> None:
    """In the place of the one before, whole or not at all."""
    draft = path.with_name(f"{path.name}.part")
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(proposal)) + b"\n")
    draft.replace(path)


def read(path: Path) -> Proposal:
    """BadProposal: it is none, or was changed since it was made."""
    try:
        proposal = msgspec.json.decode(path.read_bytes(), type=Proposal)
    except (OSError, msgspec.MsgspecError) as error:
        raise BadProposal(f"{path}: {error}") from error
    if proposal.version != VERSION:
        raise BadProposal(f"{path}: version {proposal.version}, not {VERSION}: make it again")
    if proposal.id != digest(proposal.content):
        raise BadProposal(f"{path}: its content isn't that of its id: it was changed; make it again")
    return proposal


def approve(proposal: Proposal, by: str) -> None:
    """Somebody else says yes. BadProposal: it is who made it, or nobody; it is over, or can't be sent."""
    _named(by)
    if _same(by, proposal.content.by):
        raise BadProposal(f"{by} made it: a second person approves")
    _current(proposal)
    if not proposal.content.orders:
        raise BadProposal("no orders: there is nothing to approve")
    proposal.approvals.append(Approval(by.strip(), datetime.now(UTC).isoformat(), proposal.id))


def need_approved(proposal: Proposal) -> None:
    """BadProposal: it may not be sent."""
    _current(proposal)
    found = [a for a in proposal.approvals if a.id == proposal.id and not _same(a.by, proposal.content.by)]
    if not found:
        raise BadProposal(
            f"nobody but {proposal.content.by} has said yes: nacre portfolio approve FILE --by NAME"
        )


def _current(proposal: Proposal) -> None:
    age_s = (time.time_ns() - proposal.content.made_ns) / SECOND_NS
    if age_s > proposal.content.valid_s:
        raise BadProposal(
            f"made {age_s:,.0f} s ago, valid for {proposal.content.valid_s:,.0f}: make it again"
        )


def _named(by: str) -> None:
    if not by.strip():
        raise BadProposal("--by: say who it is")


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()
