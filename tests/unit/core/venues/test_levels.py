"""Many prices: levels come and go at random, and the book has them in order."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from core.capacity import Capacity

MakeVenue = Callable[..., Any]
SIZES = Capacity(symbols=1, orders=4096, more_children=1, depths=1, book_orders=4096)


@pytest.mark.parametrize("seed", range(5))
def test_as_a_sorted_dict(make_venue: MakeVenue, seed: int) -> None:
    draw = random.Random(seed)
    venue = make_venue(capacity=SIZES)
    shown: dict[str, dict[int, int]] = {"BUY": {}, "SELL": {}}
    for _ in range(3000):
        side = draw.choice(("BUY", "SELL"))
        away = draw.randint(1, 400)
        px = 10_000 - away if side == "BUY" else 10_000 + away
        qty = draw.choice((0, 0, draw.randint(1, 9)))
        venue.depth(side, px, qty)
        shown[side][px] = qty
    for side, levels in shown.items():
        found = sorted(((px, qty) for px, qty in levels.items() if qty), reverse=side == "BUY")
        assert venue.levels(side) == found


def test_prices_from_end_to_end(make_venue: MakeVenue) -> None:
    venue = make_venue(capacity=SIZES)
    prices = [-(2**62), -5, 0, 3, 2**40, 2**62]
    for child, px in enumerate(prices):
        venue.order(child, "SELL", 1, px)
    assert [child for child, _, _ in venue.queue("SELL")] == list(range(len(prices)))
    for child in (2, 0, 5):
        venue.cancel(child)
    assert [child for child, _, _ in venue.queue("SELL")] == [1, 3, 4]


def test_levels_and_orders_are_used_again(make_venue: MakeVenue) -> None:
    """Many more come and go than there is room for at a time."""
    venue = make_venue(capacity=SIZES)
    for n in range(20_000):
        venue.market("ADD", n, "BUY", 1 + n % 5000, 5)
        venue.market("CANCEL", n, qty=5)
    assert venue.levels("BUY") == []
    assert venue.simulated.dropped_levels == 0


def test_orders_of_the_market_beyond_the_bound_are_counted(make_venue: MakeVenue) -> None:
    venue = make_venue(capacity=Capacity(symbols=1, orders=8, more_children=1, depths=1, book_orders=3))
    for n in range(5):
        venue.market("ADD", n, "BUY", 100 - n, 5)
    venue.market("ADD", 0, "BUY", 50, 5)  # an id that is there
    assert venue.levels("BUY") == [(100, 5), (99, 5), (98, 5)]
    assert venue.simulated.dropped_levels == 3
    venue.simulate("ORDERS_CLEAR")
    assert venue.levels("BUY") == []
    venue.market("ADD", 9, "SELL", 101, 5)
    assert venue.levels("SELL") == [(101, 5)]


def test_an_id_too_long_is_counted(make_venue: MakeVenue) -> None:
    venue = make_venue()
    venue.market("ADD", 2**58, "BUY", 100, 5)
    assert (venue.levels("BUY"), venue.simulated.dropped_levels) == ([], 1)


def test_a_replace_in_place_changes_what_is_open(make_venue: MakeVenue) -> None:
    venue = make_venue()
    venue.order(1, "SELL", 9, 100)
    venue.replace(1, 4, 100)
    assert venue.order(2, "BUY", 5, 100, tif="FOK") == ["2.1 new", "2.1 canceled"]
    assert venue.order(3, "BUY", 4, 100, tif="FOK")[1] == "3.1 trade 4@100 taker"


def test_the_market_goes_on_where_we_took_its_order(make_venue: MakeVenue) -> None:
    """Its execution, recorded, is a trade that meets our orders first."""
    venue = make_venue()
    venue.market("ADD", 1, "SELL", 101, 5)
    venue.order(1, "BUY", 5, 101)
    venue.order(2, "SELL", 4, 101)
    assert venue.market("EXECUTE", 1, "SELL", 101, 5) == ["2.1 trade 4@101 maker"]


def test_trades_of_a_book_known_by_orders_are_told_with_them(make_venue: MakeVenue) -> None:
    venue = make_venue()
    venue.market("ADD", 1, "BUY", 100, 5)
    venue.order(1, "BUY", 5, 101)
    assert venue.trade(99, 50, "SELL") == []
    assert venue.quote(90, 1, 95, 1) == venue.depth("SELL", 96, 9) == []
    assert venue.market("EXECUTE", 1, "BUY", 100, 3) == ["1.1 trade 3@101 maker"]


def test_halted_the_market_trades_and_ours_do_not(make_venue: MakeVenue) -> None:
    venue = make_venue()
    venue.order(1, "BUY", 5, 100)
    venue.market("ADD", 1, "BUY", 100, 5)
    venue.state("HALTED")
    assert venue.market("EXECUTE", 1, "BUY", 100, 5) == []
    assert (venue.levels("BUY"), venue.queue("BUY")) == ([], [(1, 5, 0)])
