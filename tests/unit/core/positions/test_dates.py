"""Dates of files: every form that is promised, the order learned or asked for, and what isn't a date."""

import pytest

from core.positions.dates import Dates


@pytest.mark.parametrize(
    "text",
    [
        "2020-01-31",
        "2020-1-31",
        "20200131",
        "2020/01/31",
        "2020.01.31",
        "31.01.2020",
        "1/31/2020",
        "31/1/2020",
        "31-Jan-2020",
        "31 January 2020",
        "Jan 31, 2020",
        "January 31 2020",
        "2020-01-31T23:59:59Z",
        "2020-01-31 23:59:59.123456+00:00",
        "2020-01-31 9:30",
        "1/31/2020 4:05 PM",
        "20200131 09:30:00",
        "1580428800",
        "1580428800.25",
        "1580428800000",
        "1580428800000000000",
    ],
)
def test_a_form_that_is_known(text: str) -> None:
    assert Dates().learn([text]).read(text)[0] == "2020-01-31"


def test_the_order_is_learned_from_the_file_or_given() -> None:
    assert Dates().learn(["3/4/2020", "3/13/2020"]).read("3/4/2020")[0] == "2020-03-04"
    assert Dates().learn(["3/4/2020", "13/3/2020"]).read("3/4/2020")[0] == "2020-04-03"
    assert Dates("mdy").learn(["3/4/2020"]).read("3/4/2020")[0] == "2020-03-04"
    with pytest.raises(ValueError, match=r'"3/4/2020": day or month first\? Say --dates'):
        Dates().learn(["3/4/2020"]).read("3/4/2020")


def test_times_of_a_day_sort_as_they_are() -> None:
    texts = ["2020-01-31 9:30", "2020-01-31T10:00:00Z", "2020-01-31 12:00 AM", "2020-01-31 1:00 PM"]
    order = sorted(texts, key=lambda text: Dates().read(text)[1])
    assert order == [texts[2], texts[0], texts[1], texts[3]]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "write it as one of"),
        ("yesterday", "write it as one of"),
        ("2020-02-30", "day is out of range"),
        ("2020-13-01", "month must be in 1..12"),
        ("31-Foo-2020", "no month Foo"),
        ("2020-01-31 25:00", "no hour 25"),
        ("2020-01-31 garbage", "write it as one of"),
        ("20-01-31", "write it as one of"),
    ],
)
def test_what_is_no_date(text: str, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        Dates("dmy").read(text)
