"""Which column of a CSV or Parquet file is what.

A mapping is written `role=column`, several with commas: `ts=time:us,bid_px=bid,ask_px=ask`. A column is a
header's name, or a number from 1. `ts` may say how its times are written; without that it is told from the
first row.
"""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping, Sequence
from dataclasses import dataclass

ROLES = (
    "ts", "exchange_ts", "symbol", "kind", "side", "px", "qty", "bid_px", "bid_qty", "ask_px", "ask_qty",
    "last",
)  # fmt: skip
TIMES = ("iso", "s", "ms", "us", "ns", "ms_of_day")
KINDS = ("quote", "trade", "depth")

_NEEDED = {"quote": ("bid_px", "ask_px"), "trade": ("px", "qty"), "depth": ("px", "qty", "side")}
_KNOWN: AnyMapping[str, tuple[str, ...]] = {
    "ts": (
        "ts",
        "recv_ts_ns",
        "timestamp",
        "time",
        "datetime",
        "date",
        "ts_event",
        "ts_ns",
        "local_timestamp",
    ),
    "exchange_ts": ("exchange_ts", "exchange_ts_ns", "exchange_timestamp"),
    "symbol": ("symbol", "ticker", "instrument", "pair"),
    "kind": ("kind",),
    "side": ("side", "direction", "aggressor"),
    "px": ("px", "price"),
    "qty": ("qty", "quantity", "size", "amount", "volume"),
    "bid_px": ("bid_px", "bid", "bid_price", "bidprice"),
    "bid_qty": ("bid_qty", "bid_size", "bid_amount", "bid_volume", "bidsize"),
    "ask_px": ("ask_px", "ask", "ask_price", "askprice", "offer"),
    "ask_qty": ("ask_qty", "ask_size", "ask_amount", "ask_volume", "asksize"),
    "last": ("last",),
}


class BadMapping(ValueError):
    """A mapping that can't be used; the message says why, and what can be written."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """columns: role to column's index from 0. base_ns is added to each time. clock: as in a report.
    trim: zeros at the end of a number are none of its digits, as where a library wrote it."""

    columns: dict[str, int]
    width: int
    kind: str = "quote"
    time: str = "iso"
    exchange_time: str = "ns"
    separator: str = ","
    header_lines: int = 1
    base_ns: int = 0
    symbol: str = ""
    venue: str = ""
    clock: str = "recorder"
    trim: bool = False


def by_header(names: Sequence[str]) -> dict[str, int]:
    """The roles that a header's own names give."""
    lower = [name.strip().lower() for name in names]
    found = {}
    for role, words in _KNOWN.items():
        column = next((lower.index(word) for word in words if word in lower), None)
        if column is not None:
            found[role] = column
    return found


def parse(text: str, names: Sequence[str] | None, width: int) -> tuple[dict[str, int], str | None]:
    """(columns, how `ts` is written or None) of a mapping as written. BadMapping."""
    columns: dict[str, int] = {}
    time = None
    for part in text.split(","):
        role, equals, column = part.strip().partition("=")
        if not equals or role not in ROLES:
            raise BadMapping(
                f"--map {part.strip()}: role=column is expected, the role one of {', '.join(ROLES)}"
            )
        if role == "ts" and ":" in column and column.rpartition(":")[2] in TIMES:
            column, _, time = column.rpartition(":")
        columns[role] = _column(column, names, width)
    return columns, time


def _column(text: str, names: Sequence[str] | None, width: int) -> int:
    if names is not None and text in names:
        return list(names).index(text)
    if text.isdecimal() and 1 <= int(text) <= width:
        return int(text) - 1
    there = f"its columns are {', '.join(names)}" if names else f"it has {width} columns and no header"
    raise BadMapping(f"--map: no column {text}; {there}")


def kind_of(columns: AnyMapping[str, int], asked: str | None) -> str:
    """The kind of row that the roles make. BadMapping where they make none."""
    if asked is not None:
        kinds: tuple[str, ...] = (asked,)
    elif "kind" in columns:
        return "quote"
    else:
        kinds = ("quote", "depth", "trade") if "last" in columns else ("quote", "trade")
    for kind in kinds:
        if all(role in columns for role in _NEEDED[kind]):
            return kind
    need = "; ".join(f"{kind}: {', '.join(roles)}" for kind, roles in _NEEDED.items())
    raise BadMapping(f"no known format, and its columns make no rows: --map names them ({need})")


def time_of(text: str) -> str:
    """How a time is written, from one of them: by its length, where it is a number. BadMapping."""
    whole = text.partition(".")[0]
    if whole.isdecimal():
        for digits, name in ((10, "s"), (13, "ms"), (16, "us"), (19, "ns")):
            if len(whole) == digits:
                return name
        raise BadMapping(
            f"a time of {len(whole)} digits: --map ts=COLUMN:UNIT says what it is ({', '.join(TIMES)})"
        )
    return "iso"
