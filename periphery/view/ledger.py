"""Positions and accounts from the bookings of pages, told as the core tells them."""

from __future__ import annotations

from typing import Any

import numpy as np

from core import messages as m
from core.scenario.directory import Directory
from core.scenario.money import Rates, Statement
from core.scenario.printer import wide

_SUMS = ("cost", "realized", "fees", "paid")


class Ledger:
    """What is held, exactly: rows by (account, symbol), as those of core.positions.engine.Positions."""

    def __init__(self, directory: Directory, rates: Rates) -> None:
        self._directory = directory
        self._rates = rates
        self._rows: dict[tuple[int, int], dict[str, Any]] = {}
        self._base: dict[tuple[int, int], int] = {}
        self._of_symbol: dict[int, list[int]] = {}
        self.last_fill2: dict[int, int] = {}

    def holders(self, symbol: int) -> list[int]:
        """Accounts that hold some of it: what their positions are worth depends on its mark."""
        return [account for account in self._of_symbol.get(symbol, ()) if self._rows[account, symbol]["qty"]]

    def accounts(self) -> list[int]:
        """Those that have a position, or had one."""
        return sorted({account for account, _ in self._rows})

    def open(self, request: np.void) -> tuple[int, int]:
        """A position that the day begins with: its (account, symbol)."""
        key = int(request["account"]), int(request["symbol"])
        cost = wide(request, "cost")
        self._base[key] = cost if request["qty"] > 0 else -cost
        self._put(key, int(request["qty"]), {"cost": cost}, moved=False)
        return key

    def book(self, booking: np.void) -> tuple[int, int]:
        """What a position is after a booking: its (account, symbol)."""
        key = int(booking["account"]), int(booking["symbol"])
        sums = {name: wide(booking, name) for name in _SUMS}
        self._put(key, int(booking["qty"]), sums, moved=True)
        return key

    def filled(self, symbol: int, px: int) -> None:
        """The last fill's price is the mark where the market has none."""
        self.last_fill2[symbol] = 2 * px

    def _put(self, key: tuple[int, int], qty: int, sums: dict[str, int], moved: bool) -> None:
        if key not in self._rows:
            self._of_symbol.setdefault(key[1], []).append(key[0])
        row = dict.fromkeys(_SUMS, 0) | sums
        signed = row["cost"] if qty > 0 else -row["cost"]
        self._rows[key] = {
            "account": key[0],
            "symbol": key[1],
            "qty": qty,
            **row,
            "cash": row["realized"] - signed + self._base.get(key, 0),
            "moved": moved,
        }

    def position(self, account: int, symbol: int, mark2: int | None) -> dict[str, str]:
        """One position's figures at a mark."""
        return self._statement([self._rows[account, symbol]], {symbol: mark2}).positions()[0]

    def account(self, account: int, marks: dict[int, int | None]) -> dict[str, Any]:
        """One account's figures. marks: of each symbol that it holds or held."""
        rows = [row for (owner, _), row in self._rows.items() if owner == account]
        name = self._directory.account_list[account].name
        found, _ = self._statement(rows, marks).accounts(self._rates)
        return next(line for line in found if line["account"] == name)

    def symbols(self, account: int) -> list[int]:
        """Those that it holds or held."""
        return [symbol for owner, symbol in self._rows if owner == account]

    def _statement(self, rows: list[dict[str, Any]], marks: dict[int, int | None]) -> Statement:
        known = [row | {"last_fill2": self.last_fill2.get(row["symbol"])} for row in rows]
        return Statement(self._directory, known, marks)


def booked(page: np.void) -> bool:
    """Whether a position changed by that event."""
    return m.counts(page, "booking") and bool(page["booking"]["flags"] & m.BookingFlag.BOOKED)
