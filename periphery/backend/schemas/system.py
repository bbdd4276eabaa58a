"""Reference data, engines, the audit, modes."""

from __future__ import annotations

from typing import Annotated, Any

from periphery.backend.schemas.forms import Asked, OneOf, Told


class Instrument(Told):
    name: str
    kind: str
    price_precision: int
    qty_precision: int
    tick: str
    lot: str
    currency: str
    venues: list[str]


class Reference(Told):
    live: bool
    instruments: list[Instrument]
    venues: list[str]
    accounts: list[dict[str, str]]
    strategies: list[str]


class Engine(Told):
    """kind: stage (of the core), service (by its probes), or part (of nacre up --local)."""

    name: str
    kind: Annotated[str, OneOf("stage", "service", "part")]
    state: str
    why: str
    pid: int | None = None
    seq: int | None = None
    behind: int | None = None
    where: str | None = None
    wait: str | None = None


class Engines(Told):
    """core: empty, or why it isn't there."""

    core: str
    seq: int | None
    events_per_s: int | None
    engines: list[Engine]


class AuditRow(Told):
    n: int
    time_ns: int
    who: str
    via: str
    address: str
    action: str
    path: str
    status: int
    detail: dict[str, Any]
    hash: str


class AuditRows(Told):
    rows: list[AuditRow]
    next_after: int | None


class AuditChecked(Told):
    """broken_at: the first row that isn't what was written; 0: none."""

    ok: bool
    broken_at: int


class Mode(Told):
    """live: orders can reach a market; None: the core says nothing."""

    read_only: bool
    live: bool | None


class SetMode(Asked):
    read_only: bool


class Probe(Told):
    ok: bool
    why: str
