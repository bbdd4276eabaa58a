"""Reconciliation, journals, what executions cost."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from periphery.backend.schemas.forms import Asked, Date, Decimal, Name, Told, Words


class BookRow(Asked):
    """qty: of a symbol its quantity, of a currency the cash."""

    account: Name
    symbol: Name
    qty: Decimal


class Reconcile(Asked):
    rows: list[BookRow] = Field(min_length=1, max_length=10_000)
    date: Date | None = Field(default=None, description="Of the file. None: of the journal's last event.")


class Break(Told):
    id: str
    account: str
    what: str
    kind: str
    ours: str
    theirs: str
    difference: str
    first_seen: str
    last_seen: str
    status: str
    explanation: str
    by: str
    hints: list[str]
    age_days: int


class Reconciled(Told):
    date: str
    breaks: list[Break]
    open: int


class Explain(Asked):
    id: Annotated[str, StringConstraints(min_length=3, max_length=80)] = Field(description="account/symbol")
    why: Words


class Journal(Told):
    """As nacre journal info."""

    path: str
    segments: int
    bytes: int
    records: int
    first_sequence: int
    last_sequence: int
    schema_version: int
    build_id: str
    same_build: bool
    run_epoch: int
    events: dict[str, int]


class Verified(BaseModel):
    """As nacre journal verify."""

    model_config = ConfigDict(extra="allow")

    ok: bool


class Tca(BaseModel):
    """As nacre tca report -o json: docs/analytics.md has every figure."""

    model_config = ConfigDict(extra="allow")

    until: str
    total: list[dict[str, Any]]
