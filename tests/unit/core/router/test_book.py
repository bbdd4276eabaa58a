"""The consolidated book: depth, age and state by venue; locked and crossed; what policies make of it."""

from __future__ import annotations

import pytest

from core import messages as m
from core.router.planner import Planner

from .books import Book, planner, quote, state

UP, DOWN, HALTED = m.VenueState.UP, m.VenueState.DOWN, m.VenueState.HALTED


def two() -> Planner:
    made = Planner([(0, 0), (0, 0)])
    quote(made, 0, 99, 50, 101, 60, at=1000)
    quote(made, 1, 98, 70, 101, 80, at=4000)
    return made


def test_it_has_each_venue_with_its_age_and_state() -> None:
    made = two()
    state(made, 1, HALTED)
    found = made.book(5000)
    assert found["venues"] == [(0, UP, 4000), (1, HALTED, 1000)]
    assert found["bids"] == [(99, 50, 0)]  # the halted venue's prices aren't in it
    assert found["asks"] == [(101, 60, 0)]


def test_depth_is_merged_by_price_then_declaration() -> None:
    books = [Book(asks=[(101, 5), (103, 6)]), Book(asks=[(101, 7), (102, 8)], bids=[(99, 1), (98, 2)])]
    found = planner(books).book()
    assert found["asks"] == [(101, 5, 0), (101, 7, 1), (102, 8, 1), (103, 6, 0)]
    assert found["bids"] == [(99, 1, 1), (98, 2, 1)]


def test_a_venue_that_never_quoted_has_no_age() -> None:
    assert Planner([(0, 0)]).book(7)["venues"] == [(0, UP, None)]


@pytest.mark.parametrize(("bid", "market"), [(100, ""), (101, "locked"), (102, "crossed")])
def test_locked_and_crossed(bid: int, market: str) -> None:
    made = two()
    quote(made, 1, bid, 70, 105, 80)
    assert made.book()["market"] == market
    assert made.legs(m.Policy.NET, True, 60, 110) == (
        [(0, 60, 101, False, 0)],
        0,
    )  # the ask is taken as it is
    (rests,), _ = made.legs(m.Policy.POST, True, 10, 110)
    assert rests[2] < 101  # and nothing rests where it would lock or cross
    state(made, 1, DOWN)
    assert made.book()["market"] == ""
