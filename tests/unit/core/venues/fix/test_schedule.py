"""When a session is open, in its own time zone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.venues.fix.schedule import Schedule, parse

NEW_YORK = parse(
    {
        "start": "17:00",
        "end": "16:30",
        "zone": "America/New_York",
        "days": ["sun", "mon", "tue", "wed", "thu"],
    }
)
WEEK = parse({"start": "22:00", "end": "21:00", "days": ["sunday"], "end_day": "friday"})


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 10**9


def test_always_open_it_begins_anew_at_midnight() -> None:
    always = Schedule()
    assert always.period(ns("2026-03-04T12:00")) == ns("2026-03-04T00:00")
    assert not always.same(ns("2026-03-04T23:59"), ns("2026-03-05T00:00"))


@pytest.mark.parametrize(
    ("at", "began"),
    [
        ("2026-01-05T21:29", "2026-01-04T22:00"),  # a Monday, 16:29 there
        ("2026-01-05T21:30", None),
        ("2026-01-05T22:00", "2026-01-05T22:00"),
        ("2026-07-06T21:00", "2026-07-06T21:00"),  # daylight saving: 17:00 is 21:00
        ("2026-07-06T20:31", None),
        ("2026-01-09T22:00", None),  # Friday evening
    ],
)
def test_over_midnight_and_with_the_clocks(at: str, began: str | None) -> None:
    assert NEW_YORK.period(ns(at)) == (None if began is None else ns(began))


@pytest.mark.parametrize(
    ("at", "began"),
    [
        ("2026-01-07T03:00", "2026-01-04T22:00"),
        ("2026-01-09T20:59", "2026-01-04T22:00"),
        ("2026-01-09T21:00", None),
        ("2026-01-04T21:59", None),
    ],
)
def test_a_week(at: str, began: str | None) -> None:
    assert WEEK.period(ns(at)) == (None if began is None else ns(began))


@pytest.mark.parametrize(
    ("told", "key"),
    [
        ({"start": "25:00"}, "start"),
        ({"zone": "Nowhere/At_All"}, "zone"),
        ({"days": ["someday"]}, "days"),
        ({"days": []}, "days"),
        ({"opens": "08:00"}, "opens"),
    ],
)
def test_what_is_wrong_is_named(told: dict[str, object], key: str) -> None:
    with pytest.raises(ValueError, match=f"schedule.{key}"):
        parse(told)
