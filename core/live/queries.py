"""Answers to questions about the core's state, in words and decimals. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from core import messages as m
from core.fused import Fused
from core.live.book import Book
from core.live.shadow import Shadow
from core.scenario import schema
from core.scenario.money import Statement, average
from core.scenario.numbers import format_units
from core_ext.killpage import KillPage

ORDERS_MAX = 10_000  # rows of one answer; `left_out` tells how many older ones it doesn't have


class Lived(Protocol):
    """Who has lived through a journal."""

    @property
    def core(self) -> Fused: ...


def orders(
    live: Shadow,
    book: Book,
    account: str | None = None,
    symbol: str | None = None,
    live_only: bool = False,
    allowed: tuple[str, ...] | None = None,
) -> dict[str, Any]:
    """The orders in scope, the newest first. ValueError: an unknown account or symbol."""
    d = book.directory
    if account is not None and account not in d.accounts:
        raise ValueError(f"account {account!r} isn't declared; one of {', '.join(d.accounts)}")
    if symbol is not None and symbol not in d.symbols:
        raise ValueError(f"symbol {symbol!r} isn't declared; one of {', '.join(d.symbols)}")
    rows = live.order_rows(
        None if account is None else d.accounts[account].index,
        None if symbol is None else d.symbols[symbol].index,
        live_only,
        ORDERS_MAX,
    )
    told = [order_line(live, book, row) for row in rows]
    if allowed is not None:
        told = [row for row in told if row["account"] in allowed]
    return {"orders": told}


def levels(live: Shadow, book: Book, venue: int) -> list[tuple[str, str, str, str]]:
    """What a venue shows of each symbol, best first: (symbol, side, price, quantity)."""
    found = []
    for index, ask, px, qty in live.levels_at(venue):
        symbol = book.directory.symbol_list[index]
        price, amount = format_units(px, symbol.price_precision), format_units(qty, symbol.qty_precision)
        found.append((symbol.name, schema.SIDES[ask], price, amount))
    return found


def _id(live: Shadow, book: Book, index: int) -> str:
    return book.directory.text(live.core.egress.id_bytes(index))


def order_line(live: Shadow, book: Book, row: dict[str, Any]) -> dict[str, Any]:
    """A row of `Shadow.order_rows` in words and decimals, with its children."""
    symbol = book.directory.symbol_list[row["symbol"]]
    out: dict[str, Any] = {
        "cl_ord_id": _id(live, book, row["id"]),
        "account": book.directory.account_list[row["account"]].name,
        "symbol": symbol.name,
        "side": schema.SIDES[row["side"]],
        "ord_type": schema.ORD_TYPES[row["ord_type"]],
        "time_in_force": schema.TIMES_IN_FORCE[row["time_in_force"]],
        **_amounts(row, symbol.qty_precision),
        "avg_px": average(row["notional"], row["cum_qty"], symbol.price_precision),
        "session": book.name_of("session", row["session"]),
    }
    if row["ord_type"] != m.OrdType.MARKET:
        out["price"] = format_units(row["price"], symbol.price_precision)
    for what in ("venue", "strategy"):
        name = book.name_of(what, row[what])
        if name is not None:
            out[what] = name
    first = _id(live, book, row["id_first"])
    out["children"] = [
        {
            "child_id": f"{first}.{child['n']}",
            "venue": book.name_of("venue", child["venue"]),
            **_amounts(child, symbol.qty_precision),
            "price": format_units(child["price"], symbol.price_precision),
        }
        for child in row["children"]
    ]
    return out


def _amounts(row: dict[str, Any], precision: int) -> dict[str, str]:
    out = {key: format_units(row[key], precision) for key in ("order_qty", "cum_qty", "leaves_qty")}
    return {"ord_status": m.OrdStatus(row["ord_status"]).name.lower(), **out}


def positions(live: Lived, book: Book, allowed: tuple[str, ...] | None = None) -> dict[str, Any]:
    """Every position ever touched, and the accounts: as a scenario's `end` line tells them."""
    risk = live.core.risk
    marks = {symbol.index: risk.mark2_of(symbol.index) for symbol in book.directory.symbol_list}
    statement = Statement(book.directory, live.core.positions.rows(), marks)
    accounts, _ = statement.accounts(book.rates)
    rows = statement.positions()
    if allowed is not None:
        rows = [row for row in rows if row["account"] in allowed]
        accounts = [row for row in accounts if row["account"] in allowed]
    return {"positions": rows, "accounts": accounts}


def kills(page: KillPage, book: Book) -> list[dict[str, Any]]:
    """The kills in force, by name. at_ns: since 1970."""
    out = []
    for row in page.rows():
        scope = m.Scope(row["kind"]).name.lower()
        key = None if scope == "all" else book.name_of(scope, row["key"])
        out.append(
            {"epoch": row["epoch"], "scope": scope, "key": key, "by": row["by"], "at_ns": row["at_ns"]}
        )
    return out


def rearm_words(kill: Mapping[str, Any], live: bool) -> str:
    """The command that takes a kill of `kills` back."""
    scope = " ".join(filter(None, (kill["scope"], kill["key"])))
    return f"nacre rearm {scope} --by NAME" + (" --second OTHER" if live else "")
