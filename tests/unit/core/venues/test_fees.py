"""Fees by tier: what a fill costs by what was traded before, over the days that count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from core import messages as m

MakeVenue = Callable[..., Any]
BPS = 100_000_000
UNIT = 10**16
TIERS = {
    "taker_fee": 10 * BPS,
    "maker_fee": 5 * BPS,
    "fee_precision": 8,
    "tiers": 2,
    "tier_value": np.array([1_000, 10_000, 0, 0]),
    "tier_taker": np.array([4 * BPS, 2 * BPS, 0, 0]),
    "tier_maker": np.array([1 * BPS, -BPS, 0, 0]),
}


def fees(venue: Any, child: int, qty: int, px: int = 100) -> list[int | None]:
    """Buys from a level of the market, in 10^-4 of the currency."""
    venue.quote(90, 0, px, 1_000_000)
    found = [said.fee for said in venue.new(child, "BUY", qty, px) if said.exec_type == "trade"]
    return [None if fee is None else fee * 10_000 // UNIT for fee in found]


def test_a_venue_without_tiers_says_no_fee(make_venue: MakeVenue) -> None:
    assert fees(make_venue(taker_fee=10 * BPS), 1, 5) == [None]


def test_the_tier_is_of_what_was_traded_before(make_venue: MakeVenue) -> None:
    venue = make_venue(**TIERS)
    assert fees(venue, 1, 9) == [9_000]  # 900 x 10 bps
    assert fees(venue, 2, 1) == [1_000]  # 900 so far
    assert fees(venue, 3, 90) == [36_000]  # 1,000 so far: 4 bps
    assert fees(venue, 4, 1) == [200]  # 10,000 so far: 2 bps


def test_a_maker_pays_the_maker_fee_of_the_tier(make_venue: MakeVenue) -> None:
    venue = make_venue(**TIERS)
    fees(venue, 1, 200)
    venue.order(2, "BUY", 10, 95)
    (said,) = venue.event("TRADE", m.TRADE_EVENT, px=95, qty=4, aggressor=m.Side.SELL)
    assert (said.maker, said.fee) == (True, -380 * UNIT // 10_000)


def test_only_the_last_days_count(make_venue: MakeVenue) -> None:
    venue = make_venue(**TIERS)
    fees(venue, 1, 10)
    for _ in range(29):
        venue.event("DAY", m.DAY_EVENT, date=20140502)
    assert fees(venue, 2, 1) == [400]  # 1,000 of 29 days ago still count
    venue.event("DAY", m.DAY_EVENT, date=20140502)
    assert fees(venue, 3, 1) == [1_000]  # 100 are left


def test_value_counts_precision_and_multiplier(make_venue: MakeVenue) -> None:
    venue = make_venue(**TIERS)
    venue.event(
        "INSTRUMENT", m.INSTRUMENT_EVENT, text="AAPL", tick=1, lot=1,
        price_precision=2, qty_precision=1, multiplier=50, multiplier_precision=0,
    )  # fmt: skip
    assert fees(venue, 1, 20, 1000) == [10_000]  # 2.0 x 10.00 x 50 = 1,000 at 10 bps
    assert fees(venue, 2, 20, 1000) == [4_000]
