"""Strategies and backtests."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints
from pydantic.config import JsonDict

from periphery.backend.schemas.forms import WHOLE, Amount, Asked, Decimal, FileName, Name, OneOf, Told

NO_OTHER_KEYS: JsonDict = {"additionalProperties": False}
"""Keys of another form are refused: pydantic's schema alone doesn't say so."""


class StartStrategy(Asked):
    file: FileName
    session: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,30}$")]
    params: dict[Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,15}$")], Name] = Field(
        default={}, max_length=32, json_schema_extra=NO_OTHER_KEYS
    )
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")] | None = Field(
        default=None, description="The class, where the file has several."
    )


class Params(Asked):
    params: dict[
        Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,15}$")],
        Annotated[str, StringConstraints(pattern=r"^[!-~]+$", max_length=20)],
    ] = Field(min_length=1, max_length=32, json_schema_extra=NO_OTHER_KEYS)


class Strategy(Told):
    """connected: the core has a session of that name. pid, exit_code, log: of a process started here."""

    session: str
    connected: bool
    file: str | None = None
    pid: int | None = None
    exit_code: int | None = None
    log: list[str] = Field(default=[])
    requests: int | None = None
    responses: int | None = None


class Strategies(Told):
    files: list[str]
    strategies: list[Strategy]


class Terms(Asked):
    """What recordings don't say: see docs/strategies.md."""

    account: Name = "A1"
    cash: Amount = "1000000"
    currency: Name | None = None
    taker_fee_bps: Decimal = "0"
    maker_fee_bps: Decimal = "0"
    fee_precision: Annotated[int, Field(ge=0, le=16), WHOLE] = 8
    latency_us: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}$")] = "0"
    quote_qty: Amount = "1000000000"
    max_orders: Annotated[int, Field(ge=1, le=1 << 22), WHOLE] = 1 << 18


class NewBacktest(Asked):
    strategy: FileName
    data: list[FileName] = Field(min_length=1, max_length=16)
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")] | None = None
    symbol: Name | None = Field(default=None, description="Of a recording whose rows don't name it.")
    params: dict[Name, Name] = Field(default={}, max_length=32, json_schema_extra=NO_OTHER_KEYS)
    terms: Terms = Terms()


class Backtest(Told):
    id: int
    request: dict[str, Any]
    by: str
    state: Annotated[str, OneOf("queued", "running", "done", "failed", "cancelled")]
    progress: float
    made_ns: int
    ended_ns: int
    error: str
    has_result: bool


class Backtests(Told):
    backtests: list[Backtest]


class Files(Told):
    files: list[str]
