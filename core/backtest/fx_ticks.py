"""Reads FX quote ticks in Lean's format: a zip with one CSV of `ms since midnight,bid,ask`.

The day is in the file's name, the clock is the venue's own: FXCM's recordings are in UTC-5, OANDA's in UTC.
Prices are read as decimals into integers of 10^-5, exactly; no float is made on the way. The regular rows of
a file are read as whole columns, any other row on its own by the strict grammar below:

    row   = ms "," price "," price          ms    = 1 to 8 digits, below 86,400,000
    price = digits [ "." 1 to 5 digits ]    above zero, at most 9 digits before the point

A row outside the grammar is *malformed*: it is left out, and reported with its line and the reason.
A row whose ask is below its bid is *crossed*: it is counted, and kept or dropped as the caller asks.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

PRICE_DIGITS = 5
"""Digits after the point: a price of 1 is one unit of 10^-5."""

QUOTE = np.dtype([("ts_ns", "<i8"), ("bid_px", "<i8"), ("ask_px", "<i8")])
"""One quote: ns since the epoch UTC, then bid and ask in units of 10^-5."""

UTC_OFFSET_HOURS: Mapping[str, int] = MappingProxyType({"fxcm": -5, "oanda": 0})
"""The clock of each known recording, in hours east of UTC."""

_DAY_MS = 86_400_000
_MS_NS = 1_000_000
_HOUR_NS = 3_600_000_000_000
_SCALE: int = 10**PRICE_DIGITS
_MS_DIGITS = 8
_WHOLE_DIGITS = 9
_NEWLINE, _RETURN, _COMMA, _POINT, _ZERO = b"\n\r,.0"

_DATE = re.compile(r"(?<!\d)(\d{8})(?!\d)")
_MS = re.compile(rb"\d{1,%d}" % _MS_DIGITS)
_PRICE = re.compile(rb"(\d{1,%d})(?:\.(\d+))?" % _WHOLE_DIGITS)

type Bytes = npt.NDArray[np.uint8]
type Ints = npt.NDArray[np.int64]
type Flags = npt.NDArray[np.bool_]
type Quotes = np.ndarray[tuple[int], np.dtype[np.void]]


class BadTickFile(ValueError):
    """The file as a whole can't be read: no zip, no single CSV in it, no day in its name."""


class _BadRow(ValueError):
    """One row is outside the grammar; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """A row that was left out: its line (from 1) in the CSV, why, and how it began."""

    line: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class TickFile:
    """What a file held.

    quotes:     shape (n,), dtype QUOTE, in the file's order.
    lines:      rows in the file = len(quotes) + len(malformed) + (crossed if they were dropped).
    crossed:    rows with ask < bid, whether kept or dropped.
    unordered:  rows earlier than the row before them; kept, the merge puts them in their place.
    """

    name: str
    quotes: Quotes
    lines: int
    crossed: int
    unordered: int
    malformed: tuple[Malformed, ...]


def read_ticks(path: Path, utc_offset_hours: int, *, drop_crossed: bool) -> TickFile:
    """Read one Lean tick zip whose clock is `utc_offset_hours` east of UTC.

    Raises BadTickFile, naming the file, where it isn't a zip of one CSV or has no day in its name, and
    FileNotFoundError where there is none.
    """
    member, data = _unzip(path)
    midnight_ns = _midnight_ns(path, member) - utc_offset_hours * _HOUR_NS
    return parse_ticks(data, midnight_ns, path.name, drop_crossed=drop_crossed)


def parse_ticks(data: bytes, midnight_ns: int, name: str, *, drop_crossed: bool) -> TickFile:
    """Parse the bytes of a CSV; `midnight_ns` is the recording's midnight in ns since the epoch UTC."""
    columns, good, malformed = _parse_columns(data)
    quotes = np.empty(int(np.count_nonzero(good)), dtype=QUOTE)
    quotes["ts_ns"] = midnight_ns + columns[0][good] * _MS_NS
    quotes["bid_px"] = columns[1][good]
    quotes["ask_px"] = columns[2][good]
    crossed = quotes["ask_px"] < quotes["bid_px"]
    unordered = int(np.count_nonzero(np.diff(quotes["ts_ns"]) < 0))
    kept = quotes[~crossed] if drop_crossed else quotes
    return TickFile(name, kept, len(good), int(np.count_nonzero(crossed)), unordered, malformed)


def _unzip(path: Path) -> tuple[str, bytes]:
    """The one CSV of the zip: its name and its bytes."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info.filename for info in archive.infolist() if info.filename.endswith(".csv")]
            if len(members) != 1:
                raise BadTickFile(f"{path.name}: one CSV expected in the zip, {len(members)} found")
            return members[0], archive.read(members[0])
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise BadTickFile(f"{path.name}: not a whole zip file: {error}") from error


def _midnight_ns(path: Path, member: str) -> int:
    """Midnight of the day in the zip's name, else in the CSV's, in ns since the epoch by its own clock."""
    found = _DATE.search(path.name) or _DATE.search(member)
    if found is None:
        raise BadTickFile(f"{path.name}: no day (YYYYMMDD) in its name, nor in {member}")
    try:
        day = datetime.strptime(found[1], "%Y%m%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise BadTickFile(f"{path.name}: {found[1]} is no day") from error
    return int(day.timestamp()) * 1_000_000_000


def _parse_columns(data: bytes) -> tuple[tuple[Ints, Ints, Ints], Flags, tuple[Malformed, ...]]:
    """All rows: (ms, bid, ask) a column each, which rows are good, and those that aren't."""
    buffer = np.frombuffer(data, dtype=np.uint8)
    starts, ends = _lines(buffer)
    columns, good = _regular_rows(buffer, starts, ends)
    malformed = []
    for row in np.flatnonzero(~good).tolist():
        text = data[starts[row] : ends[row]]
        try:
            values = _parse_row(text)
        except _BadRow as reason:
            malformed.append(Malformed(row + 1, str(reason), text[:60].decode("ascii", "backslashreplace")))
            continue
        good[row] = True
        for column, value in zip(columns, values, strict=True):
            column[row] = value
    return columns, good, tuple(malformed)


def _lines(buffer: Bytes) -> tuple[Ints, Ints]:
    """First byte of each line and the byte after its last, without the line's end (LF or CR LF)."""
    newlines = np.flatnonzero(buffer == _NEWLINE)
    starts = np.concatenate(([0], newlines + 1)).astype(np.int64)
    ends = np.concatenate((newlines, [len(buffer)])).astype(np.int64)
    if starts[-1] == ends[-1]:
        starts, ends = starts[:-1], ends[:-1]
    if len(starts):
        returns = (ends > starts) & (buffer[np.maximum(ends - 1, 0)] == _RETURN)
        ends = ends - returns
    return starts, ends


def _regular_rows(buffer: Bytes, starts: Ints, ends: Ints) -> tuple[tuple[Ints, Ints, Ints], Flags]:
    """Rows with both prices at exactly five digits, as columns; rows that aren't so are flagged False."""
    commas = np.flatnonzero(buffer == _COMMA)
    first = np.searchsorted(commas, starts)
    good = np.searchsorted(commas, ends) - first == 2
    row = np.flatnonzero(good)
    left, right = commas[first[row]], commas[first[row] + 1]
    ms, ms_good = _digits(buffer, starts[row], left, _MS_DIGITS)
    bid, bid_good = _five_digit_price(buffer, left + 1, right)
    ask, ask_good = _five_digit_price(buffer, right + 1, ends[row])
    good[row] = ms_good & (ms < _DAY_MS) & bid_good & ask_good
    columns = [np.zeros(len(starts), dtype=np.int64) for _ in range(3)]
    for column, values in zip(columns, (ms, bid, ask), strict=True):
        column[row] = values
    return (columns[0], columns[1], columns[2]), good


def _five_digit_price(buffer: Bytes, start: Ints, end: Ints) -> tuple[Ints, Flags]:
    """Prices written `digits.ddddd` in [start, end), in units of 10^-5, and which of them are."""
    point = end - PRICE_DIGITS - 1
    good = point > start
    good &= buffer[np.maximum(point, 0)] == _POINT
    whole, whole_good = _digits(buffer, start, point, _WHOLE_DIGITS)
    part, part_good = _digits(buffer, point + 1, end, PRICE_DIGITS)
    value = whole * _SCALE + part
    return value, good & whole_good & part_good & (value > 0)


def _digits(buffer: Bytes, start: Ints, end: Ints, most: int) -> tuple[Ints, Flags]:
    """Whole numbers of 1 to `most` digits in [start, end), and which of them are such numbers."""
    width = end - start
    good = (width >= 1) & (width <= most)
    value = np.zeros(len(start), dtype=np.int64)
    for place in range(most):
        inside = place < width
        digit = buffer[np.maximum(end - 1 - place, 0)] - np.uint8(_ZERO)
        good &= ~inside | (digit <= 9)
        value += np.where(inside, digit, 0).astype(np.int64) * 10**place
    return value, good


def _parse_row(text: bytes) -> tuple[int, int, int]:
    """One row by the grammar: ms, bid, ask. Raises _BadRow with the reason."""
    fields = text.split(b",")
    if len(fields) != 3:
        raise _BadRow(f"3 fields expected, {len(fields)} found" if text else "blank line")
    return _parse_ms(fields[0]), _parse_price(fields[1], "bid"), _parse_price(fields[2], "ask")


def _parse_ms(text: bytes) -> int:
    if not _MS.fullmatch(text):
        raise _BadRow("time is no whole number of ms")
    if int(text) >= _DAY_MS:
        raise _BadRow("time is past the end of the day")
    return int(text)


def _parse_price(text: bytes, what: str) -> int:
    found = _PRICE.fullmatch(text)
    if not found:
        raise _BadRow(f"{what} is no price")
    part: bytes = found[2] or b""
    if len(part) > PRICE_DIGITS:
        raise _BadRow(f"{what} has more than {PRICE_DIGITS} digits after the point")
    value = int(found[1]) * _SCALE + int(part.ljust(PRICE_DIGITS, b"0"))
    if value == 0:
        raise _BadRow(f"{what} is zero")
    return value
