"""Decimals to units and back: exact, or an error that says what to do."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from periphery.client.errors import BadRequest
from periphery.client.units import INT64_MAX, average, from_units, to_units


@pytest.mark.parametrize(
    ("value", "precision", "units"),
    [
        ("190.02", 2, 19002),
        (Decimal("190.02"), 2, 19002),
        (190, 2, 19000),
        ("190.0200", 2, 19002),
        (Decimal("1.90E+2"), 0, 190),
        ("-0.5", 1, -5),
        ("-37.63", 2, -3763),
        ("0.00000001", 8, 1),
        (Decimal("1E-8"), 8, 1),
        ("007", 0, 7),
    ],
)
def test_exact(value: str | Decimal | int, precision: int, units: int) -> None:
    assert to_units(value, precision, "price", "AAPL") == units


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("190.005", "price 190.005 has 3 digits after the point: AAPL takes at most 2"),
        (Decimal("0.001"), "3 digits"),
        ("1e5", "is no number"),
        ("", "is no number"),
        ("1,000", "is no number"),
        ("\u0661", "is no number"),
        (Decimal("NaN"), "is no number"),
        (Decimal("-Infinity"), "is no number"),
        (str(INT64_MAX), "too large"),
        (10**40, "is too large"),
    ],
)
def test_refused(value: str | Decimal | int, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        to_units(value, 2, "price", "AAPL")


@pytest.mark.parametrize(
    ("value", "said"), [(1.5, "is a float, which is not exact"), (True, "is a bool"), (None, "NoneType")]
)
def test_other_types(value: object, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        to_units(value, 2, "price", "AAPL")  # type: ignore[arg-type]


@given(st.integers(-INT64_MAX, INT64_MAX), st.integers(0, 12))
def test_there_and_back(units: int, precision: int) -> None:
    with localcontext() as context:
        context.prec = 3  # a caller's own precision changes nothing
        value = from_units(units, precision)
        assert to_units(value, precision, "qty", "X") == units
        assert to_units(f"{value:f}", precision, "qty", "X") == units
    assert Fraction(value) == Fraction(units, 10**precision)


@given(st.integers(-(10**30), 10**30), st.integers(1, INT64_MAX), st.integers(0, 12))
def test_an_average_is_half_to_even(notional: int, qty: int, precision: int) -> None:
    exact = Fraction(notional, qty * 10**precision)
    assert Fraction(average(notional, qty, precision)) == round(exact, precision + 6)


def test_the_average_of_nothing_is_zero() -> None:
    assert average(0, 0, 2) == 0


def test_a_float_is_refused_also_where_its_int_was_read() -> None:
    assert to_units(1, 2, "qty", "X") == 100
    with pytest.raises(TypeError):
        to_units(1.0, 2, "qty", "X")  # type: ignore[arg-type]
