"""Prices and quantities to units: what the client's own, slower way says, or nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from core.session.numbers import units
from periphery.client.errors import BadRequest
from periphery.client.units import INT64_MAX, to_units

TEXTS = st.one_of(
    st.from_regex(r"-?[0-9]{0,20}\.?[0-9]{0,12}", fullmatch=True),
    st.from_regex(r"-?[0-9]{1,12}\.[0-9]{1,6}0{0,6}", fullmatch=True),
    st.text("0123456789.-+e ", max_size=8),
)


@given(st.one_of(TEXTS, st.integers(-(10**20), 10**20), st.decimals(allow_nan=False)), st.integers(0, 20))
def test_it_is_what_the_slower_way_says_or_nothing(value: str | int | Decimal, precision: int) -> None:
    found = units(value, precision)
    if found is not None:
        assert found == to_units(value, precision, "price", "X")


@given(st.integers(-(10**15), 10**15), st.integers(0, 3))
def test_plain_numbers_are_not_left(value: int, precision: int) -> None:
    text = f"{Decimal(value).scaleb(-precision):f}"
    assert units(text, precision) == units(Decimal(text), precision) == value
    assert units(value, precision) == value * 10**precision


@pytest.mark.parametrize(
    ("value", "precision"),
    [
        ("190.005", 2), ("", 2), ("-", 2), (".5", 1), ("5.", 1), ("1.2.3", 2), ("+1", 0), ("1e2", 0),
        (" 1", 0), ("\u0661", 0), ("1\x00", 0),
        (INT64_MAX + 1, 0), (INT64_MAX, 1), (-INT64_MAX - 1, 0), ("9" * 19, 0),
        ("1", 19), (True, 0), (1.0, 0), (None, 0), (Decimal("NaN"), 0), (Decimal("sNaN"), 0),
    ],
)  # fmt: skip
def test_what_is_left(value: object, precision: int) -> None:
    assert units(value, precision) is None


def test_the_bounds() -> None:
    assert (units(INT64_MAX, 0), units(-INT64_MAX, 0)) == (INT64_MAX, -INT64_MAX)
    with pytest.raises(BadRequest):
        to_units(INT64_MAX + 1, 0, "price", "X")
