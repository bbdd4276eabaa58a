"""Dates as other programs write them, to ISO. The order of day and month is learned from the whole file, or
given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Self

from core.scenario.numbers import shown

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
FORMS = (
    "2020-01-31, 20200131, 2020/01/31, 31.01.2020, 1/31/2020, 31-Jan-2020, Jan 31, 2020, "
    "each with a time or not"
)
_CLOCK = (
    r"(?:[T ,]+(?P<clock>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)? ?(?:[AaPp][Mm])?)"
    r"\s*(?P<zone>\S+)?)?"
)
_YMD = re.compile(r"(?P<y>[0-9]{4})(?P<mark>[-/.]?)(?P<m>[0-9]{1,2})(?P=mark)(?P<d>[0-9]{1,2})" + _CLOCK)
_NAMED = re.compile(r"(?P<d>[0-9]{1,2})[- ](?P<m>[A-Za-z]{3,9})[- ,]+(?P<y>[0-9]{4})" + _CLOCK)
_NAMED_FIRST = re.compile(r"(?P<m>[A-Za-z]{3,9})\.? (?P<d>[0-9]{1,2}),? (?P<y>[0-9]{4})" + _CLOCK)
_SLASHED = re.compile(r"(?P<a>[0-9]{1,2})(?P<mark>[-/.])(?P<b>[0-9]{1,2})(?P=mark)(?P<y>[0-9]{4})" + _CLOCK)
_EPOCH = re.compile(r"[0-9]{10}(?:\.[0-9]*)?|[0-9]{13}|[0-9]{16}|[0-9]{19}")


class Dates:
    """Reads the dates of one file. order: "dmy" or "mdy" of 3/4/2020; "": learned, else refused where it
    matters."""

    def __init__(self, order: str = "") -> None:
        self.order = order
        self._known: dict[str, tuple[str, str]] = {}  # a date stands in a file many times

    def learn(self, texts: Iterable[str]) -> Self:
        """Sees which order the file has: some day is beyond 12, or its mark is a point."""
        if not self.order:
            for text in texts:
                match = _SLASHED.fullmatch(text)
                if match and (int(match["a"]) > 12 or int(match["b"]) > 12 or match["mark"] == "."):
                    self.order = "mdy" if int(match["b"]) > 12 else "dmy"
                    break
        return self

    def read(self, text: str) -> tuple[str, str]:
        """(the date, what to sort by) as written, whatever the zone. ValueError names the forms that are
        known."""
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = self._read(text)
        return known

    def _read(self, text: str) -> tuple[str, str]:
        if _EPOCH.fullmatch(text):
            return self._epoch(text)
        for form, read in self._forms():
            match = form.fullmatch(text)
            if match:
                day = read(match)
                return day, f"{day} {self._clock(match, text)}"
        raise ValueError(f"date {shown(text)}: write it as one of {FORMS}")

    def _forms(self) -> tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]:
        return (_YMD, _numbers), (_NAMED, _named), (_NAMED_FIRST, _named), (_SLASHED, self._slashed)

    def _slashed(self, match: re.Match[str]) -> str:
        if not self.order:
            raise ValueError(f"date {shown(match[0])}: day or month first? Say --dates dmy or --dates mdy")
        day, month = (match["a"], match["b"]) if self.order == "dmy" else (match["b"], match["a"])
        return _iso(match["y"], month, day, match[0])

    def _clock(self, match: re.Match[str], text: str) -> str:
        clock = match["clock"]
        if clock is None:
            return ""
        hour, rest = clock.split(":", 1)
        half = clock[-2:].lower()
        if half in ("am", "pm"):
            hour, rest = str(int(hour) % 12 + 12 * (half == "pm")), rest[:-2].strip()
        if int(hour) > 23:
            raise ValueError(f"date {shown(text)}: there is no hour {hour}")
        return f"{int(hour):02}:{rest}"

    def _epoch(self, text: str) -> tuple[str, str]:
        seconds = int(text[:10])
        return datetime.fromtimestamp(seconds, UTC).date().isoformat(), text.replace(".", "").ljust(19, "0")


def _numbers(match: re.Match[str]) -> str:
    return _iso(match["y"], match["m"], match["d"], match[0])


def _named(match: re.Match[str]) -> str:
    name = match["m"][:3].lower()
    if name not in MONTHS:
        raise ValueError(f"date {shown(match[0])}: there is no month {match['m']}")
    return _iso(match["y"], str(MONTHS.index(name) + 1), match["d"], match[0])


def _iso(year: str, month: str, day: str, text: str) -> str:
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError as error:
        raise ValueError(f"date {shown(text)}: {error}") from None
