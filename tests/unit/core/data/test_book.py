"""The book by level against a dict, whatever digits prices come with."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from core.data.book import Book

PRICES = st.decimals("0.0001", "99.9999", places=4) | st.decimals("0.1", "99.9", places=1)
CHANGES = st.lists(st.tuples(st.sampled_from(["bid", "ask"]), PRICES, st.integers(0, 3)), max_size=120)


@given(CHANGES)
def test_it_holds_what_a_dict_holds(changes: list[tuple[str, Decimal, int]]) -> None:
    book = Book()
    model: dict[str, dict[Decimal, int]] = {"bid": {}, "ask": {}}
    for side, px, qty in changes:
        book.put(side, str(px), str(qty))
        model[side].pop(px, None)
        if qty:
            model[side][px] = qty
    for side, levels in model.items():
        found = [(Decimal(px), int(qty)) for px, qty in book.levels(side, 1000)]
        assert found == sorted(levels.items(), reverse=side == "bid")


def test_a_finer_price_makes_all_finer() -> None:
    book = Book()
    book.put("bid", "100", "1")
    book.put("bid", "100.25", "2")
    assert book.levels("bid", 2) == [("100.25", "2"), ("100.00", "1")]
    assert book.px_digits == 2


def test_quantities_keep_their_own_digits() -> None:
    book = Book()
    book.put("ask", "0.5", "123456789012")
    book.put("ask", "0.6", "0.00000001")
    assert book.levels("ask", 2) == [("0.5", "123456789012"), ("0.6", "0.00000001")]


def test_a_price_without_room_is_refused_and_changes_nothing() -> None:
    book = Book()
    book.put("bid", "9000000000000000000", "1")
    with pytest.raises(ValueError, match="no place"):
        book.put("bid", "0.01", "1")
    assert book.levels("bid", 9) == [("9000000000000000000", "1")]
