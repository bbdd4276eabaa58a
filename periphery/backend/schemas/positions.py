"""Positions and profit."""

from __future__ import annotations

from periphery.backend.schemas.forms import Told


class Position(Told):
    account: str
    symbol: str
    currency: str
    qty: str
    avg_cost: str
    realized_pnl: str
    unrealized_pnl: str | None
    fees: str


class Positions(Told):
    positions: list[Position]


class Account(Told):
    """In the account's currency; None: a rate is missing."""

    account: str
    currency: str
    cash: dict[str, str]
    equity: str | None
    realized_pnl: str | None
    unrealized_pnl: str | None
    fees: str | None


class Pnl(Told):
    accounts: list[Account]
