"""The end of a day: positions, accounts, fees, P&L, margin and what is in suspense, under one hash; and the
next day's beginning."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from core.positions.daybook import Daybook, iso
from core.positions.history import BadFile, Fill, digest
from core.positions.lots import exact
from core.scenario.directory import Symbol
from core.scenario.money import market_value, money
from core.scenario.numbers import format_ratio, format_units, parse_number

MARGIN_UNITS = 10**8  # of a whole: 10^-4 bps
PERCENT_DIGITS = 4


def statement(
    day: Daybook, previous: Mapping[str, Any] | None = None, venue_fills: list[Fill] | None = None
) -> dict[str, Any]:
    """One journal's books at its end. previous: yesterday's statement, for what changed; venue_fills: the
    venues' own words on fills, which give those in suspense a symbol and a side."""
    told = day.statement()
    accounts, lacking = told.accounts(day.book.rates)
    fills = list(day.fills())
    suspense = suspended(day, venue_fills or [])
    out: dict[str, Any] = {
        "as_of": day.as_of,
        "sequence": day.core.sequencer.seq,
        "state_hash": day.core.state_hash(),
        "positions": [
            _position(day, position, row) for position, row in zip(told.positions(), told.rows, strict=True)
        ],
        "accounts": [account | _margin(day, account) for account in accounts],
        "without_rate": lacking,
        "fees": _fees(fills),
        "fills": len(fills),
        "suspense": suspense,
        "suspense_exposure": exposure(day, suspense),
        "undone": day.core.positions.undone(),
    }
    if previous is not None:
        out["since"] = previous.get("as_of")
        out["change"] = [_change(account, previous) for account in out["accounts"]]
    return out | {"hash": digest(out)}


def _position(day: Daybook, position: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    symbol = day.book.directory.symbol_list[row["symbol"]]
    mark2 = day.core.risk.mark2_of(symbol.index)
    mark2 = row["last_fill2"] if mark2 is None else mark2
    if mark2 is None:
        return position | {"mark": None, "market_value": None}
    value = market_value(symbol, row["qty"], mark2)
    return position | {
        "mark": format_ratio(mark2, 2 * 10**symbol.price_precision, symbol.price_precision + 1),
        "market_value": money(value if row["qty"] >= 0 else -value),
    }


def _margin(day: Daybook, account: dict[str, Any]) -> dict[str, str | None]:
    """Sum of |quantity| x mark x multiplier x margin_bps, in the account's currency, and in percent of its
    equity."""
    owner = day.book.directory.accounts[account["account"]]
    total = Fraction(0)
    for row in day.core.positions.rows():
        symbol = day.book.directory.symbol_list[row["symbol"]]
        mark2 = day.core.risk.mark2_of(symbol.index)
        mark2 = row["last_fill2"] if mark2 is None else mark2
        if row["account"] != owner.index or row["qty"] == 0 or mark2 is None:
            continue
        rate = day.book.rates.find(symbol.settle_currency, owner.currency)
        if rate is None:
            return {"margin": None, "margin_percent": None}
        total += market_value(symbol, row["qty"], mark2) * symbol.margin / MARGIN_UNITS * rate
    equity = Fraction(account["equity"]) if account["equity"] is not None else Fraction(0)
    if equity <= 0:
        return {"margin": money(total), "margin_percent": None}
    percent = total * 100 / equity
    return {
        "margin": money(total),
        "margin_percent": format_ratio(percent.numerator, percent.denominator, PERCENT_DIGITS),
    }


def _fees(fills: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By account, venue and currency, exact."""
    sums: dict[tuple[str, str, str], list[Fraction]] = {}
    for fill in fills:
        sums.setdefault((fill["account"], fill["venue"], fill["currency"]), []).append(Fraction(fill["fee"]))
    return [
        {
            "account": account,
            "venue": venue,
            "currency": currency,
            "fills": len(fees),
            "fee": money(sum(fees, Fraction())),
        }
        for (account, venue, currency), fees in sorted(sums.items())
    ]


def _change(account: dict[str, Any], previous: Mapping[str, Any]) -> dict[str, Any]:
    """What of an account's figures changed since the previous statement; null where one of the two lacks
    it."""
    before = next((row for row in previous.get("accounts", ()) if row["account"] == account["account"]), None)
    out: dict[str, Any] = {"account": account["account"], "currency": account["currency"]}
    for key in ("equity", "realized_pnl", "unrealized_pnl", "fees"):
        if before is None or before.get(key) is None or account[key] is None:
            out[key] = None
        else:
            out[key] = money(Fraction(account[key]) - Fraction(before[key]))
    return out


# ---- suspense ----------------------------------------------------------------------------------------------


def suspended(day: Daybook, venue_fills: list[Fill]) -> list[dict[str, Any]]:
    """Fills of orders that nobody here knows, the oldest first; where the venue's file has them, with symbol
    and side."""
    known = {(fill.venue, fill.id): fill for fill in venue_fills} | {
        ("", fill.id): fill for fill in venue_fills
    }
    out = []
    for unknown in day.unknown:
        row: dict[str, Any] = {
            "venue": unknown.venue,
            "exec_id": unknown.exec_id,
            "child_id": unknown.child_id,
            "time": iso(unknown.time_ns),
            "age_s": (day.as_of_ns - unknown.time_ns) // 1_000_000_000,
            "status": "open" if unknown.open else "booked",
        }
        if not unknown.open:
            row |= {"by": unknown.booked_by, "account": unknown.booked_to}
        fill = known.get((unknown.venue, unknown.exec_id)) or known.get(("", unknown.exec_id))
        if fill is not None:
            row |= {
                "symbol": fill.symbol,
                "qty": format_units(*fill.qty),
                "price": format_units(*fill.px),
                "fee": format_units(*fill.fee),
            }
        out.append(row)
    return out


def exposure(day: Daybook, suspense: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By symbol, what is held with and without the fills in suspense: nobody's yet, but somebody's in the
    end."""
    held: dict[str, Fraction] = {}
    open_qty: dict[str, Fraction] = {}
    for row in day.core.positions.rows():
        symbol: Symbol = day.book.directory.symbol_list[row["symbol"]]
        held[symbol.name] = held.get(symbol.name, Fraction(0)) + Fraction(
            row["qty"], 10**symbol.qty_precision
        )
    for row in suspense:
        if row["status"] == "open" and "symbol" in row:
            name = row["symbol"]
            open_qty[name] = open_qty.get(name, Fraction(0)) + exact(parse_number(row["qty"]))
    return [
        {
            "symbol": name,
            "booked": _plain(held.get(name, Fraction(0))),
            "suspense": _plain(qty),
            "exposure": _plain(held.get(name, Fraction(0)) + qty),
        }
        for name, qty in sorted(open_qty.items())
    ]


def _plain(value: Fraction) -> str:
    return format_ratio(value.numerator, value.denominator, 12)


# ---- the next day ------------------------------------------------------------------------------------------


def opening(told: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """A statement's open positions as lines that a core begins with. BadFile: it isn't a statement, or was
    changed."""
    if "positions" not in told or "hash" not in told:
        raise BadFile("not a statement: it has no positions, or no hash")
    found = digest({key: value for key, value in told.items() if key != "hash"})
    if found != told["hash"]:
        raise BadFile(f"the statement was changed: its hash is {told['hash']}, its contents have {found}")
    for position in told["positions"]:
        if position["qty"] != "0":
            yield open_position(
                position["account"], position["symbol"], position["qty"], position["avg_cost"]
            )


def open_position(account: str, symbol: str, qty: str, avg_cost: str) -> dict[str, str]:
    """One such line."""
    return {"type": "open_position", "account": account, "symbol": symbol, "qty": qty, "avg_cost": avg_cost}


def opening_of_fills(fills: list[Fill], account: str) -> Iterator[dict[str, str]]:
    """The lines of a positions file: account (or the one given), symbol, qty, price as average cost.
    BadFile."""
    seen = set()
    for fill in fills:
        owner = fill.account or account
        if not owner:
            raise BadFile(f"line {fill.line}: no account column: say --account")
        if (owner, fill.symbol) in seen:
            raise BadFile(f"line {fill.line}: {owner} {fill.symbol} comes twice")
        seen.add((owner, fill.symbol))
        if fill.qty.units:
            yield open_position(owner, fill.symbol, format_units(*fill.qty), format_units(*fill.px))


def parse_statement(text: str, name: str) -> dict[str, Any]:
    """A statement's JSON. BadFile."""
    try:
        told = json.loads(text)
    except ValueError as error:
        raise BadFile(f"{name}: not JSON: {error}") from None
    if not isinstance(told, dict):
        raise BadFile(f"{name}: not a statement: a JSON object is needed")
    return told
