"""Reconciliation: our positions and cash against a venue's or clearing house's file.

What differs is a break. Breaks are kept in a file of their own, so that they age, are explained, and are
closed by a named person or by agreeing again; nothing here changes a position.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from core.positions.daybook import Daybook
from core.positions.history import BadFile, Fill
from core.positions.lots import exact
from core.scenario.numbers import format_ratio

DIGITS = 12
OPEN, EXPLAINED, BOOKED, CLOSED = "open", "explained", "booked", "closed"


@dataclass(slots=True)
class Break:
    """One difference: `theirs` less `ours`. id is `account/symbol`, of cash `account/currency`."""

    id: str
    account: str
    what: str
    kind: str  # quantity, cash, missing here, missing there
    ours: str
    theirs: str
    difference: str
    first_seen: str
    last_seen: str
    status: str = OPEN
    explanation: str = ""
    by: str = ""
    hints: list[str] = field(default_factory=list)

    def age_days(self, today: str) -> int:
        """Days since it was first seen."""
        return (date.fromisoformat(today) - date.fromisoformat(self.first_seen)).days

    def told(self, today: str) -> dict[str, Any]:
        """As a report has it."""
        return asdict(self) | {"age_days": self.age_days(today)}


def reconcile(
    ours: Mapping[tuple[str, str], Fraction],
    theirs: Mapping[tuple[str, str], Fraction],
    currencies: Iterable[str],
    today: str,
) -> list[Break]:
    """The differences between two tables of (account, symbol or currency) -> quantity or cash."""
    cash = set(currencies)
    out = []
    for key in sorted(ours.keys() | theirs.keys()):
        account, what = key
        mine, yours = ours.get(key, Fraction(0)), theirs.get(key, Fraction(0))
        if mine == yours:
            continue
        kind = "cash" if what in cash else "quantity"
        if kind == "quantity" and not mine:
            kind = "missing here"
        elif kind == "quantity" and not yours:
            kind = "missing there"
        out.append(
            Break(
                f"{account}/{what}",
                account,
                what,
                kind,
                plain(mine),
                plain(yours),
                plain(yours - mine),
                today,
                today,
            )
        )
    return out


def plain(value: Fraction) -> str:
    """An exact decimal; beyond 12 digits half to even."""
    return format_ratio(value.numerator, value.denominator, DIGITS)


def our_side(day: Daybook) -> tuple[dict[tuple[str, str], Fraction], set[str]]:
    """(open quantities and cash of a journal's end, the currencies)"""
    told = day.statement()
    ours = {(row["account"], row["symbol"]): Fraction(row["qty"]) for row in told.positions()}
    currencies = set()
    for account in told.accounts(day.book.rates)[0]:
        for currency, amount in account["cash"].items():
            currencies.add(currency)
            ours[account["account"], currency] = Fraction(amount)
    return ours, currencies


def their_side(rows: Iterable[Fill], account: str) -> dict[tuple[str, str], Fraction]:
    """A file's rows, summed: account (or the one given), symbol or currency, quantity or cash. BadFile."""
    out: dict[tuple[str, str], Fraction] = {}
    for row in rows:
        owner = row.account or account
        if not owner:
            raise BadFile(f"line {row.line}: no account column: say --account")
        out[owner, row.symbol] = out.get((owner, row.symbol), Fraction(0)) + exact(row.qty)
    return out


def restrict(
    ours: Mapping[tuple[str, str], Fraction], theirs: Mapping[tuple[str, str], Fraction], currencies: set[str]
) -> dict[tuple[str, str], Fraction]:
    """Our side of what the file is about: its accounts; cash only where it has cash of that account."""
    accounts = {account for account, _ in theirs}
    with_cash = {account for account, what in theirs if what in currencies}
    return {
        (account, what): qty
        for (account, what), qty in ours.items()
        if account in accounts
        and (what not in currencies or account in with_cash)
        and (qty or (account, what) in theirs)
    }


def hint(found: Break, suspense: Iterable[Mapping[str, Any]], late: Iterable[Mapping[str, Any]]) -> None:
    """What may explain it: a fill in suspense, or one that came after the file was made."""
    for row in suspense:
        if row["status"] == "open" and row.get("symbol") == found.what:
            same = "the whole of it" if Fraction(row["qty"]) == Fraction(found.difference) else "a part"
            found.hints.append(
                f"in suspense: {row['venue']} {row['exec_id']}, {row['qty']} at {row['price']}: {same}"
            )
    for fill in late:
        if (fill["account"], fill["symbol"]) == (found.account, found.what):
            found.hints.append(
                f"after the file: {fill['venue']} {fill['exec_id']}, {fill['qty']} at {fill['time']}"
            )


# ---- breaks that are kept ----------------------------------------------------------------------------------


class Breaks:
    """The breaks of former days. `path` None: none are kept, and every break is new."""

    def __init__(self, path: Path | None) -> None:
        """BadFile: it is there and isn't a file of breaks."""
        self.path = path
        self.rows: dict[str, Break] = {}
        if path is None or not path.exists():
            return
        try:
            for row in json.loads(path.read_text())["breaks"]:
                self.rows[row["id"]] = Break(**row)
        except (ValueError, KeyError, TypeError) as error:
            raise BadFile(f"{path}: not a file of breaks: {error}") from None

    def update(self, found: Iterable[Break], today: str) -> list[Break]:
        """Today's breaks, with their age and what was said of them. One that is gone is closed; one that was
        booked, or whose difference changed, and differs still is open again."""
        today_ids = set()
        for one in found:
            today_ids.add(one.id)
            before = self.rows.get(one.id)
            if before is not None and before.status != CLOSED:
                one.first_seen = before.first_seen
                if before.status == EXPLAINED and before.difference == one.difference:
                    one.status, one.explanation, one.by = before.status, before.explanation, before.by
            self.rows[one.id] = one
        for gone in self.rows.keys() - today_ids:
            self.rows[gone].status = CLOSED
            self.rows[gone].last_seen = today
        return [self.rows[one] for one in sorted(today_ids)]

    def get(self, break_id: str) -> Break:
        """BadFile: there is none of that id."""
        if break_id not in self.rows:
            raise BadFile(f"no break {break_id!r}: one of {', '.join(sorted(self.rows)) or 'none'}")
        return self.rows[break_id]

    def settle(self, break_id: str, status: str, why: str, by: str) -> Break:
        """Explained, or booked, by a named person. BadFile."""
        if not by.strip() or not why.strip():
            raise BadFile("say who (--by) and why (--why)")
        found = self.get(break_id)
        if found.status == CLOSED:
            raise BadFile(f"break {break_id!r} is closed: it was gone on {found.last_seen}")
        found.status, found.explanation, found.by = status, why, by
        return found

    def save(self) -> None:
        """Whole or not at all."""
        if self.path is None:
            return
        text = json.dumps({"breaks": [asdict(row) for _, row in sorted(self.rows.items())]}, indent=2)
        beside = self.path.with_name(f"{self.path.name}.new")
        beside.write_text(text + "\n")
        os.replace(beside, self.path)
