"""`optimal` against the convex optimum of its model, within 1 %.

Outflows are exponential; the policy is told sixteen values of them. Costs count from the mid.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

import numpy as np
import pytest
from scipy.optimize import linprog

from core import messages as m
from core.router.planner import Planner

from .books import facts, queue, quote

BPS = 10**8  # of 10^-8 bps
AROUND = 10_000
HALF_SPREADS = (1, 2, 5)
N = m.OUTFLOWS
TANGENTS = 200


@dataclass(frozen=True)
class Venue:
    """Best bid and ask, their sizes; fees and markout in bps; the mean of what leaves the bid."""

    bid: int
    ahead: int
    ask: int
    shown: int
    taker_bps: float
    maker_bps: float
    markout_bps: float
    fill: float
    reject: float
    mean: float

    def outflow(self) -> list[int]:
        """The middle of each sixteenth of the distribution."""
        return [round(-self.mean * math.log(1 - (i + 0.5) / N)) for i in range(N)]

    def take(self) -> float:
        """What a unit taken costs."""
        return self.ask + self.ask * self.taker_bps / 1e4

    def rest(self) -> float:
        """What a unit filled resting costs."""
        return self.bid + self.bid * (self.maker_bps + self.markout_bps) / 1e4

    def got(self) -> float:
        """The share that is had of what is taken."""
        return self.fill * (1 - self.reject)

    def filled(self, resting: float) -> float:
        """Of a resting quantity, what is expected to be filled."""
        past = math.exp(-self.ahead / self.mean) - math.exp(-(self.ahead + resting) / self.mean)
        return (1 - self.reject) * self.mean * past


def random_venue(random: Random, half: int) -> Venue:
    return Venue(
        bid=AROUND - half - random.randint(0, 1),
        ahead=random.randint(1, 2000),
        ask=AROUND + half + random.randint(0, 1),
        shown=random.randint(1, 1500),
        taker_bps=random.choice((0.0, 0.3, 1.0)),
        maker_bps=random.choice((-0.3, -0.2, 0.0)),
        markout_bps=random.choice((0.0, 0.5, 1.0)),
        fill=random.choice((1.0, 1.0, 0.9)),
        reject=random.choice((0.0, 0.0, 0.02)),
        mean=random.choice((300.0, 1000.0, 4000.0)),
    )


def middle(venues: list[Venue]) -> float:
    return (max(v.bid for v in venues if v.ahead) + min(v.ask for v in venues if v.shown)) / 2


def told(venues: list[Venue], unfilled_bps: float) -> Planner:
    made = Planner([(0, 0)] * len(venues))
    for slot, venue in enumerate(venues):
        quote(made, slot, venue.bid, venue.ahead, venue.ask, venue.shown)
        facts(
            made,
            slot,
            taker_fee=round(venue.taker_bps * BPS),
            maker_fee=round(venue.maker_bps * BPS),
            markout=round(venue.markout_bps * BPS),
            fill=round(venue.fill * 10**6),
            reject=round(venue.reject * 10**6),
        )
        queue(made, slot, m.Side.BUY, venue.outflow(), round(unfilled_bps * BPS))
    return made


def placed(legs: list[tuple[int, int, int, bool, int]], venues: list[Venue]) -> tuple[np.ndarray, np.ndarray]:
    """(taken, resting) by venue; what rests beyond a queue's reach stands in it too."""
    taken, resting = np.zeros(len(venues)), np.zeros(len(venues))
    for slot, qty, px, rests, _ in legs:
        assert px == (venues[slot].bid if rests else venues[slot].ask)
        (resting if rests else taken)[slot] += qty
    return taken, resting


def expected_cost(venues: list[Venue], qty: float, unfilled: float, split: np.ndarray) -> float:
    """What the whole order is expected to cost beyond the mid: split is taken, then resting, by venue."""
    total, left = -qty * middle(venues), qty
    for venue, taken, resting in zip(venues, split[: len(venues)], split[len(venues) :], strict=True):
        had, filled = taken * venue.got(), venue.filled(resting)
        total += had * venue.take() + filled * venue.rest()
        left -= had + filled
    return total + left * unfilled


def convex_optimum(venues: list[Venue], qty: float, unfilled: float) -> float:
    """No more than the least cost, by scipy: what rests is filled as its tangents allow, 200 a venue."""
    n = len(venues)
    taken = [v.got() * (v.take() - unfilled) for v in venues]
    filled = [v.rest() - unfilled for v in venues]
    rows, bounds = [np.concatenate((np.ones(2 * n), np.zeros(n)))], [qty]
    for k, venue in enumerate(venues):
        for at in np.linspace(0, qty, TANGENTS):
            slope = (1 - venue.reject) * math.exp(-(venue.ahead + at) / venue.mean)
            row = np.zeros(3 * n)
            row[n + k], row[2 * n + k] = -slope, 1
            rows.append(row)
            bounds.append(venue.filled(at) - slope * at)
    room = [(0, min(v.shown, qty)) for v in venues] + [(0, qty)] * n + [(0, None)] * n
    found = linprog(taken + [0] * n + filled, np.array(rows), bounds, bounds=room)
    assert found.success, found.message
    return float(found.fun) + qty * (unfilled - middle(venues))


def cases(seed: int) -> Iterator[tuple[list[Venue], int, float]]:
    random = Random(seed)
    for _ in range(5):
        half = random.choice(HALF_SPREADS)
        venues = [random_venue(random, half) for _ in range(random.choice((1, 2, 4, 8)))]
        unfilled_bps = random.choice((3.0, 8.0, 20.0))
        yield venues, random.choice((200, 1000, 5000)), unfilled_bps


@pytest.mark.parametrize("seed", range(40))
def test_the_expected_cost_is_within_a_hundredth_of_the_convex_optimum(seed: int) -> None:
    """Of the optimum; where gains and costs nearly cancel, of what a spread costs."""
    for venues, qty, unfilled_bps in cases(seed):
        legs, _ = told(venues, unfilled_bps).legs(m.Policy.OPTIMAL, True, qty, AROUND + 100)
        unfilled = middle(venues) * (1 + unfilled_bps / 1e4)
        ours = expected_cost(venues, qty, unfilled, np.concatenate(placed(legs, venues)))
        best = convex_optimum(venues, qty, unfilled)
        assert ours >= best - 1e-6 * qty
        assert ours - best <= 0.01 * max(abs(best), qty), (ours, best, legs, venues)


@pytest.mark.parametrize("seed", range(10))
def test_a_sale_is_a_purchase_seen_in_a_mirror(seed: int) -> None:
    for venues, qty, unfilled_bps in cases(seed):
        flat = [replace(v, taker_bps=0, maker_bps=0, markout_bps=0) for v in venues]
        bought, _ = told(flat, unfilled_bps).legs(m.Policy.OPTIMAL, True, qty, AROUND + 100)
        sold, _ = mirrored(flat, unfilled_bps).legs(m.Policy.OPTIMAL, False, qty, -AROUND - 100)
        assert [(slot, size, -px, rests) for slot, size, px, rests, _ in sold] == [
            (slot, size, px, rests) for slot, size, px, rests, _ in bought
        ]


def mirrored(venues: list[Venue], unfilled_bps: float) -> Planner:
    """Prices negated, sides changed."""
    made = Planner([(0, 0)] * len(venues))
    for slot, venue in enumerate(venues):
        quote(made, slot, -venue.ask, venue.shown, -venue.bid, venue.ahead)
        facts(made, slot, fill=round(venue.fill * 10**6), reject=round(venue.reject * 10**6))
        queue(made, slot, m.Side.SELL, venue.outflow(), round(unfilled_bps * BPS))
    return made


def test_without_a_fitted_model_it_is_net() -> None:
    made = Planner([(30, 0), (10, 0)])
    quote(made, 0, 99, 50, 101, 50)
    quote(made, 1, 99, 50, 101, 50)
    assert made.legs(m.Policy.OPTIMAL, True, 80, 105) == made.legs(m.Policy.NET, True, 80, 105)


def test_what_rests_never_locks_or_crosses_a_market() -> None:
    made = Planner([(0, 0), (0, 0)])
    quote(made, 0, 102, 50, 104, 50)  # its bid is above the other's ask
    quote(made, 1, 99, 50, 101, 50)
    for slot in range(2):
        queue(made, slot, m.Side.BUY, [10_000], 50 * BPS)
    for policy in (m.Policy.POST, m.Policy.OPTIMAL):
        legs, _ = made.legs(policy, True, 500, 110)
        resting = [px for _, _, px, rests, _ in legs if rests]
        assert resting
        assert max(resting) < 101
