"""A break that is to be booked."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from periphery.backend.schemas.forms import Amount, Asked, Decimal, Name, Words


class BookBreak(Asked):
    """venue: whose fill it counts as. price: at which the difference is booked."""

    id: Annotated[str, StringConstraints(min_length=3, max_length=80)] = Field(description="account/symbol")
    venue: Name
    price: Amount
    fee: Decimal = "0"
    why: Words
