"""Histories of fills kept elsewhere: a CSV file to exact fills, and from them positions and cash by day.

What is accepted is said in docs/positions.md. Names of columns and forms of dates are taken as they come;
numbers are taken exactly or not at all. No float anywhere: a number is `units / 10**digits`, as in
core.scenario.numbers.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from core.positions.dates import Dates
from core.scenario.numbers import Number, divide_half_even, format_ratio, format_units, shown

COST_DIGITS = 6  # the ledger's unit of cost: 10^-(price + qty digits + COST_DIGITS)
EXPONENT_MAX = 400
_NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,4}))?")
_WORD = re.compile(r"[^a-z0-9]+")

COLUMNS: dict[str, tuple[str, ...]] = {
    "date": (
        "date", "datetime", "date_time", "timestamp", "trade_date", "tradedate", "transaction_date",
        "fill_date", "execution_date", "filled_at", "fill_time", "execution_time", "executed_at",
        "trade_time", "transact_time", "time", "dt", "day", "index", "", "unnamed_0",
    ),
    "symbol": (
        "symbol", "ticker", "instrument", "asset", "security", "contract", "market", "product", "pair",
        "code", "sid", "sym", "isin",
    ),
    "qty": (
        "signed_qty", "signed_quantity", "qty_signed", "quantity_signed", "signed_size", "signed_amount",
        "signed_shares", "qty", "quantity", "shares", "size", "units", "contracts", "last_qty", "filled_qty",
        "fill_qty", "trade_qty", "amount", "volume",
    ),
    "price": (
        "price", "px", "fill_price", "last_px", "trade_price", "execution_price", "exec_price", "avg_price",
        "average_price", "unit_price", "price_per_share",
    ),
    "fee": ("fee", "fees", "commission", "commissions", "comm", "total_fees", "total_fee", "brokerage"),
    "side": ("side", "action", "direction", "buy_sell", "b_s", "bs"),
    "id": ("id", "exec_id", "execid", "fill_id", "trade_id", "execution_id"),
    "closes": ("closes", "lot", "lots", "closes_lot"),
    "account": ("account", "acct", "account_id", "portfolio"),
    "venue": ("venue", "exchange", "mic"),
    "currency": ("currency", "ccy"),
}  # fmt: skip
"""What a column may be called, the likeliest first: lower case, other characters than letters and digits as
`_`."""

NEEDED = ("date", "symbol", "qty", "price")
SIDES = {
    **dict.fromkeys(("buy", "b", "bot", "bought", "long", "buy_to_cover", "cover", "buy_to_open"), 1),
    **dict.fromkeys(("sell", "s", "sld", "sold", "short", "sell_short", "sell_to_close"), -1),
}


class BadFile(ValueError):
    """A file that can't be used; the message names file, line, value, and what would do."""


class Fill(NamedTuple):
    """One fill. qty is signed; date is ISO, when is its time within the file; line is the file's."""

    line: int
    date: str
    when: str
    symbol: str
    qty: Number
    px: Number
    fee: Number
    id: str
    closes: str
    account: str = ""
    venue: str = ""


@dataclass(slots=True)
class Fills:
    """The fills of a file by time, and how the file was understood."""

    file: str
    columns: dict[str, str]
    rows: list[Fill]
    currency: str = ""


def number(text: str, what: str, where: str) -> Number:
    """An exact decimal, also with a plus or an exponent; BadFile for anything else."""
    text = text.strip()
    match = _NUMBER.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        raise BadFile(f'{where}: {what} {shown(text)} isn\'t a number: write it as "-1234.5"')
    digits = len(match[3] or "") - int(match[4] or 0)
    if abs(digits) > EXPONENT_MAX:
        raise BadFile(f"{where}: {what} {shown(text)} is beyond 10^{EXPONENT_MAX}")
    units = int(match[2] + (match[3] or ""))
    if digits < 0:
        units, digits = units * 10**-digits, 0
    while digits and units % 10 == 0:
        units, digits = units // 10, digits - 1
    return Number(-units if match[1] == "-" else units, digits)


def read_fills(source: TextIO, file: str, *, order: str = "", needs: Sequence[str] = NEEDED) -> Fills:
    """The fills of a CSV file, by time, those of one time as they stand. order: "dmy" or "mdy", of dates
    like 3/4/2020.

    Raises BadFile.
    """
    text = source.read()
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=_delimiter(text))
    table = [(rows.line_num, row) for row in rows if any(cell.strip() for cell in row)]
    if not table:
        raise BadFile(f"{file}: is empty: a header and a line a fill are needed")
    places, columns, first = _header(table[0][1], f"{file}:{table[0][0]}", needs)
    table = table[first:]
    dates = Dates(order).learn((_cell(row, places["date"]) for _, row in table) if "date" in places else ())
    out = Fills(file, columns, [])
    currencies = set()
    for line, row in table:
        out.rows.append(_fill(line, row, places, dates, f"{file}:{line}"))
        currencies.add(_cell(row, places.get("currency", -1)))
    if len(currencies) > 1:
        raise BadFile(f"{file}: fills in {', '.join(sorted(currencies))}: one file a currency")
    out.currency = currencies.pop() if currencies else ""
    out.rows.sort(key=lambda fill: fill.when)
    return out


def _delimiter(text: str) -> str:
    head = text.lstrip("\ufeff\r\n").partition("\n")[0]
    return max(",;\t|", key=lambda mark: (head.count(mark), mark == ","))


def _cell(row: list[str], place: int) -> str:
    return row[place].strip() if 0 <= place < len(row) else ""


def _header(row: list[str], where: str, needs: Sequence[str]) -> tuple[dict[str, int], dict[str, str], int]:
    """(place of each column, its name in the file, lines that the header takes)"""
    words = [_WORD.sub("_", cell.strip().lower()).strip("_") for cell in row]
    places: dict[str, int] = {}
    for column, names in COLUMNS.items():
        found = next((words.index(name) for name in names if name in words), None)
        if found is not None and found not in places.values():
            places[column] = found
    missing = [column for column in needs if column not in places]
    if missing and len(row) in (4, 5) and not places.keys() & {"symbol", "qty", "price"}:
        order = ("date", "symbol", "qty", "price", "fee")[: len(row)]  # no header at all
        return (
            {name: i for i, name in enumerate(order)},
            {name: f"column {i}" for i, name in enumerate(order, 1)},
            0,
        )
    if missing:
        known = "; ".join(f"{column}: {', '.join(filter(None, COLUMNS[column]))}" for column in missing)
        raise BadFile(
            f"{where}: no column for {' or '.join(missing)} in {', '.join(row)}. "
            f"Names that are known: {known}"
        )
    return places, {column: row[place] for column, place in places.items()}, 1


def _fill(line: int, row: list[str], places: dict[str, int], dates: Dates, where: str) -> Fill:
    cells = {column: _cell(row, place) for column, place in places.items()}
    symbol = cells["symbol"]
    if not symbol:
        raise BadFile(f"{where}: the symbol is empty")
    try:
        date, when = dates.read(cells["date"]) if "date" in cells else ("", "")
    except ValueError as error:
        raise BadFile(f"{where}: {error}") from None
    qty = number(cells["qty"], "qty", where)
    if cells.get("side"):
        qty = _signed(qty, cells["side"], where)
    px = number(cells["price"], "price", where) if "price" in cells else Number(0, 0)
    fee = number(cells["fee"], "fee", where) if cells.get("fee") else Number(0, 0)
    more = (cells.get(key, "") for key in ("id", "closes", "account", "venue"))
    return Fill(line, date, when, symbol, qty, px, fee, *more)


def _signed(qty: Number, side: str, where: str) -> Number:
    sign = SIDES.get(_WORD.sub("_", side.lower()).strip("_"))
    if sign is None:
        raise BadFile(f"{where}: side {shown(side)}: one of buy, sell, sell_short, or leave the column out")
    if qty.units < 0 and sign > 0:
        raise BadFile(
            f"{where}: a buy of {format_units(*qty)}: give qty signed, or a side and qty without a sign"
        )
    return Number(sign * abs(qty.units), qty.digits)


@dataclass(slots=True)
class Held:
    """One symbol at its average cost: the ledger's rules on exact integers."""

    price_digits: int
    qty_digits: int
    qty: int = 0
    cost: int = 0  # 10^-(price + qty digits + COST_DIGITS), like `realized`
    realized: int = 0
    fees: int = 0
    fills: int = 0

    def book(self, qty: int, px: int) -> None:
        """A signed fill: first what it closes at the average, then what it opens at its price."""
        unit = 10**COST_DIGITS
        closes = min(abs(qty), abs(self.qty)) if self.qty * qty < 0 else 0
        if closes:
            released = divide_half_even(self.cost * closes, abs(self.qty))
            gain = closes * px * unit - released
            self.realized += gain if self.qty > 0 else -gain
            self.cost -= released
        self.cost += (abs(qty) - closes) * px * unit
        self.qty += qty

    @property
    def average(self) -> str:
        """Cost a unit, "0" when flat."""
        if self.qty == 0:
            return "0"
        digits = self.price_digits + COST_DIGITS
        return format_ratio(self.cost, abs(self.qty) * 10**digits, digits)


@dataclass(slots=True)
class History:
    """Fills booked in their order; money in units of 10^-digits."""

    held: dict[str, Held]
    digits: int
    cash: int
    fees: int = 0
    open: dict[str, str] = field(default_factory=dict)

    def book(self, fill: Fill) -> None:
        """Moves the position of its symbol, and the cash by value and fee."""
        held = self.held[fill.symbol]
        qty = fill.qty.units * 10 ** (held.qty_digits - fill.qty.digits)
        px = fill.px.units * 10 ** (held.price_digits - fill.px.digits)
        fee = fill.fee.units * 10 ** (self.digits - fill.fee.digits)
        held.book(qty, px)
        held.fees += fee
        held.fills += 1
        self.fees += fee
        self.cash -= qty * px * 10 ** (self.digits - held.qty_digits - held.price_digits) + fee
        if held.qty:
            self.open[fill.symbol] = format_units(held.qty, held.qty_digits)
        else:
            self.open.pop(fill.symbol, None)

    def realized(self, held: Held) -> int:
        """What one symbol realised, in the history's units and COST_DIGITS more."""
        scale: int = 10 ** (self.digits - held.qty_digits - held.price_digits)
        return held.realized * scale


def history_of(fills: Iterable[Fill], cash: Number) -> History:
    """Nothing booked yet, every symbol with as many digits as its fills have."""
    held: dict[str, Held] = {}
    digits = cash.digits
    for fill in fills:
        known = held.setdefault(fill.symbol, Held(0, 0))
        known.price_digits = max(known.price_digits, fill.px.digits)
        known.qty_digits = max(known.qty_digits, fill.qty.digits)
        digits = max(digits, fill.fee.digits)
    digits = max([digits, *(each.price_digits + each.qty_digits for each in held.values())])
    return History(held, digits, cash.units * 10 ** (digits - cash.digits))


def by_day(history: History, fills: Iterable[Fill]) -> Iterator[dict[str, Any]]:
    """Each day that has fills, at its end: positions and cash, and since the beginning fees and realised
    P&L."""
    day: dict[str, Any] = {}
    for fill in fills:
        if day and fill.date != day["date"]:
            yield _closed(day, history)
            day = {}
        day = day or {"date": fill.date, "fills": 0}
        day["fills"] += 1
        history.book(fill)
    if day:
        yield _closed(day, history)


def _closed(day: dict[str, Any], history: History) -> dict[str, Any]:
    realized = sum(history.realized(held) for held in history.held.values())
    return {
        **day,
        "cash": format_units(history.cash, history.digits),
        "fees": format_units(history.fees, history.digits),
        "realized_pnl": format_units(realized, history.digits + COST_DIGITS),
        "positions": dict(sorted(history.open.items())),
    }


def import_fills(source: Path, cash: str = "0", order: str = "") -> dict[str, Any]:
    """Positions and cash by day of a CSV file of fills (`-`: standard input). BadFile; OSError."""
    with opened(source) as stream:
        fills = read_fills(stream, source.name, order=order)
    history = history_of(fills.rows, number(cash, "cash", "--cash"))
    days = list(by_day(history, fills.rows))
    positions = [
        {
            "symbol": symbol,
            "qty": format_units(held.qty, held.qty_digits),
            "avg_cost": held.average,
            "realized_pnl": format_units(history.realized(held), history.digits + COST_DIGITS),
            "fees": format_units(held.fees, history.digits),
            "fills": held.fills,
        }
        for symbol, held in sorted(history.held.items())
    ]
    last = (
        days[-1]
        if days
        else {"cash": format_units(history.cash, history.digits), "fees": "0", "realized_pnl": "0"}
    )
    return {
        "file": source.name,
        "columns": fills.columns,
        "fills": len(fills.rows),
        **({"currency": fills.currency} if fills.currency else {}),
        **{key: last[key] for key in ("cash", "fees", "realized_pnl")},
        "positions": positions,
        "days": days,
        "hash": digest([positions, days]),
    }


def digest(value: object) -> str:
    """One hash of a JSON value: equal values, equal hash."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def opened(source: Path) -> TextIO:
    """The file to read, or standard input for `-`."""
    if source == Path("-"):
        return io.StringIO(sys.stdin.read())
    return source.open(encoding="utf-8", newline="")
