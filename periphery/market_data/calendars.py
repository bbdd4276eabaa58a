"""When a venue trades: `24/7`, or an exchange by its MIC (XNYS, XNAS, XTKS) as exchange_calendars knows it.

Crypto's `24/7` needs no library; other calendars need nacre[calendars]. Times are ns since 1970 UTC.
"""

from __future__ import annotations

import datetime as dt
import functools
import importlib
import warnings
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

ALWAYS = "24/7"
_SECOND_NS = 1_000_000_000
_DAY_NS = 86_400 * _SECOND_NS
_NEVER = -1


@dataclass(frozen=True, slots=True)
class Session:
    """One day's trading. open_ns, close_ns: from and until; breaks, as Tokyo's at noon, are within."""

    day: dt.date
    open_ns: int
    close_ns: int


@dataclass(frozen=True, slots=True)
class _Hours:
    """A year's, with the days beside it. spans: (from, until) of trade without a break, in order."""

    time_zone: str
    sessions: tuple[Session, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]


class Calendar:
    """Trading hours and holidays of one venue. ValueError: no such calendar, or the library isn't there."""

    def __init__(self, name: str) -> None:
        self.name = name
        if name != ALWAYS:
            _check(name)

    @property
    def time_zone(self) -> str:
        """Of the venue's clock."""
        return "UTC" if self.name == ALWAYS else _hours(self.name, dt.datetime.now(dt.UTC).year).time_zone

    def is_open(self, at_ns: int) -> bool:
        """Whether it trades then; a session's end is not in it, nor is its break."""
        if self.name == ALWAYS:
            return True
        hours = self._at(at_ns)
        place = bisect_right(hours.starts, at_ns) - 1
        return place >= 0 and at_ns < hours.ends[place]

    def next_open_ns(self, at_ns: int) -> int | None:
        """When it begins to trade next, after that time; None: it never stops."""
        if self.name == ALWAYS:
            return None
        starts = self._at(at_ns).starts
        return starts[bisect_right(starts, at_ns)]

    def next_close_ns(self, at_ns: int) -> int | None:
        """When it stops next, after that time; None: it never does."""
        if self.name == ALWAYS:
            return None
        ends = self._at(at_ns).ends
        return ends[bisect_right(ends, at_ns)]

    def sessions(self, first: dt.date, last: dt.date) -> list[Session]:
        """The days on which it trades, both included."""
        if self.name == ALWAYS:
            return [_whole_day(first + dt.timedelta(n)) for n in range((last - first).days + 1)]
        return [
            session
            for year in range(first.year, last.year + 1)
            for session in _hours(self.name, year).sessions
            if first <= session.day <= last and session.day.year == year
        ]

    def _at(self, at_ns: int) -> _Hours:
        return _hours(self.name, dt.datetime.fromtimestamp(at_ns // _SECOND_NS, dt.UTC).year)


def _whole_day(day: dt.date) -> Session:
    open_ns = int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp()) * _SECOND_NS
    return Session(day, open_ns, open_ns + _DAY_NS)


def _library() -> Any:
    try:
        return importlib.import_module("exchange_calendars")
    except ImportError as error:
        raise ValueError(
            "an exchange's calendar needs exchange-calendars: install nacre[calendars]"
        ) from error


def _check(name: str) -> None:
    known = _library().get_calendar_names()
    if name not in known:
        some = ", ".join(sorted(known)[:12])
        raise ValueError(f"calendar {name!r}: {ALWAYS}, or an exchange's MIC: {some}, ...")


@functools.cache
def _hours(name: str, year: int) -> _Hours:
    """From the last days of the year before to the first ones of the next. Numbers only: what the library's
    own pandas objects warn of is nobody's business here.
    """
    start, end = dt.date(year - 1, 12, 1), dt.date(year + 1, 1, 31)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        calendar = _library().get_calendar(name, start=str(start), end=str(end))
        table = calendar.schedule
        days = [day.date() for day in table.index]
        opens, closes, pauses, resumes = (
            [_NEVER if str(at) == "NaT" else int(at.as_unit("ns").value) for at in table[column]]
            for column in ("open", "close", "break_start", "break_end")
        )
    spans: list[tuple[int, int]] = []
    for begin, pause, resume, stop in zip(opens, pauses, resumes, closes, strict=True):
        spans += [(begin, stop)] if pause == _NEVER else [(begin, pause), (resume, stop)]
    spans = _joined(spans)
    sessions = tuple(Session(*row) for row in zip(days, opens, closes, strict=True))
    return _Hours(str(calendar.tz), sessions, tuple(s for s, _ in spans), tuple(e for _, e in spans))


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sessions that follow each other without a pause are one span."""
    found: list[tuple[int, int]] = []
    for begin, end in spans:
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], end)
        else:
            found.append((begin, end))
    return found
