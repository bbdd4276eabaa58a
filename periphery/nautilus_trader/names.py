"""Instruments' names there and here: `EUR/USD.NACRE` is the symbol EUR/USD, of all venues."""

from __future__ import annotations

from typing import Final

from periphery.client.directory import Symbol

ALL_VENUES: Final = "NACRE"
"""The venue of instruments that the core routes; any other is a venue of the core's by its own name."""


def venue_of(name: str) -> str | None:
    """The core's venue for an order of an instrument at `name`; None: the router chooses."""
    return None if name == ALL_VENUES else name


def venue_for(symbol: Symbol, venue: str | None, *, post_only: bool) -> str | None:
    """Where an order goes. A post-only order of an instrument with one venue goes straight there, so that
    one that would take is rejected; the router would let it wait for another quote.
    """
    return symbol.venues[0] if venue is None and post_only and len(symbol.venues) == 1 else venue


def currencies_of(symbol: str, currency: str) -> tuple[str, str]:
    """(base, quote) of a pair, by its name: EUR/USD, EURUSD, BTC-USDT. What isn't said is the symbol
    itself.
    """
    base = symbol.removesuffix(currency).rstrip("/-_.")
    if base and base != symbol:
        return base, currency
    for between in "/-_":
        if between in symbol:
            return symbol.split(between)[0], currency
    return symbol, currency
