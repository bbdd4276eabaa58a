"""The forms of what is asked and told. Prices, quantities and money are decimal text: exact, as the core has
them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, GetCoreSchemaHandler, StringConstraints
from pydantic_core import core_schema

from core.enums import OrdStatus
from core.scenario import schema as words
from periphery.backend.users import NAME, SCOPES


class OneOf:
    """Text that is one of these words."""

    def __init__(self, *choices: str) -> None:
        self.choices = choices

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> Any:
        return core_schema.literal_schema(list(self.choices))


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Asked(BaseModel):
    """The body of a request: what isn't known is refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Told(BaseModel):
    """The body of an answer."""

    model_config = ConfigDict(extra="forbid")


KILL_SCOPES = ("all", "account", "strategy", "symbol", "venue", "session")
REARM_SCOPES = (*KILL_SCOPES, "group")
KEYS = ("venue", "algo", "strategy", "account", "symbol")

Decimal = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,15}(\.[0-9]{1,12})?$")]
Amount = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,15}(\.[0-9]{1,12})?$")]
Name = Annotated[str, StringConstraints(pattern=r"^[!-~]+$", min_length=1, max_length=31)]
Id = Annotated[str, StringConstraints(pattern=r"^[!-~]+$", min_length=1, max_length=39)]
WHOLE = BeforeValidator(_whole)
"""Of an int, after its bounds: 4.0 is 4, as it is to JSON; text isn't a number."""
Words = Annotated[str, StringConstraints(min_length=1, max_length=500)]
UserName = Annotated[str, StringConstraints(pattern=NAME)]
Password = Annotated[str, StringConstraints(min_length=12, max_length=256)]
Code = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$")]
_DAYS = (
    r"[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])",
    r"[0-9]{2}-(0[13-9]|1[0-2])-(29|30)",
    r"[0-9]{2}-(0[13578]|1[02])-31",
    r"([02468][048]|[13579][26])-02-29",
)
Date = Annotated[str, StringConstraints(pattern=f"^20({'|'.join(_DAYS)})$")]
"""A day of this century: its pattern takes those that there are and no others, so the document tells all."""
ScopeOfUser = Annotated[str, OneOf(*SCOPES)]
Side = Annotated[str, OneOf(*words.SIDES)]
OrdType = Annotated[str, OneOf(*words.ORD_TYPES)]
TimeInForce = Annotated[str, OneOf(*words.TIMES_IN_FORCE)]
Policy = Annotated[str, OneOf(*words.POLICIES)]
Check = Annotated[str, OneOf(*words.CHECKS)]
Each = Annotated[str, OneOf(*words.EACH)]
KillScope = Annotated[str, OneOf(*KILL_SCOPES)]
RearmScope = Annotated[str, OneOf(*REARM_SCOPES)]
Status = Annotated[str, OneOf(*(each.name.lower() for each in OrdStatus))]


class Row(BaseModel):
    """A row of the recorder's store, with the columns of docs/recorder.md."""

    model_config = ConfigDict(extra="allow")

    seq: int
    n: int
    time_ns: int


class Rows(Told):
    """By seq; `next_after` is the `after` of the rows that follow, None: there are no more."""

    rows: list[Row]
    next_after: int | None
