"""The match venue, rule by rule (SCENARIOS, "Router, match venue")."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core import messages as m
from core.capacity import Capacity

MakeVenue = Callable[..., Any]
POST_ONLY = m.OrderFlag.POST_ONLY


# ---- taking ------------------------------------------------------------------------------------------------


def test_a_limit_that_crosses_nothing_rests(venue: Any) -> None:
    assert venue.order(1, "BUY", 10, 100) == ["1.1 new"]
    assert venue.queue("BUY") == [(1, 10, 30)]


def test_a_market_order_takes_the_best_level(venue: Any) -> None:
    assert venue.order(1, "BUY", 5) == ["1.1 new", "1.1 trade 5@110 taker"]
    assert venue.levels("SELL") == [(110, 15)]


def test_the_rest_of_a_market_order_is_canceled(venue: Any) -> None:
    assert venue.order(1, "SELL", 50) == ["1.1 new", "1.1 trade 30@100 taker", "1.1 canceled"]


@pytest.mark.parametrize("tif", ["IOC", "FOK"])
def test_ioc_and_fok_with_nothing_in_reach(venue: Any, tif: str) -> None:
    assert venue.order(1, "BUY", 5, 109, tif=tif) == ["1.1 new", "1.1 canceled"]
    assert venue.queue("BUY") == []


def test_the_rest_of_an_ioc_is_canceled(venue: Any) -> None:
    assert venue.order(1, "BUY", 25, 110, tif="IOC") == ["1.1 new", "1.1 trade 20@110 taker", "1.1 canceled"]


def test_a_fok_that_cannot_fill_whole_takes_nothing(venue: Any) -> None:
    assert venue.order(1, "BUY", 21, 110, tif="FOK") == ["1.1 new", "1.1 canceled"]
    assert venue.order(2, "BUY", 20, 110, tif="FOK") == ["2.1 new", "2.1 trade 20@110 taker"]


def test_a_fok_counts_levels_and_own_orders(venue: Any) -> None:
    venue.order(1, "SELL", 5, 111)
    assert venue.order(2, "BUY", 26, 111, tif="FOK") == ["2.1 new", "2.1 canceled"]
    found = venue.order(3, "BUY", 25, 111, tif="FOK")
    assert found == ["3.1 new", "3.1 trade 20@110 taker", "3.1 trade 5@111 taker", "1.1 trade 5@111 maker"]


def test_a_limit_takes_what_is_within_it_and_rests(venue: Any) -> None:
    assert venue.order(1, "BUY", 25, 110) == ["1.1 new", "1.1 trade 20@110 taker"]
    assert venue.queue("BUY") == [(1, 5, 0)]


def test_a_level_taken_stays_taken_until_its_update(venue: Any) -> None:
    venue.order(1, "BUY", 15, 110, tif="IOC")
    assert venue.order(2, "BUY", 15, 110, tif="IOC") == ["2.1 new", "2.1 trade 5@110 taker", "2.1 canceled"]
    assert venue.order(3, "BUY", 15, 110, tif="IOC") == ["3.1 new", "3.1 canceled"]
    venue.quote(100, 30, 110, 20)
    assert venue.order(4, "BUY", 15, 110, tif="IOC") == ["4.1 new", "4.1 trade 15@110 taker"]


def test_levels_of_depth_best_first_within_the_limit(make_venue: MakeVenue) -> None:
    venue = make_venue()
    for px, qty in ((130, 30), (110, 10), (120, 20)):
        venue.depth("SELL", px, qty)
    found = venue.order(1, "BUY", 100, 120, tif="IOC")
    assert found == ["1.1 new", "1.1 trade 10@110 taker", "1.1 trade 20@120 taker", "1.1 canceled"]
    assert venue.levels("SELL") == [(130, 30)]


def test_a_removed_level_is_gone(make_venue: MakeVenue) -> None:
    venue = make_venue()
    venue.depth("SELL", 110, 10)
    venue.depth("SELL", 120, 20)
    venue.depth("SELL", 110, 0)
    assert venue.order(1, "BUY", 5) == ["1.1 new", "1.1 trade 5@120 taker"]


def test_a_level_taken_whole_comes_back_with_its_update(make_venue: MakeVenue) -> None:
    venue = make_venue()
    venue.depth("BUY", 100, 10)
    venue.depth("BUY", 99, 10)
    venue.order(1, "SELL", 10, 100)
    assert venue.levels("BUY") == [(99, 10)]
    venue.depth("BUY", 100, 3)
    assert venue.levels("BUY") == [(100, 3), (99, 10)]


def test_quotes_do_not_touch_a_book_of_depth(venue: Any) -> None:
    venue.depth("SELL", 120, 10)
    venue.quote(100, 30, 105, 50)
    assert venue.levels("SELL") == [(120, 10)]
    assert venue.levels("BUY") == []


def test_an_empty_side_of_a_quote(venue: Any) -> None:
    venue.quote(100, 30, 110, 0)
    assert venue.levels("SELL") == []
    assert venue.order(1, "BUY", 5) == ["1.1 new", "1.1 canceled"]


def test_sell_short_sells(venue: Any) -> None:
    assert venue.order(1, "SELL_SHORT", 5, 100) == ["1.1 new", "1.1 trade 5@100 taker"]


@pytest.mark.parametrize(("side", "price"), [("BUY", 110), ("SELL", 100)])
def test_a_post_only_that_would_take_is_rejected_alone(venue: Any, side: str, price: int) -> None:
    (said,) = venue.new(1, side, 5, price, order_flags=POST_ONLY)
    assert (said.line, said.text) == ("1.1 rejected", "post_only")
    assert venue.levels("SELL") == [(110, 20)]


def test_a_post_only_would_take_an_own_order_too(venue: Any) -> None:
    venue.order(1, "SELL", 5, 105)
    assert venue.order(2, "BUY", 5, 105, order_flags=POST_ONLY) == ["2.1 rejected"]
    assert venue.order(3, "BUY", 5, 104, order_flags=POST_ONLY) == ["3.1 new"]


# ---- own orders --------------------------------------------------------------------------------------------


def test_own_orders_meet_at_the_resting_price_takers_line_first(venue: Any) -> None:
    venue.order(1, "SELL", 10, 105)
    said = venue.new(2, "BUY", 10, 108)
    assert [report.line for report in said] == ["2.1 new", "2.1 trade 10@105 taker", "1.1 trade 10@105 maker"]
    assert [report.exec_id for report in said] == ["", "SIMX-1", "SIMX-2"]
    assert venue.queue("SELL") == venue.queue("BUY") == []


def test_own_orders_by_price_then_time(venue: Any) -> None:
    venue.order(1, "SELL", 5, 108)
    venue.order(2, "SELL", 5, 108)
    venue.order(3, "SELL", 5, 107)
    found = venue.order(4, "BUY", 12, 108)
    makers = [line for line in found if "maker" in line]
    assert makers == ["3.1 trade 5@107 maker", "1.1 trade 5@108 maker", "2.1 trade 2@108 maker"]
    assert venue.queue("SELL") == [(2, 3, 0)]


def test_an_own_order_before_a_worse_level(venue: Any) -> None:
    venue.order(1, "SELL", 5, 105)
    found = venue.order(2, "BUY", 10, 110)
    assert found == ["2.1 new", "2.1 trade 5@105 taker", "1.1 trade 5@105 maker", "2.1 trade 5@110 taker"]


def test_at_one_price_the_level_before_own_orders(venue: Any) -> None:
    venue.order(1, "SELL", 5, 110)
    found = venue.order(2, "BUY", 22, 110)
    assert found == ["2.1 new", "2.1 trade 20@110 taker", "2.1 trade 2@110 taker", "1.1 trade 2@110 maker"]


def test_what_we_take_of_a_level_is_no_longer_ahead_of_us(venue: Any) -> None:
    venue.order(1, "SELL", 5, 110)
    venue.order(2, "BUY", 15, 110)
    assert venue.queue("SELL") == [(1, 5, 5)]


# ---- resting -----------------------------------------------------------------------------------------------


def test_trades_use_up_what_is_ahead_then_fill_us(venue: Any) -> None:
    venue.order(1, "BUY", 10, 100)
    assert venue.trade(100, 20) == []
    assert venue.trade(100, 14) == ["1.1 trade 4@100 maker"]
    assert venue.queue("BUY") == [(1, 6, 0)]


def test_what_is_ahead_is_shared_by_time(venue: Any) -> None:
    venue.order(1, "BUY", 10, 100)
    venue.order(2, "BUY", 10, 100)
    assert venue.trade(100, 35) == ["1.1 trade 5@100 maker"]
    assert venue.queue("BUY") == [(1, 5, 0), (2, 10, 0)]
    assert venue.trade(100, 9) == ["1.1 trade 5@100 maker", "2.1 trade 4@100 maker"]


def test_what_came_between_two_own_orders_stays_between(venue: Any) -> None:
    venue.order(1, "BUY", 10, 100)
    venue.quote(100, 50, 110, 20)
    venue.order(2, "BUY", 10, 100)
    assert venue.queue("BUY") == [(1, 10, 30), (2, 10, 50)]
    assert venue.trade(100, 45) == ["1.1 trade 10@100 maker"]  # 30 ahead, ours, 5 of the 20 between
    assert venue.queue("BUY") == [(2, 10, 15)]


def test_a_trade_through_our_price_fills_us_whatever_is_ahead(venue: Any) -> None:
    venue.order(1, "BUY", 10, 100)
    assert venue.trade(99, 6) == ["1.1 trade 6@100 maker"]
    assert venue.queue("BUY") == [(1, 4, 0)]


def test_a_trade_beyond_our_price_is_not_ours(venue: Any) -> None:
    venue.order(1, "BUY", 10, 100)
    venue.order(2, "SELL", 10, 110)
    assert venue.trade(105, 100) == []


def test_a_trade_goes_from_better_to_its_own_price(venue: Any) -> None:
    venue.order(1, "BUY", 3, 99)
    venue.order(2, "BUY", 4, 100)
    assert venue.trade(99, 6) == ["2.1 trade 4@100 maker", "1.1 trade 2@99 maker"]


@pytest.mark.parametrize(
    ("aggressor", "buys", "sells"),
    [("BUY", [], ["2.1 trade 5@110 maker"]), ("SELL", ["1.1 trade 5@100 maker"], [])],
)
def test_an_aggressor_meets_the_other_side_only(
    make_venue: MakeVenue, aggressor: str, buys: list[str], sells: list[str]
) -> None:
    venue = make_venue()
    venue.order(1, "BUY", 10, 100)
    venue.order(2, "SELL", 10, 110)
    assert venue.trade(100, 5, aggressor) == buys
    assert venue.trade(110, 5, aggressor) == sells


def test_an_opposite_quote_through_our_price(venue: Any) -> None:
    venue.order(1, "BUY", 10, 100)
    assert venue.quote(95, 10, 97, 6) == ["1.1 trade 6@100 maker"]
    assert venue.levels("SELL") == []


def test_the_quote_keeps_what_it_did_not_give(venue: Any) -> None:
    venue.order(1, "SELL", 15, 112)
    venue.order(2, "SELL", 5, 111)
    assert venue.quote(120, 40, 130, 6) == ["2.1 trade 5@111 maker", "1.1 trade 15@112 maker"]
    assert venue.levels("BUY") == [(120, 20)]


def test_an_opposite_quote_at_our_price_is_not_through_it(venue: Any) -> None:
    venue.order(1, "BUY", 10, 100)
    assert venue.quote(95, 10, 100, 6) == []


def test_an_opposite_depth_level_through_our_price(make_venue: MakeVenue) -> None:
    venue = make_venue()
    venue.order(1, "SELL", 10, 110)
    assert venue.depth("BUY", 110, 4) == []
    assert venue.depth("BUY", 111, 4) == ["1.1 trade 4@110 maker"]
    assert venue.levels("BUY") == [(110, 4)]


def test_a_smaller_level_shrinks_what_is_ahead_a_larger_one_does_not(venue: Any) -> None:
    venue.order(1, "BUY", 10, 100)
    venue.quote(100, 5, 110, 20)
    venue.quote(100, 50, 110, 20)
    assert venue.trade(100, 9) == ["1.1 trade 4@100 maker"]


def test_a_worse_quote_removes_what_was_ahead(venue: Any) -> None:
    venue.order(1, "BUY", 10, 100)
    venue.quote(99, 30, 110, 20)
    assert venue.queue("BUY") == [(1, 10, 0)]


def test_a_better_quote_says_nothing_of_our_level(venue: Any) -> None:
    venue.order(1, "BUY", 10, 100)
    venue.quote(101, 30, 110, 20)
    assert venue.queue("BUY") == [(1, 10, 30)]


def test_an_emptied_side_removes_what_was_ahead(venue: Any) -> None:
    venue.order(1, "SELL", 10, 110)
    venue.quote(100, 30, 0, 0)
    assert venue.queue("SELL") == [(1, 10, 0)]


def test_depth_shrinks_and_removes_what_is_ahead_at_its_price_only(make_venue: MakeVenue) -> None:
    venue = make_venue()
    venue.depth("BUY", 100, 30)
    venue.depth("BUY", 99, 30)
    venue.order(1, "BUY", 10, 100)
    venue.order(2, "BUY", 10, 99)
    venue.depth("BUY", 99, 7)
    assert venue.queue("BUY") == [(1, 10, 30), (2, 10, 7)]
    venue.depth("BUY", 100, 0)
    assert venue.queue("BUY") == [(1, 10, 0), (2, 10, 7)]


# ---- requests ----------------------------------------------------------------------------------------------


def test_cancel(venue: Any) -> None:
    venue.order(1, "BUY", 10, 100)
    assert venue.cancel(1) == ["1.1 canceled"]
    assert venue.queue("BUY") == []
    (said,) = venue.send("CANCEL", 1)
    assert (said.line, said.text) == ("1.1 cancel_rejected", "too_late")


@pytest.mark.parametrize("action", ["CANCEL", "REPLACE"])
def test_requests_about_an_order_it_does_not_know(venue: Any, action: str) -> None:
    (said,) = venue.send(action, 9, qty=5, price=100, first_id="nine", n=3)
    assert (said.line, said.text) == ("nine.3 cancel_rejected", "unknown_order")


def test_status(venue: Any) -> None:
    assert [said.line for said in venue.send("STATUS", 1)] == ["1.1 unknown_order"]
    venue.order(1, "BUY", 10, 100)
    assert venue.send("STATUS", 1) == []


def test_an_order_of_another_venue_is_unknown(venue: Any) -> None:
    venue.add_venue(1, "SIMY")
    venue.order(1, "BUY", 10, 100)
    (said,) = venue.send("CANCEL", 1, venue=1)
    assert (said.venue, said.line, said.seq) == (1, "1.1 cancel_rejected", 1)
    assert venue.queue("BUY") == [(1, 10, 30)]


def test_replace_down_keeps_the_place(venue: Any) -> None:
    venue.order(1, "BUY", 10, 105)
    venue.order(2, "BUY", 10, 105)
    (said,) = venue.send("REPLACE", 1, qty=4, price=105)
    assert (said.line, said.order_qty, said.price) == ("1.1 replaced", 4, 105)
    assert venue.queue("BUY") == [(1, 4, 0), (2, 10, 0)]


@pytest.mark.parametrize(("qty", "price"), [(11, 105), (10, 104)])
def test_other_replaces_go_to_the_back(venue: Any, qty: int, price: int) -> None:
    venue.order(1, "BUY", 10, 105)
    venue.order(2, "BUY", 10, 105)
    assert venue.replace(1, qty, price) == ["1.1 replaced"]
    assert venue.queue("BUY") == [(2, 10, 0), (1, qty, 0)]


def test_a_replace_queues_behind_the_level_at_its_new_price(venue: Any) -> None:
    venue.order(1, "BUY", 10, 105)
    venue.replace(1, 10, 100)
    assert venue.queue("BUY") == [(1, 10, 30)]


def test_a_replace_may_match_at_once(venue: Any) -> None:
    venue.order(1, "BUY", 25, 100)
    assert venue.replace(1, 25, 110) == ["1.1 replaced", "1.1 trade 20@110 taker"]
    assert venue.queue("BUY") == [(1, 5, 0)]


def test_a_replace_to_what_is_filled_ends_it(venue: Any) -> None:
    venue.order(1, "BUY", 25, 110)
    (said,) = venue.send("REPLACE", 1, qty=15, price=110)
    assert (said.line, said.order_qty) == ("1.1 replaced", 20)
    assert venue.queue("BUY") == []
    assert venue.cancel(1) == ["1.1 cancel_rejected"]


def test_a_post_only_is_not_replaced_into_taking(venue: Any) -> None:
    venue.order(1, "BUY", 10, 100, order_flags=POST_ONLY)
    (said,) = venue.send("REPLACE", 1, qty=10, price=110)
    assert (said.line, said.text) == ("1.1 cancel_rejected", "post_only")
    assert venue.queue("BUY") == [(1, 10, 30)]


# ---- ends --------------------------------------------------------------------------------------------------


def test_at_closed_day_orders_expire_by_arrival(venue: Any) -> None:
    venue.order(5, "BUY", 10, 99)
    venue.order(3, "SELL", 10, 115, tif="OPG")
    venue.order(4, "BUY", 10, 98, tif="GTC")
    venue.order(1, "BUY", 10, 97, tif="CLS")
    venue.order(2, "SELL", 10, 114)
    assert venue.state("CLOSED") == [f"{child}.1 expired" for child in (5, 3, 1, 2)]
    assert venue.queue("BUY") == [(4, 10, 0)]


def test_closed_for_one_symbol(venue: Any) -> None:
    venue.list_symbol(1, 0)
    venue.order(1, "BUY", 10, 99)
    venue.order(2, "BUY", 10, 99, symbol=1)
    assert venue.state("CLOSED", symbol=1) == ["2.1 expired"]
    assert venue.order(3, "BUY", 5, 99) == ["3.1 new"]


def test_gtd_expires_at_its_time(venue: Any) -> None:
    venue.order(1, "BUY", 10, 100, tif="GTD", expire_ns=50)
    assert venue.until(49) == []
    (said,) = venue.until(60)
    assert (said.due, said.line) == (50, "1.1 expired")
    assert venue.queue("BUY") == []


def test_gtd_that_ended_before_its_time_says_nothing_more(venue: Any) -> None:
    venue.order(1, "BUY", 10, 100, tif="GTD", expire_ns=50)
    venue.cancel(1)
    assert venue.until(60) == []


def test_gtd_that_arrives_too_late_does_not_trade(make_venue: MakeVenue) -> None:
    venue = make_venue(latency_ns=10)
    venue.quote(100, 30, 110, 20)
    venue.now = 60
    venue.order(1, "BUY", 10, 110, tif="GTD", expire_ns=55)
    assert [said.line for said in venue.until(80)] == ["1.1 new", "1.1 expired"]


@pytest.mark.parametrize(
    ("state", "text"), [("DOWN", "venue_down"), ("HALTED", "venue_halted"), ("CLOSED", "venue_closed")]
)
def test_what_arrives_while_the_venue_is_not_up(venue: Any, state: str, text: str) -> None:
    venue.order(1, "BUY", 10, 100, tif="GTC")
    venue.state(state)
    (said,) = venue.new(2, "BUY", 10, 110)
    assert (said.line, said.text) == ("2.1 rejected", text)
    (said,) = venue.send("REPLACE", 1, qty=5, price=100)
    assert (said.line, said.text) == ("1.1 cancel_rejected", text)
    assert venue.cancel(1) == ["1.1 canceled"]


def test_nothing_trades_while_halted_and_what_is_through_does_at_up(venue: Any) -> None:
    venue.order(1, "BUY", 10, 100)
    venue.state("HALTED")
    assert venue.trade(99, 5) == []
    assert venue.quote(95, 10, 97, 6) == []
    assert venue.state("UP") == ["1.1 trade 6@100 maker"]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"symbol": 3}, "unknown_symbol"),
        ({"ord_type": m.OrdType.STOP}, "unsupported"),
        ({"qty": 0}, "bad_qty"),
    ],
)
def test_what_the_venue_does_not_have(venue: Any, fields: dict[str, int], text: str) -> None:
    (said,) = venue.new(1, "BUY", **({"qty": 5, "price": 110} | fields))
    assert (said.line, said.text) == ("1.1 rejected", text)


# ---- the auction ------------------------------------------------------------------------------------------


def auction(make_venue: MakeVenue, last: int | None = None) -> Any:
    venue = make_venue()
    if last is not None:
        venue.trade(last, 1)
    venue.state("AUCTION")
    return venue


def test_an_auction_collects_and_trades_at_one_price(make_venue: MakeVenue) -> None:
    venue = auction(make_venue)
    assert venue.order(1, "BUY", 10, 105) == ["1.1 new"]
    assert venue.order(2, "SELL", 4, 100) == ["2.1 new"]
    assert venue.order(3, "SELL", 6, 103) == ["3.1 new"]
    assert venue.order(4, "SELL", 6, 104) == ["4.1 new"]
    found = ["1.1 trade 10@103 taker", "2.1 trade 4@103 taker", "3.1 trade 6@103 taker"]
    assert venue.state("UP") == found
    assert venue.queue("SELL") == [(4, 6, 0)]


@pytest.mark.parametrize(("last", "px"), [(None, 100), (90, 100), (102, 102), (110, 105)])
def test_an_auction_at_the_price_nearest_the_last_trade(
    make_venue: MakeVenue, last: int | None, px: int
) -> None:
    venue = auction(make_venue, last)
    venue.order(1, "BUY", 5, 105)
    venue.order(2, "SELL", 5, 100)
    assert venue.state("UP") == [f"1.1 trade 5@{px} taker", f"2.1 trade 5@{px} taker"]


def test_an_auction_price_is_on_the_tick_the_lower_of_two_as_near(make_venue: MakeVenue) -> None:
    venue = auction(make_venue, 101)
    venue.event("INSTRUMENT", m.INSTRUMENT_EVENT, text="AAPL", tick=2, lot=1)
    venue.order(1, "BUY", 5, 110)
    venue.order(2, "SELL", 5, 90)
    assert venue.state("UP") == ["1.1 trade 5@100 taker", "2.1 trade 5@100 taker"]


def test_an_auction_leaves_the_least_imbalance(make_venue: MakeVenue) -> None:
    venue = auction(make_venue, 100)
    venue.order(1, "BUY", 5, 105)
    venue.order(2, "BUY", 3, 102)
    venue.order(3, "SELL", 5, 100)
    assert venue.state("UP") == ["1.1 trade 5@103 taker", "3.1 trade 5@103 taker"]


def test_an_auction_with_external_levels_first_at_their_price(make_venue: MakeVenue) -> None:
    venue = auction(make_venue)
    venue.depth("BUY", 105, 4)
    venue.order(1, "BUY", 5, 105)
    venue.order(2, "SELL", 6, 105)
    assert venue.state("UP") == ["1.1 trade 2@105 taker", "2.1 trade 6@105 taker"]
    assert venue.levels("BUY") == []


def test_market_orders_come_first_and_do_not_outlive_the_auction(make_venue: MakeVenue) -> None:
    venue = auction(make_venue)
    venue.order(1, "SELL", 5, 100)
    venue.order(2, "BUY", 3, 101)
    venue.order(3, "BUY", 9)
    assert venue.state("UP") == ["3.1 trade 5@100 taker", "1.1 trade 5@100 taker", "3.1 canceled"]
    assert venue.queue("BUY") == [(2, 3, 0)]


def test_market_orders_alone_need_a_last_trade(make_venue: MakeVenue) -> None:
    venue = auction(make_venue)
    venue.order(1, "SELL", 5)
    venue.order(2, "BUY", 5)
    assert venue.state("UP") == ["2.1 canceled", "1.1 canceled"]
    venue.trade(100, 1)
    venue.state("AUCTION")
    venue.order(3, "SELL", 5)
    venue.order(4, "BUY", 5)
    assert venue.state("UP") == ["4.1 trade 5@100 taker", "3.1 trade 5@100 taker"]


@pytest.mark.parametrize("tif", ["IOC", "FOK"])
def test_what_must_trade_at_once_cannot_in_an_auction(make_venue: MakeVenue, tif: str) -> None:
    venue = auction(make_venue)
    venue.order(1, "SELL", 5, 100)
    assert venue.order(2, "BUY", 5, 100, tif=tif) == ["2.1 new", "2.1 canceled"]


def test_a_collected_market_order_keeps_its_kind_through_a_replace(make_venue: MakeVenue) -> None:
    venue = auction(make_venue)
    venue.order(1, "BUY", 5)
    (said,) = venue.send("REPLACE", 1, qty=3, price=0)
    assert (said.line, said.order_qty, said.price) == ("1.1 replaced", 3, None)
    assert venue.state("CLOSED") == ["1.1 expired"]


def test_quantities_as_large_as_they_get_do_not_wrap(make_venue: MakeVenue) -> None:
    venue = auction(make_venue)
    most = 2**63 - 1
    for px in (101, 102):
        venue.depth("BUY", px, most)
    venue.order(1, "SELL", most, 100)
    assert venue.state("UP") == [f"1.1 trade {most}@100 taker"]  # 101 and 102 together count as one `most`


# ---- messages ----------------------------------------------------------------------------------------------


def test_latency_is_one_way_and_messages_are_counted(make_venue: MakeVenue) -> None:
    venue = make_venue(latency_ns=100)
    venue.now = 1000
    venue.quote(100, 30, 110, 20)
    assert venue.new(1, "BUY", 25, 110, n=7, first_id="abc") == []
    assert venue.until(1099) == []
    said = venue.until(1100)
    assert [report.line for report in said] == ["abc.7 new", "abc.7 trade 20@110 taker"]
    assert [report.seq for report in said] == [1, 2]
    venue.trade(109, 1)
    (said,) = venue.until(1200)
    assert (said.line, said.seq, said.exec_id) == ("abc.7 trade 1@110 maker", 3, "SIMX-2")


def test_ids_and_counts_are_each_venues_own(venue: Any) -> None:
    venue.add_venue(7, "SIMY")
    venue.list_symbol(0, 7)
    venue.quote(100, 30, 110, 20, venue=7)
    venue.new(1, "BUY", 5)
    said = venue.new(2, "BUY", 5, venue=7)
    assert [(report.venue, report.exec_id, report.seq) for report in said] == [(7, "", 1), (7, "SIMY-1", 2)]


def test_long_names_give_way_to_their_numbers(make_venue: MakeVenue) -> None:
    venue = make_venue(name="V" * 39)
    venue.quote(100, 30, 110, 20)
    said = venue.new(1, "BUY", 5, first_id="c" * 39, n=2**32 - 1)
    assert said[0].child == "c" * 39 + f".{2**32 - 1}"
    assert said[1].exec_id == "V" * 37 + "-1"


def test_manual_venues_are_ignored(make_venue: MakeVenue) -> None:
    venue = make_venue()
    venue.add_venue(1, "XNAS", mode=m.VenueMode.MANUAL)
    venue.list_symbol(0, 1)
    venue.quote(100, 30, 110, 20, venue=1)
    assert venue.simulated.levels(0, 1, 1) == []
    assert venue.order(1, "BUY", 5, venue=1) == []
    assert venue.state("CLOSED", venue=1) == []


def test_other_events_are_ignored(venue: Any) -> None:
    assert venue.event("MARK", m.PRICE_EVENT, px=1) == []
    assert venue.event("TIME", m.DAY_EVENT) == []


def test_bytes_of_a_wrong_size(venue: Any) -> None:
    with pytest.raises(ValueError, match="send: 3 bytes"):
        venue.simulated.push_send(b"abc", 0)
    with pytest.raises(ValueError, match="request: 257 bytes"):
        venue.simulated.push_event(1, bytes(257), 0)


# ---- bounds ------------------------------------------------------------------------------------------------


def test_a_full_ladder_drops_the_worst_and_counts(make_venue: MakeVenue) -> None:
    venue = make_venue()
    for px in range(2000, 2000 + 1024):
        venue.depth("BUY", px, 1)
    venue.depth("BUY", 1999, 1)  # worse than all: not taken
    assert (len(venue.levels("BUY")), venue.levels("BUY")[-1], venue.simulated.dropped_levels) == (
        1024,
        (2000, 1),
        1,
    )
    venue.depth("BUY", 5000, 1)
    assert (venue.levels("BUY")[0], venue.levels("BUY")[-1], venue.simulated.dropped_levels) == (
        (5000, 1),
        (2001, 1),
        2,
    )


def test_a_book_without_ladders_stays_known_by_its_quotes(make_venue: MakeVenue) -> None:
    venue = make_venue(capacity=Capacity(symbols=4, orders=16, more_children=16, depths=1))
    venue.list_symbol(1, 0)
    venue.depth("SELL", 120, 10)
    venue.quote(100, 30, 110, 20, symbol=1)
    venue.depth("SELL", 120, 10, symbol=1)
    assert venue.simulated.levels(1, 0, 1) == [(110, 20)]
    assert venue.simulated.without_ladder == 1


def test_sends_that_name_no_child_to_be(venue: Any) -> None:
    assert venue.order(256, "BUY", 10, 100) == []
    venue.order(1, "BUY", 10, 100)
    assert venue.order(1, "BUY", 10, 100) == []
    assert venue.simulated.refused == 2
    assert venue.queue("BUY") == [(1, 10, 30)]


def test_listings_beyond_the_bound_are_counted(make_venue: MakeVenue) -> None:
    venue = make_venue()
    for number in range(1, 17):
        venue.add_venue(number, f"SIM{number}")
        venue.list_symbol(0, number)
    assert venue.simulated.unlisted == 1
