"""What only a file's name says of a recording: the day, the symbol, the venue."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

UTC_OFFSET_HOURS = {"fxcm": -5, "oanda": 0}
"""The clocks of venues whose Lean files aren't in UTC, and of those that are known to be, in hours east."""

_NEW_YORK = ZoneInfo("America/New_York")
_DASHED = re.compile(r"(?<!\d)(\d{4})-(\d\d)-(\d\d)(?!\d)")
_EIGHT = re.compile(r"(?<!\d)(\d{8})(?!\d)")
_PAIR = re.compile(
    r"(?<![a-z0-9])([a-z0-9]{2,10}(?:usdt|usdc|usd|eur|gbp|jpy|chf|aud|cad|nzd|btc|eth))(?![a-z])"
)
_UPPER = re.compile(r"(?<![A-Za-z0-9])([A-Z][A-Z.]{0,5})(?![A-Za-z0-9])")
_LEAN = re.compile(r"^\d{8}_([a-z0-9]+)_")


def day_of(*names: str) -> date | None:
    """The first day in any of the names: YYYY-MM-DD, YYYYMMDD or MMDDYYYY."""
    for name in names:
        for found in _DASHED.finditer(name):
            day = _day(*found.groups())
            if day:
                return day
        for found in _EIGHT.finditer(name):
            text = found[1]
            day = _day(text[:4], text[4:6], text[6:]) or _day(text[4:], text[:2], text[2:4])
            if day:
                return day
    return None


def _day(year: str, month: str, day: str) -> date | None:
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return found if 1970 <= found.year <= 2199 else None


def new_york_midnight_ns(day: date | None) -> int:
    """New York's midnight of the day in ns since the epoch UTC; 0 where there is no day."""
    if day is None:
        return 0
    return int(datetime.combine(day, time(), _NEW_YORK).timestamp()) * 1_000_000_000


def utc_midnight_ns(day: date) -> int:
    """UTC's midnight of the day in ns since the epoch."""
    return int(datetime.combine(day, time(), UTC).timestamp()) * 1_000_000_000


def stock_in(*names: str) -> str:
    """The first word of capitals in any of the names, else the first name without its suffixes."""
    for name in names:
        for found in _UPPER.finditer(name.replace("LOBSTER", "").replace("_", " ")):
            return found[1]
    return names[0].partition(".")[0]


def pair_in(*names: str) -> str:
    """A currency pair in any of the names, in capitals, else the first name without its suffixes."""
    for name in names:
        found = _PAIR.search(name.lower().replace("_", " ").replace("-", " "))
        if found:
            return found[1].upper()
    return names[0].partition(".")[0]


def lean_symbol(member: str, path: Path) -> str:
    """The pair of a Lean file: in its member's name, else in the path."""
    found = _LEAN.match(member)
    return found[1].upper() if found else pair_in(path.name, path.parent.name)


def lean_venue(path: Path) -> str | None:
    """The venue whose clock is known, where the path names it."""
    words = re.split(r"[^a-z]+", "/".join(path.parts[-5:]).lower())
    return next((word for word in words if word in UTC_OFFSET_HOURS), None)
