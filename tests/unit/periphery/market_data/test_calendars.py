"""Hours and holidays, against days that everybody can look up."""

from __future__ import annotations

import datetime as dt

import pytest

from periphery.market_data.calendars import ALWAYS, Calendar


def ns(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp()) * 10**9


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2024-07-03 13:29:59", False),  # before 09:30 in New York
        ("2024-07-03 13:30:00", True),
        ("2024-07-03 16:59:59", True),  # the day before the holiday ends at 13:00
        ("2024-07-03 17:00:00", False),
        ("2024-07-04 15:00:00", False),  # Independence Day
        ("2024-07-06 15:00:00", False),  # Saturday
        ("2024-01-02 14:30:00", True),  # winter: an hour later in UTC
        ("2024-01-02 14:00:00", False),
        ("2023-12-29 20:59:59", True),
    ],
)
def test_new_york(at: str, is_open: bool) -> None:
    assert Calendar("XNYS").is_open(ns(at)) is is_open


def test_tokyo_rests_at_noon() -> None:
    tokyo = Calendar("XTKS")
    found = [tokyo.is_open(ns(f"2024-07-03 {at}")) for at in ("00:30", "02:45", "03:45", "05:00", "06:30")]
    assert found == [True, False, True, True, False]
    assert tokyo.time_zone == "Asia/Tokyo"


def test_the_next_opening_and_end_leave_holidays_out() -> None:
    york = Calendar("XNYS")
    assert york.next_open_ns(ns("2024-07-03 18:00:00")) == ns("2024-07-05 13:30:00")
    assert york.next_close_ns(ns("2024-07-03 14:00:00")) == ns("2024-07-03 17:00:00")
    assert york.next_open_ns(ns("2024-12-31 22:00:00")) == ns("2025-01-02 14:30:00")


def test_sessions_across_a_year_come_once_each() -> None:
    days = [each.day for each in Calendar("XNYS").sessions(dt.date(2024, 12, 23), dt.date(2025, 1, 3))]
    assert [f"{day:%m-%d}" for day in days] == [
        "12-23",
        "12-24",
        "12-26",
        "12-27",
        "12-30",
        "12-31",
        "01-02",
        "01-03",
    ]


def test_crypto_never_closes() -> None:
    always = Calendar(ALWAYS)
    assert always.is_open(0)
    assert (always.next_open_ns(0), always.next_close_ns(0), always.time_zone) == (None, None, "UTC")
    day = always.sessions(dt.date(2024, 2, 29), dt.date(2024, 3, 1))[0]
    assert (day.open_ns, day.close_ns) == (ns("2024-02-29"), ns("2024-03-01"))


def test_an_exchange_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="calendar 'NASD'"):
        Calendar("NASD")
