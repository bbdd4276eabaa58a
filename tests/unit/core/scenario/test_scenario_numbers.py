"""Numbers and times: exact in, exact out, against Fraction, Decimal and datetime."""

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from core.scenario.numbers import (
    NUMBER_CHARS_MAX,
    TIME_MAX_NS,
    Number,
    divide_half_even,
    format_ratio,
    format_units,
    format_written,
    parse_number,
    parse_time,
    scaled,
)

UNITS = st.integers(min_value=-(10**40), max_value=10**40)
DIGITS = st.integers(min_value=0, max_value=30)
AS_PRINTED = re.compile(r"0|-?(0\.[0-9]*[1-9]|[1-9][0-9]*(\.[0-9]*[1-9])?)")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("190.00", Number(19000, 2)),
        ("0", Number(0, 0)),
        ("-0", Number(0, 0)),
        ("-0.5", Number(-5, 1)),
        ("007.10", Number(710, 2)),
        ("99999999999999999999", Number(99999999999999999999, 0)),
    ],
)
def test_number_is_kept_as_written(text: str, number: Number) -> None:
    assert parse_number(text) == number


@pytest.mark.parametrize(
    "text",
    ["", "-", "+1", "1.", ".5", "1e3", "1,0", " 1", "1 ", "1\n", "--1", "0x1", "1_0", "٣", "1.٣", "NaN", "²"],
)
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="isn't a number"):
        parse_number(text)


def test_number_has_a_bound() -> None:
    assert parse_number("9" * NUMBER_CHARS_MAX).units == 10**NUMBER_CHARS_MAX - 1
    with pytest.raises(ValueError, match=f"{NUMBER_CHARS_MAX + 1} characters"):
        parse_number("9" * (NUMBER_CHARS_MAX + 1))


@given(UNITS, DIGITS)
def test_parse_after_write_is_identity(units: int, digits: int) -> None:
    assert parse_number(format_written(Number(units, digits))) == Number(units, digits)


@given(st.from_regex(r"-?[0-9]{1,30}(\.[0-9]{1,30})?", fullmatch=True).filter(str.isascii))
def test_format_after_parse_is_identity_up_to_zeros(text: str) -> None:
    printed = format_units(*parse_number(text))
    assert AS_PRINTED.fullmatch(printed)
    assert Fraction(printed) == Fraction(text)


@given(UNITS, DIGITS)
def test_printed_number_is_the_decimal(units: int, precision: int) -> None:
    printed = format_units(units, precision)
    assert AS_PRINTED.fullmatch(printed)
    assert Fraction(printed) == Fraction(units, 10**precision)


@pytest.mark.parametrize(
    ("units", "precision", "text"),
    [
        (0, 0, "0"),
        (0, 4, "0"),
        (100, 0, "100"),
        (100, 2, "1"),
        (-40, 2, "-0.4"),
        (19002, 2, "190.02"),
        (5, 3, "0.005"),
    ],
)
def test_format_units(units: int, precision: int, text: str) -> None:
    assert format_units(units, precision) == text


@given(UNITS, DIGITS, DIGITS)
def test_scaled_is_exact_or_refused(units: int, digits: int, precision: int) -> None:
    if digits > precision:
        with pytest.raises(ValueError, match=f"{digits} digits after the point: at most {precision}"):
            scaled(Number(units, digits), precision)
    else:
        assert Fraction(scaled(Number(units, digits), precision), 10**precision) == Fraction(
            units, 10**digits
        )


def test_scaled_counts_the_digits_as_written() -> None:
    with pytest.raises(ValueError, match=r'"190.000" has 3 digits'):
        scaled(parse_number("190.000"), 2)


@given(UNITS, UNITS.filter(bool))
def test_division_is_half_even(numerator: int, denominator: int) -> None:
    assert divide_half_even(numerator, denominator) == round(Fraction(numerator, denominator))


@given(st.integers(-1000, 1000), st.sampled_from([1, 2, 4, 8, 20, -2, -20]), st.integers(0, 3))
def test_ratio_is_rounded_half_even(numerator: int, denominator: int, digits: int) -> None:
    exact = Decimal(numerator) / Decimal(denominator)
    assert Decimal(format_ratio(numerator, denominator, digits)) == round(exact, digits)


def test_ratio_never_prints_minus_zero() -> None:
    assert format_ratio(-1, 1000, 2) == "0"
    assert format_ratio(1, 2, 0) == "0"
    assert format_ratio(3, 2, 0) == "2"
    assert format_ratio(2, 3, 8) == "0.66666667"


def test_ratio_by_zero() -> None:
    with pytest.raises(ZeroDivisionError):
        format_ratio(1, 0, 2)


@pytest.mark.parametrize(
    ("value", "at"),
    [
        (0, 0),
        (TIME_MAX_NS, TIME_MAX_NS),
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("1970-01-01T00:00:00.5Z", 500_000_000),
        ("2014-05-02T09:30:00.123456789Z", 1399023000_123456789),
        ("2014-05-02T11:30:00.123456789+02:00", 1399023000_123456789),
        ("2014-05-02T04:00:00-05:30", 1399023000_000000000),
        ("2014-05-02T09:30Z", 1399023000_000000000),
        ("20140502T093000Z", 1399023000_000000000),
        ("2014-05-02T09:30:00+00", 1399023000_000000000),
        ("2262-04-11T23:47:16.854775807Z", TIME_MAX_NS),
    ],
)
def test_time(value: str | int, at: int) -> None:
    assert parse_time(value) == at


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("2014-05-02T09:30:00", "has no zone"),
        ("2014-05-02", "isn't a time"),
        ("2014-05-02 09:30:00Z", "isn't a time"),
        ("2014-0502T09:30:00Z", "isn't a time"),
        ("2014-02-30T09:30:00Z", "isn't a time"),
        ("2014-05-02T24:00:00Z", "isn't a time"),
        ("2014-05-02T09:30:60Z", "isn't a time"),
        ("2014-05-02T09:30:00+24:00", "offset"),
        ("2014-05-02T09:30:00+01:60", "offset"),
        ("2014-05-02T09:30:00.1234567890Z", "at most 9 digits"),
        ("2014-05-02T09:30:00.Z", "isn't a time"),
        ("1399023000", "isn't a time"),
        ("", "isn't a time"),
        ("1969-12-31T23:59:59Z", "outside"),
        ("2262-04-11T23:47:16.854775808Z", "outside"),
        ("1970-01-01T00:00:00+01:00", "outside"),
        (-1, "outside"),
        (2**63, "outside"),
        (True, "isn't a time"),
    ],
)
def test_what_is_no_time(value: str | int, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_time(value)


@given(
    st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2261, 1, 1)),
    st.integers(-23 * 60 - 59, 23 * 60 + 59),
    st.integers(0, 999),
)
def test_time_agrees_with_datetime(local: datetime, offset_minutes: int, ns: int) -> None:
    zoned = local.replace(tzinfo=timezone(timedelta(minutes=offset_minutes)))
    since = zoned - datetime(1970, 1, 1, tzinfo=UTC)
    text = zoned.isoformat(timespec="microseconds")
    text = f"{text[:26]}{ns:03}{text[26:]}"
    assert parse_time(text) == (since // timedelta(microseconds=1)) * 1000 + ns
