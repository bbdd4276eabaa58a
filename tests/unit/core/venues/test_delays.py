"""How long messages are under way: constant, sampled, recorded; never out of order; a function of the
stream.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

from core import messages as m
from tests.model.matching.driver import packed

MakeVenue = Callable[..., Any]
drawn = import_module("core.venues.delays").drawn
MEAN_NS = 1_000_000


def arrives(venue: Any, seq: int, now_ns: int) -> int:
    return int(venue.simulated.arrival(packed(m.SEND, seq=seq, venue=0, first_id="1", n=1), now_ns))


def test_constant_there_and_back(make_venue: MakeVenue) -> None:
    venue = make_venue(latency_ns=300)
    assert [arrives(venue, seq, 1000 * seq) for seq in (1, 2)] == [1300, 2300]
    venue.now = 1300
    venue.order(1, "BUY", 5, 100)
    assert [said.due for said in venue.until(1600)] == [1600]


def test_recorded_from_then_on(make_venue: MakeVenue) -> None:
    venue = make_venue(latency_ns=300)
    venue.simulate("LATENCY", a=50, b=70)
    assert arrives(venue, 1, 1000) == 1050
    venue.now = 1050
    venue.order(1, "BUY", 5, 100)
    assert [said.due for said in venue.until(2000)] == [1120]


def test_a_shorter_latency_overtakes_nothing(make_venue: MakeVenue) -> None:
    venue = make_venue(latency_ns=1000)
    first = arrives(venue, 1, 0)
    venue.simulate("LATENCY", a=10, b=10)
    assert (first, arrives(venue, 2, 5), arrives(venue, 3, 2000)) == (1000, 1000, 2010)


def test_sampled_the_same_for_the_same_seed(make_venue: MakeVenue) -> None:
    def times(seed: int) -> list[int]:
        venue = make_venue(latency_ns=100, jitter_ns=MEAN_NS, seed=seed)
        return [arrives(venue, seq, seq * 100 * MEAN_NS) - seq * 100 * MEAN_NS for seq in range(1, 200)]

    assert times(7) == times(7) != times(8)
    assert min(times(7)) >= 100
    assert len(set(times(7))) > 150


def test_draws_are_exponential() -> None:
    draws = sorted(drawn(MEAN_NS, 1, number) for number in range(20_000))
    assert abs(sum(draws) / len(draws) / MEAN_NS - 1) < 0.03
    assert abs(draws[len(draws) // 2] / MEAN_NS - 0.693) < 0.03
    assert abs(draws[len(draws) * 99 // 100] / MEAN_NS - 4.605) < 0.25
    assert 0 <= draws[0] <= draws[-1] < 45 * MEAN_NS


@pytest.mark.parametrize("mean_ns", [0, -5])
def test_no_mean_no_draw(mean_ns: int) -> None:
    assert drawn(mean_ns, 1, 1) == 0
