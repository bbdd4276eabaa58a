"""Every kind of feature, and how a list of them is read and checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from periphery.features.book import DepthImbalance, Imbalance, Ofi
from periphery.features.feature import BadDefinition, Definition
from periphery.features.flow import TradeImbalance, Volume, Vpin
from periphery.features.indicators import Indicator
from periphery.features.prices import Microprice, Mid, RealisedVolatility, Return, Spread
from periphery.features.relative import Beta, ZScore

type AnyDefinition = (
    Mid | Spread | Microprice | Return | RealisedVolatility
    | Imbalance | DepthImbalance | Ofi | Volume | TradeImbalance | Vpin | ZScore | Beta | Indicator
)  # fmt: skip
"""A table of TOML with its `kind`."""

PeriodSeconds = Annotated[float, msgspec.Meta(ge=1e-6, le=1e6)]


def symbols_of(definitions: Sequence[Definition]) -> list[str]:
    """Those that have features, in the order in which they are named first."""
    return list(dict.fromkeys(symbol for each in definitions for symbol in each.symbols))


def check(definitions: Sequence[Definition]) -> None:
    """BadDefinition: none at all, a name twice, one that refers to what isn't defined before it."""
    if not definitions:
        raise BadDefinition("features: none are defined")
    known: set[tuple[str, str]] = set()
    for each in definitions:
        for symbol in each.symbols:
            if (symbol, each.label) in known:
                raise BadDefinition(f"{each.label} of {symbol} is defined twice: give one another `name`")
            if isinstance(each, ZScore) and (symbol, each.of) not in known:
                raise BadDefinition(f"{each.label} of {symbol}: there is no feature {each.of!r} before it")
            known.add((symbol, each.label))


def read(definitions: Any) -> list[AnyDefinition]:
    """From builtins, as TOML or a manifest has them. BadDefinition."""
    try:
        return msgspec.convert(definitions, list[AnyDefinition])
    except msgspec.ValidationError as error:
        raise BadDefinition(f"features: {error}") from error
