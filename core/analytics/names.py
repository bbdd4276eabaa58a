"""What a tape's indices name: symbols with their units, venues with their fees, accounts, strategies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core import messages as m

NO_STRATEGY = "(none)"


@dataclass
class Names:
    """By index. px_scale: of a price, qty_scale: of a quantity, 10^-precision; multiplier: of a contract."""

    symbols: dict[int, str] = field(default_factory=dict)
    venues: dict[int, str] = field(default_factory=dict)
    accounts: dict[int, str] = field(default_factory=dict)
    strategies: dict[int, str] = field(default_factory=dict)
    currencies: dict[int, str] = field(default_factory=dict)
    settles: dict[int, int] = field(default_factory=dict)
    px_scale: dict[int, float] = field(default_factory=dict)
    qty_scale: dict[int, float] = field(default_factory=dict)
    multiplier: dict[int, float] = field(default_factory=dict)
    inverse: dict[int, bool] = field(default_factory=dict)
    taker_fee_bps: dict[int, float] = field(default_factory=dict)

    def column(self, values: Mapping[int, float], symbols: NDArray[np.uint32]) -> NDArray[np.float64]:
        """A number of each symbol, for an array of symbols."""
        table = np.zeros(max(values, default=0) + 1)
        table[list(values)] = list(values.values())
        return table[symbols]


def names_of(declared: Mapping[tuple[int, int], bytes]) -> Names:
    """From the declarations that a tape kept."""
    names = Names()
    for (kind, _), body in declared.items():
        row = np.frombuffer(
            body.ljust(m.REQUESTS[m.Kind(kind)].itemsize, b"\0"), m.REQUESTS[m.Kind(kind)], 1
        )[0]
        _DECLARE[kind](names, row, _text(row["text"]))
    return names


def _text(name: np.void) -> str:
    raw = name.tobytes()
    return raw[1 : 1 + raw[0]].decode("utf-8", "replace")


def _name(names: Names, row: np.void, text: str) -> None:
    spaces = {int(m.Space.CURRENCY): names.currencies, int(m.Space.STRATEGY): names.strategies}
    space = spaces.get(int(row["space"]))
    if space is not None:
        space[int(row["index"])] = text


def _instrument(names: Names, row: np.void, text: str) -> None:
    symbol = int(row["symbol"])
    names.symbols[symbol] = text
    names.settles[symbol] = int(row["settle_currency"])
    names.px_scale[symbol] = 10.0 ** -int(row["price_precision"])
    names.qty_scale[symbol] = 10.0 ** -int(row["qty_precision"])
    names.multiplier[symbol] = int(row["multiplier"]) / 10 ** int(row["multiplier_precision"])
    names.inverse[symbol] = bool(row["inverse"])


def _venue(names: Names, row: np.void, text: str) -> None:
    names.venues[int(row["venue"])] = text
    names.taker_fee_bps[int(row["venue"])] = int(row["taker_fee"]) / 10**8


def _account(names: Names, row: np.void, text: str) -> None:
    names.accounts[int(row["account"])] = text


_DECLARE = {
    int(m.Kind.NAME): _name,
    int(m.Kind.INSTRUMENT): _instrument,
    int(m.Kind.VENUE): _venue,
    int(m.Kind.ACCOUNT): _account,
}
