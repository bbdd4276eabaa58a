"""Bars of quotes, and where an order would go."""

from __future__ import annotations

from decimal import Decimal

from periphery.backend.bars import BARS_MOST, Bar, Bars
from periphery.backend.route import Level, planned
from periphery.client import QuoteEvent
from periphery.client.directory import Symbol

SECOND = 1_000_000_000


def quote(at_s: float, bid: str, ask: str, venue: str = "V1", qty: str = "10") -> QuoteEvent:
    return QuoteEvent(
        1, int(at_s * SECOND), "AAPL", venue, Decimal(bid), Decimal(qty), Decimal(ask), Decimal(qty)
    )


def test_a_bar_has_the_first_highest_lowest_and_last_mid_of_its_time() -> None:
    bars = Bars()
    for at_s, bid, ask in ((100.0, "10", "12"), (100.5, "14", "16"), (100.7, "8", "10"), (101.0, "9", "11")):
        bars.take(quote(at_s, bid, ask))
    first, second = bars.of("AAPL", 1)
    assert first == Bar(100, Decimal(11), Decimal(15), Decimal(9), Decimal(9))
    assert second == Bar(101, Decimal(10), Decimal(10), Decimal(10), Decimal(10))
    assert bars.of("AAPL", 10) == [Bar(100, Decimal(11), Decimal(15), Decimal(9), Decimal(10))]
    assert bars.of("MSFT", 1) == []


def test_the_mid_is_between_the_best_of_all_venues_that_quote() -> None:
    bars = Bars()
    bars.take(quote(1, "10", "14"))
    bars.take(quote(2, "11", "15", "V2"))
    bars.take(quote(3, "11", "15", "V1", qty="0"))
    assert [bar.close for bar in bars.of("AAPL", 1)] == [Decimal(12), Decimal("12.5"), Decimal(13)]


def test_bars_are_bounded() -> None:
    bars = Bars()
    for n in range(BARS_MOST + 10):
        bars.take(quote(n, "10", "12"))
    assert [len(bars.of("AAPL", 1)), bars.of("AAPL", 1)[0].start_s] == [BARS_MOST, 10]


# ---- where an order would go -------------------------------------------------------------------------------

SYMBOL = Symbol("AAPL", 0, "equity", 2, 0, 1, 1, "USD", ("V1", "V2"), "USD", 1, 0, False)
LEVELS: list[Level] = [
    ("V1", "sell", Decimal("100.02"), Decimal(100)),
    ("V2", "sell", Decimal("100.01"), Decimal(50)),
    ("V2", "sell", Decimal("100.03"), Decimal(500)),
    ("V1", "buy", Decimal("100.00"), Decimal(70)),
]


def line(**more: str) -> dict[str, str]:
    return {
        "symbol": "AAPL",
        "side": "buy",
        "order_qty": "120",
        "ord_type": "limit",
        "price": "100.02",
    } | more


def test_the_best_price_goes_first_and_what_is_left_rests() -> None:
    taken = [
        (leg["venue"], leg["qty"], leg["price"], leg["rests"]) for leg in planned(SYMBOL, LEVELS, line())
    ]
    assert taken == [("V2", "50", "100.01", False), ("V1", "70", "100.02", False)]
    larger = planned(SYMBOL, LEVELS, line(order_qty="200"))
    assert sum(int(leg["qty"]) for leg in larger) == 200
    assert [leg["rests"] for leg in larger] == [False, False, True]
    assert not any(
        leg["rests"] for leg in planned(SYMBOL, LEVELS, line(order_qty="200", time_in_force="ioc"))
    )


def test_a_market_order_takes_what_there_is_and_a_sale_hits_bids() -> None:
    whole = planned(SYMBOL, LEVELS, line(order_qty="1000", ord_type="market"))
    assert sum(int(leg["qty"]) for leg in whole) == 650
    (sale,) = planned(SYMBOL, LEVELS, line(side="sell", order_qty="70", price="100.00"))
    assert (sale["venue"], sale["qty"], sale["price"]) == ("V1", "70", "100.00")
