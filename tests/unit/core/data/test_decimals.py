"""Decimals: exact, as written, and nothing else is one."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from core.data.decimals import decimal, text

NUMBERS = st.from_regex(rb"[0-9]{1,9}(\.[0-9]{1,9})?", fullmatch=True)


@given(NUMBERS)
def test_it_is_the_number(written: bytes) -> None:
    units, digits = decimal(written)
    assert Decimal(units).scaleb(-digits) == Decimal(written.decode())


@given(st.from_regex(rb"[0-9]{1,9}(\.[0-9]{1,8})?", fullmatch=True))
def test_its_digits_are_those_written(written: bytes) -> None:
    assert decimal(written)[1] == len(written.partition(b".")[2])


@given(st.integers(-(10**18), 10**18), st.integers(0, 18))
def test_text_is_read_back(units: int, digits: int) -> None:
    written = text(units, digits)
    assert Decimal(written) == Decimal(units).scaleb(-digits)
    if units >= 0:
        assert decimal(written.encode())[0] == units or len(written) > 18


@pytest.mark.parametrize(
    ("written", "found"),
    [
        (b"1e3", (1000, 0)),
        (b"1.5E-3", (15, 4)),
        (b"0e-18", (0, 0)),
        (b"2.2880000000E-8", (22880000000, 18)),
        (b"12345678901.00000000", (1234567890100000000, 8)),
        (b"123456789012345678.000", (1234567890123456780, 1)),
        (b"9223372036854775807", (9223372036854775807, 0)),
        (b"0.000000000000000001", (1, 18)),
    ],
)
def test_long_ones_and_exponents(written: bytes, found: tuple[int, int]) -> None:
    units, digits = decimal(written)
    assert Decimal(units).scaleb(-digits) == Decimal(found[0]).scaleb(-found[1])
    assert digits <= 18


@pytest.mark.parametrize(
    "written",
    [b"", b".", b"1.", b".5", b"-1", b"+1", b" 1", b"1 ", b"1,5", b"0x1", b"1e", b"1e+", b"nan", b"1.2.3",
     b"9223372036854775808", b"1e400", b"0.0000000000000000001", b"1e99999", b"12a", b"1_0"],
)  # fmt: skip
def test_nothing_else_is_one(written: bytes) -> None:
    with pytest.raises(ValueError, match="no decimal number"):
        decimal(written)
