"""128-bit arithmetic against Python's ints and fractions."""

from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from core_ext import wide

LOW, HIGH = -(2**127), 2**127 - 1


def around_powers(bits: int) -> st.SearchStrategy[int]:
    """Signed ints of up to `bits` bits: uniform, and close to powers of 2 and 10 (carries, ties)."""
    top = 2 ** (bits - 1)
    near = st.builds(
        lambda e, d, s: s * (2**e + d), st.integers(0, bits - 1), st.integers(-2, 2), st.sampled_from([1, -1])
    )
    tens = st.builds(
        lambda e, n, s: s * n * 10**e // 2, st.integers(0, 38), st.integers(0, 9), st.sampled_from([1, -1])
    )
    return (st.integers(-top, top - 1) | near | tens).map(lambda v: max(-top, min(top - 1, v)))


I64, I128 = around_powers(64), around_powers(128)


def check(call: Callable[[], int], exact: int) -> None:
    """The call gives the exact value when it fits 128 bits, else raises."""
    if LOW <= exact <= HIGH:
        assert call() == exact
    else:
        with pytest.raises(OverflowError, match="does not fit 128 bits"):
            call()


@given(I64, I64)
def test_mul_is_exact(a: int, b: int) -> None:
    assert wide.mul(a, b) == a * b


@given(I128, I128)
def test_sums_differences_products(a: int, b: int) -> None:
    check(lambda: wide.add_checked(a, b), a + b)
    check(lambda: wide.sub_checked(a, b), a - b)
    check(lambda: wide.mul_checked(a, b), a * b)
    assert wide.compare(a, b) == (a > b) - (a < b)


@given(I128, I128.filter(lambda d: d > 0))
def test_divide_rounds_half_to_even(n: int, d: int) -> None:
    assert wide.divide(n, d) == round(Fraction(n, d))


@given(I128, I64, I64.filter(bool))
def test_mul_div(a: int, b: int, d: int) -> None:
    check(lambda: wide.mul_div(a, b, d), round(Fraction(a * b, d)))


@given(st.integers(-(10**6), 10**6), st.integers(-20, 20), st.integers(-20, 20).filter(bool))
def test_mul_div_ties(a: int, b: int, d: int) -> None:
    assert wide.mul_div(a, b, d) == round(Fraction(a * b, d))


@given(I128, I64, st.integers(-20, 40))
def test_mul_scale(a: int, b: int, p10: int) -> None:
    check(lambda: wide.mul_scale(a, b, p10), round(Fraction(a * b) / Fraction(10) ** p10))


@given(st.integers(-999, 999), st.integers(0, 38), st.integers(-2, 2), st.integers(0, 40))
def test_mul_scale_ties_and_their_neighbours(n: int, e: int, off: int, p10: int) -> None:
    a = n * 10**e // 2 + off
    if LOW <= a <= HIGH:
        for b in (1, -1, 10**18, 5, 2**63 - 1):
            check(lambda b=b: wide.mul_scale(a, b, p10), round(Fraction(a * b, 10**p10)))  # type: ignore[misc]


@pytest.mark.parametrize("value", [LOW, LOW + 1, -1, 0, 1, 2**63, 2**64, HIGH])
def test_the_ends_of_the_range_pass_through(value: int) -> None:
    assert wide.add_checked(value, 0) == value
    assert wide.mul_div(value, 1, 1) == value
    check(lambda: wide.mul_div(value, -1, 1), -value)
    check(lambda: wide.mul_div(value, 1, -1), -value)
    check(lambda: wide.mul_div(value, -(2**63), -(2**63)), value)


def test_pow10() -> None:
    assert [wide.pow10(e) for e in range(39)] == [10**e for e in range(39)]
    assert (wide.pow10(-1), wide.pow10(39)) == (0, 0)


def test_to_int64() -> None:
    assert wide.to_int64(-(2**63)) == -(2**63)
    with pytest.raises(OverflowError, match="64 bits"):
        wide.to_int64(2**63)


def test_variables_are_128_bits_wide_in_c() -> None:
    assert wide.size_of_i128() == 16


def test_arguments_are_checked() -> None:
    with pytest.raises(OverflowError, match="does not fit 128 bits"):
        wide.add_checked(2**127, 0)
    with pytest.raises(ZeroDivisionError):
        wide.mul_div(1, 1, 0)
    with pytest.raises(ValueError, match="divisor 0"):
        wide.divide(1, 0)
    with pytest.raises(ValueError, match="p10 41"):
        wide.mul_scale(1, 1, 41)
