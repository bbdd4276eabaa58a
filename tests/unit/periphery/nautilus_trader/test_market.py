"""The consolidated market of several venues."""

from __future__ import annotations

from typing import Any

from core.enums import Kind
from periphery.client.codec import MarketRow
from periphery.client.directory import Directory
from periphery.nautilus_trader.market import Level, Market, Quote, Trade

DIRECTORY = Directory({"symbols": [], "venues": ["V", "W"], "strategies": [], "accounts": []}, [])


def rows(market: Market, told: list[Any], *given: tuple[int, Kind, int, int, int, int]) -> list[Any]:
    told.clear()
    for venue, kind, *values in given:
        market.hear(MarketRow(9, 0, venue, kind, *values, 77))
    return list(told)


def test_best_prices_of_all_venues_with_their_sizes_together() -> None:
    told: list[Any] = []
    market = Market(DIRECTORY, None, told.append)
    quotes = rows(
        market,
        told,
        (0, Kind.QUOTE, 10, 5, 12, 6),
        (1, Kind.QUOTE, 10, 1, 11, 2),
        (1, Kind.QUOTE, 0, 0, 11, 2),
    )
    assert quotes == [Quote(0, 9, 10, 5, 12, 6), Quote(0, 9, 10, 6, 11, 2), Quote(0, 9, 10, 5, 11, 2)]
    assert market.best(0) == (10, 5, 11, 2)


def test_an_empty_side_is_no_quote() -> None:
    told: list[Any] = []
    assert rows(Market(DIRECTORY, None, told.append), told, (0, Kind.QUOTE, 10, 5, 0, 0)) == []


def test_levels_are_what_all_venues_show() -> None:
    told: list[Any] = []
    market = Market(DIRECTORY, None, told.append)
    levels = rows(
        market, told, (0, Kind.DEPTH, 10, 5, 0, 0), (1, Kind.DEPTH, 10, 2, 0, 0), (0, Kind.DEPTH, 10, 0, 0, 0)
    )
    assert [(each.px, each.qty) for each in levels] == [(10, 5), (10, 7), (10, 2)]
    assert market.levels(0) == [(False, 10, 2)]
    assert rows(market, told, (1, Kind.DEPTH, 10, 0, 0, 0)) == [Level(0, 9, False, 10, 0, 77)]
    assert market.levels(0) == []


def test_one_venue_alone() -> None:
    told: list[Any] = []
    market = Market(DIRECTORY, "W", told.append)
    found = rows(market, told, (0, Kind.TRADE, 10, 5, 1, 0), (1, Kind.TRADE, 11, 6, 2, 0))
    assert found == [Trade(0, 9, 11, 6, 2, 77)]
