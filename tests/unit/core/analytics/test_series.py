"""What a market was at a time, and between two events."""

import numpy as np
import pytest

from core.analytics.regret import cheapest
from core.analytics.series import Mids, Prints

NAN = float("nan")


def mids(*rows: tuple[int, int, float], end_ns: int = 100) -> Mids:
    seq, time_ns, mid = zip(*rows, strict=True)
    return Mids(np.array(seq, np.uint64), np.array(time_ns), np.array(mid), end_ns)


def average(market: Mids, from_seq: int, from_ns: int, to_seq: int, to_ns: int) -> float:
    args = [np.array([value]) for value in (from_seq, from_ns, to_seq, to_ns)]
    return float(market.average(*args)[0])


def test_the_mid_holds_until_the_next_and_ends_with_the_tape() -> None:
    market = mids((1, 10, 5.0), (3, 20, NAN), (4, 20, 7.0))
    found = market.at(np.array([9, 10, 19, 20, 100, 101]))
    assert np.array_equal(found, [NAN, 5, 5, 7, 7, NAN], equal_nan=True)
    assert market.last() == 7.0


def test_an_average_is_over_time_without_what_had_no_mid() -> None:
    market = mids((1, 0, 10.0), (2, 10, 20.0), (3, 30, NAN), (4, 60, 40.0))
    assert average(market, 1, 0, 2, 20) == pytest.approx(15)
    assert average(market, 1, 5, 4, 70) == pytest.approx((5 * 10 + 20 * 20 + 10 * 40) / 35)
    assert average(market, 2, 12, 2, 12) == 20
    assert np.isnan(average(market, 3, 40, 3, 50))


def test_what_traded_between_two_events() -> None:
    prints = Prints(np.array([1, 5, 9], np.uint64), np.array([10.0, 20.0, 60.0]), np.array([1.0, 1.0, 2.0]))
    found = prints.average(np.array([0, 1, 9]), np.array([9, 5, 20]))
    assert np.allclose(found[:2], [37.5, 20.0])
    assert np.isnan(found[2])


def test_the_cheapest_pieces_first() -> None:
    unit, qty = np.array([3.0, 1.0, 2.0]), np.array([10.0, 4.0, 4.0])
    assert cheapest(unit, qty, 6.0) == 4 * 1 + 2 * 2
    assert np.isnan(cheapest(unit, qty, 18.5))
