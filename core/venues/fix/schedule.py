"""When a session is open: each day, or one stretch a week. Sequence numbers belong to one such stretch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

NS = 1_000_000_000
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Schedule:
    """From `start` to `end` on the clock of `zone`, at the end of the day where both are the same.

    days: weekdays (0 is Monday) on which a stretch begins. end_day: where it ends on another weekday.
    """

    start: time = time(0)
    end: time = time(0)
    zone: ZoneInfo = _UTC
    days: frozenset[int] = frozenset(range(7))
    end_day: int | None = None

    def period(self, now_ns: int) -> int | None:
        """When the stretch began that is open now, ns since 1970; None: it is closed."""
        now = datetime.fromtimestamp(now_ns // NS, UTC)
        today = now.astimezone(self.zone).date()
        for back in range(8):
            day = today - timedelta(days=back)
            if day.weekday() not in self.days:
                continue
            begin = datetime.combine(day, self.start, self.zone)
            last = day + timedelta(days=self._length_days(day.weekday()))
            end = datetime.combine(last, self.end, self.zone)
            if begin.astimezone(UTC) <= now < end.astimezone(UTC):
                return int(begin.timestamp()) * NS
        return None

    def same(self, then_ns: int, now_ns: int) -> bool:
        """Whether both times are in one open stretch."""
        found = self.period(now_ns)
        return found is not None and found == self.period(then_ns)

    def _length_days(self, weekday: int) -> int:
        if self.end_day is None:
            return 1 if self.end <= self.start else 0
        days = (self.end_day - weekday) % 7
        return 7 if days == 0 and self.end <= self.start else days


def parse(told: dict[str, object]) -> Schedule:
    """From a [schedule] table: start, end (HH:MM[:SS]), zone, days, end_day. ValueError names the key."""
    unknown = set(told) - {"start", "end", "zone", "days", "end_day"}
    if unknown:
        raise ValueError(f"schedule.{min(unknown)}: no such key; start, end, zone, days, end_day")
    try:
        zone = ZoneInfo(str(told.get("zone", "UTC")))
    except (KeyError, ValueError) as wrong:
        raise ValueError(f"schedule.zone {told['zone']!r}: no such time zone") from wrong
    days = told.get("days", list(WEEKDAYS))
    if not isinstance(days, list) or not days:
        raise ValueError("schedule.days: give a list of weekdays")
    last = told.get("end_day")
    return Schedule(
        _time(told, "start"),
        _time(told, "end"),
        zone,
        frozenset(_weekday("days", each) for each in days),
        None if last is None else _weekday("end_day", last),
    )


def _time(told: dict[str, object], key: str) -> time:
    value = told.get(key, "00:00")
    try:
        return value.replace(tzinfo=None) if isinstance(value, time) else time.fromisoformat(str(value))
    except ValueError as wrong:
        raise ValueError(f"schedule.{key} {value!r}: give a time as 17:00 or 17:00:00") from wrong


def _weekday(key: str, value: object) -> int:
    name = str(value).lower()
    found = [i for i, each in enumerate(WEEKDAYS) if len(name) >= 3 and each.startswith(name)]
    if not found:
        raise ValueError(f"schedule.{key} {value!r}: one of {', '.join(WEEKDAYS)}")
    return found[0]
