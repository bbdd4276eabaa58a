"""What a backtest declares to the core before its first quote, in the words of a scenario file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

type Line = dict[str, Any]
"""One declaration as a scenario file writes it: numbers are decimal strings, precisions are ints."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """An instrument; tick and lot are decimal strings."""

    symbol: str
    kind: str
    price_precision: int
    qty_precision: int
    tick: str
    lot: str
    base_currency: str
    currency: str

    def line(self) -> Line:
        return {
            "type": "instrument",
            "symbol": self.symbol,
            "kind": self.kind,
            "price_precision": self.price_precision,
            "qty_precision": self.qty_precision,
            "tick": self.tick,
            "lot": self.lot,
            "base_currency": self.base_currency,
            "currency": self.currency,
        }


@dataclass(frozen=True, slots=True)
class Venue:
    """A simulated venue, the commission that it takes, and the size that it shows on each side.

    quote_qty is in units of the instrument and goes with every quote: FX recordings hold no sizes. settings:
    how the venue works, keys of a scenario's venue line.
    """

    name: str
    taker_fee_bps: str
    quote_qty: int
    settings: Mapping[str, Any] = field(default_factory=dict)

    def line(self, symbol: str) -> Line:
        return {
            "type": "venue",
            "venue": self.name,
            "mode": "match",
            "symbols": [symbol],
            "taker_fee_bps": self.taker_fee_bps,
            **self.settings,
        }


@dataclass(frozen=True, slots=True)
class Account:
    """The account that trades; cash is a decimal string in its currency."""

    name: str
    currency: str
    cash: str

    def line(self) -> Line:
        return {"type": "account", "account": self.name, "currency": self.currency, "cash": self.cash}


@dataclass(frozen=True, slots=True)
class Limit:
    """A risk limit on the account; value is a decimal string in the check's own unit."""

    check: str
    value: str
    window_s: str | None = None

    def line(self, account: str) -> Line:
        line: Line = {"type": "limit", "check": self.check, "value": self.value, "account": account}
        return line if self.window_s is None else line | {"window_s": self.window_s}


@dataclass(frozen=True, slots=True)
class CoreSetup:
    """All that a core needs before its first quote. `venues` stand in the order of their ranks.

    journal is the directory, there and empty, in which the core keeps its journal.
    """

    instrument: Instrument
    venues: tuple[Venue, ...]
    account: Account
    limits: tuple[Limit, ...]
    journal: Path

    def lines(self) -> list[Line]:
        """The declarations as the lines of a scenario file, each before what refers to it."""
        return [
            self.instrument.line(),
            *(venue.line(self.instrument.symbol) for venue in self.venues),
            self.account.line(),
            *(limit.line(self.account.name) for limit in self.limits),
        ]
