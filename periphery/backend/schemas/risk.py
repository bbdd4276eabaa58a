"""Limits, kills, and what takes two people."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from core.scenario import schema as words
from periphery.backend.schemas.forms import (
    Amount,
    Asked,
    Check,
    Code,
    Each,
    KillScope,
    Name,
    OneOf,
    RearmScope,
    Told,
    Words,
)


class LimitScope(Asked):
    account: Name | None = None
    strategy: Name | None = None
    symbol: Name | None = None
    venue: Name | None = None
    session: Name | None = None
    sector: Name | None = None
    group: Name | None = None


class NewLimit(LimitScope):
    """As a scenario's limit line; `value` "off" removes it."""

    check: Check
    value: Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[!-~]+$")]
    each: Each | None = None
    currency: Name | None = None
    window_s: Amount | None = None
    soft: bool | None = None
    action: Annotated[str, OneOf(*words.LIMIT_ACTIONS)] | None = None
    why: Words


class Limit(Told):
    check: str
    value: str
    account: str | None = None
    strategy: str | None = None
    symbol: str | None = None
    venue: str | None = None
    session: str | None = None
    sector: str | None = None
    group: str | None = None
    each: str | None = None
    currency: str | None = None
    window_s: str | None = None
    soft: bool | None = None
    action: str | None = None


class UsedLimit(Limit):
    used: str | None = None
    percent: float | None = None


class ScopeState(Told):
    """reason: of a venue that the core halted, the break between the two; else ""."""

    scope: str
    key: str | None
    state: str
    reason: str


class Risk(Told):
    """limits: those in force; usage: how much of each is used, of an `each` limit a row a key."""

    limits: list[Limit]
    usage: list[UsedLimit]
    states: list[ScopeState]


class TestedLimit(Limit):
    limit: str | None
    passes: bool
    reason: str | None = None
    room: str | None = None

    value: str | None  # type: ignore[assignment]


class Preview(Told):
    """denied: the reason for which this order would be denied now; None: it would pass."""

    denied: str | None
    limits: list[TestedLimit]


class Kill(Asked):
    """confirm: "KILL", so that no other call does it by mistake."""

    scope: KillScope
    key: Name | None = None
    confirm: Annotated[str, OneOf("KILL")]


class Killed(Told):
    """epoch: of the kill page, in force when this is answered. taken: the core has sequenced it. working:
    orders of the scope that still worked by then; None: the core said nothing."""

    scope: str
    key: str | None
    epoch: int
    taken: bool
    working: int | None


class KillInForce(Told):
    epoch: int
    scope: str
    key: str | None
    by: str
    at_ns: int


class Kills(Told):
    kills: list[KillInForce]


class Rearm(Asked):
    scope: RearmScope
    key: Name | None = None
    totp: Code
    why: Words


class Decide(Asked):
    totp: Code | None = Field(default=None, description="Of a re-arm, to approve it.")


class Approval(Told):
    id: int
    kind: str
    request: dict[str, Any]
    why: str
    state: str
    by: str
    made_ns: int
    until_ns: int
    second: str
    decided_ns: int


class Approvals(Told):
    approvals: list[Approval]


class LimitSet(Told):
    """applied: it is in force. approval: it loosens something, and waits for a second person."""

    applied: bool
    loosens: str
    approval: Approval | None
