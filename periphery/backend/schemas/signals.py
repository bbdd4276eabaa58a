"""A signal that is said."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from periphery.backend.schemas.forms import Asked, Decimal, Name


class Say(Asked):
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.]{0,30}$")]
    value: Decimal
    symbol: Name | None = None
