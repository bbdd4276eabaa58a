"""Names to the core's indices and back, as `hello` told them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from periphery.client.errors import BadRequest

NONE = 0xFFFFFFFF
NONE16 = 0xFFFF


@dataclass(frozen=True, slots=True)
class Symbol:
    """What a client must know of an instrument. tick, lot: as the core tells them."""

    name: str
    index: int
    kind: str
    price_precision: int
    qty_precision: int
    tick: Any
    lot: Any
    currency: str
    venues: tuple[str, ...]
    settle_currency: str
    multiplier: int
    multiplier_precision: int
    inverse: bool


class Directory:
    """Everything that has a name. An unknown one is a BadRequest that says which there are."""

    def __init__(self, told: Mapping[str, Any], accounts: Sequence[str]) -> None:
        self.symbols: list[Symbol] = [_symbol(i, row) for i, row in enumerate(told["symbols"])]
        self.venues: list[str] = list(told["venues"])
        self.accounts: list[str] = list(accounts)
        """Those that this session may trade for."""
        self.strategies: dict[str, int] = {name: i for i, name in enumerate(told["strategies"])}
        self.signals: dict[str, int] = {}
        """Those that were asked for."""
        self._symbols = {symbol.name: symbol for symbol in self.symbols}
        self._venues = {name: i for i, name in enumerate(self.venues)}
        self._accounts = {row["name"]: i for i, row in enumerate(told["accounts"])}

    def symbol(self, name: str) -> Symbol:
        """The instrument of that name."""
        found = self._symbols.get(name)
        if found is None:
            raise BadRequest(_unknown("symbol", name, self._symbols))
        return found

    def venue(self, name: str | None) -> int:
        """A venue's index; NONE16 (the router chooses) for None."""
        if name is None:
            return NONE16
        index = self._venues.get(name)
        if index is None:
            raise BadRequest(_unknown("venue", name, self._venues))
        return index

    def account(self, name: str | None) -> int:
        """An account's index; None is the only one that this session may trade for."""
        if name is None:
            name = self.only_account()
        elif name not in self.accounts and name in self._accounts:
            raise BadRequest(
                f"account {name}: this session has no right to it; it may trade {_list(self.accounts)}"
            )
        index = self._accounts.get(name)
        if index is None:
            raise BadRequest(_unknown("account", name, self.accounts))
        return index

    def account_indices(self) -> dict[str | None, int]:
        """Of those that this session may trade for; None is the only one, where there is one."""
        found: dict[str | None, int] = {name: self._accounts[name] for name in self.accounts}
        if len(self.accounts) == 1:
            found[None] = found[self.accounts[0]]
        return found

    def venue_indices(self) -> dict[str | None, int]:
        """Of every venue; None is the router's choice."""
        found: dict[str | None, int] = {None: NONE16}
        found.update(self._venues)
        return found

    def only_account(self) -> str:
        """The account of who names none. BadRequest: there are several, or none."""
        if len(self.accounts) != 1:
            raise BadRequest(f"account: say which, this session may trade {_list(self.accounts)}")
        return self.accounts[0]


def _symbol(index: int, row: Mapping[str, Any]) -> Symbol:
    return Symbol(
        name=row["name"],
        index=index,
        kind=row["kind"],
        price_precision=row["price_precision"],
        qty_precision=row["qty_precision"],
        tick=row["tick"],
        lot=row["lot"],
        currency=row["currency"],
        venues=tuple(row["venues"]),
        settle_currency=row["settle_currency"],
        multiplier=row["multiplier"],
        multiplier_precision=row["multiplier_precision"],
        inverse=row["inverse"],
    )


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    names = list(known)
    near = get_close_matches(name, names, 1)
    return f"unknown {what} {name}: " + (f'did you mean "{near[0]}"?' if near else f"there is {_list(names)}")


def _list(names: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(names[:most]) or "none"
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown
