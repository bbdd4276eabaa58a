"""Allocation: whole lots by weight, and sums that are the block's."""

from __future__ import annotations

import io
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from core.positions.allocation import allocate, cumulative, shares
from core.positions.history import BadFile, Fill, read_fills

BLOCK = "symbol,qty,price,fee\nX,60,10.01,0.5\nX,40,10.02,0.3\nX,-10,11,0.1\nY,7,1,0\n"


def block(text: str = BLOCK) -> list[Fill]:
    return read_fills(io.StringIO(text), "block.csv", needs=("symbol", "qty", "price")).rows


def test_a_block_to_two_accounts() -> None:
    """100 at 10.014 on average: 1001.4. By 2 to 1: 67 and 33; 0.8 of fees: 0.536 and 0.264."""
    rows = allocate(block(), {"A": Fraction(2), "B": Fraction(1)}, Fraction(1))
    told = [
        (row["account"], row["symbol"], row["side"], row["qty"], row["avg_px"], row["value"]) for row in rows
    ]
    assert told == [
        ("A", "X", "sell", "7", "11", "77"),
        ("B", "X", "sell", "3", "11", "33"),
        ("A", "X", "buy", "67", "10.014", "670.938"),
        ("B", "X", "buy", "33", "10.014", "330.462"),
        ("A", "Y", "buy", "5", "1", "5"),
        ("B", "Y", "buy", "2", "1", "2"),
    ]
    assert [row["fee"] for row in rows[2:4]] == ["0.536", "0.264"]


def test_whole_lots_only() -> None:
    rows = allocate(block("symbol,qty,price\nX,300,1\n"), {"A": Fraction(1), "B": Fraction(1)}, Fraction(100))
    assert [row["qty"] for row in rows] == ["200", "100"]
    with pytest.raises(BadFile, match="X: 250 isn't a multiple of the lot 100"):
        allocate(block("symbol,qty,price\nX,250,1\n"), {"A": Fraction(1)}, Fraction(100))


@pytest.mark.parametrize("weights", [{}, {"A": Fraction(0)}, {"A": Fraction(2), "B": Fraction(-1)}])
def test_weights_must_be_some(weights: dict[str, Fraction]) -> None:
    with pytest.raises(ValueError, match="weights"):
        shares(10, weights)


@given(
    st.integers(0, 10**9),
    st.lists(st.integers(0, 1000), min_size=1, max_size=9).filter(any),
    st.fractions(-(10**6), 10**6),
)
def test_sums_are_the_blocks(whole: int, weights: list[int], amount: Fraction) -> None:
    """Nobody is further than one lot, or one unit, from the exact share."""
    named = {str(i): Fraction(weight) for i, weight in enumerate(weights)}
    parts = shares(whole, named)
    total = sum(weights)
    assert sum(parts.values()) == whole
    assert all(abs(part - Fraction(whole) * named[name] / total) < 1 for name, part in parts.items())
    if whole:
        spread = cumulative(amount, parts, 8)
        assert sum(spread.values()) == round(amount * 10**8)
        assert all(abs(spread[name] - amount * part * 10**8 / whole) <= 1 for name, part in parts.items())
