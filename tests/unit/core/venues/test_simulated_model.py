"""The match venue against the naive one of tests/model/matching, on what Hypothesis thinks of."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from core import messages as m
from tests.model.matching.venue import SIDES, Naive

MakeVenue = Callable[..., Any]
CHILDREN = 12
BUSY_CHILDREN = 250


# ---- steps -------------------------------------------------------------------------------------------------

PX = st.integers(96, 104)
QTY = st.integers(1, 9)
SIDE = st.sampled_from(SIDES)
CHILD = st.integers(0, CHILDREN - 1)
NEW = st.tuples(
    st.just("new"),
    CHILD,
    SIDE,
    QTY,
    st.one_of(PX, PX, PX, PX, st.none()),
    st.sampled_from(["DAY", "DAY", "GTC", "IOC", "FOK"]),
    st.sampled_from([False, False, False, True]),
)
QUOTE = st.tuples(
    st.just("quote"),
    st.tuples(st.integers(95, 101), st.integers(0, 9)),
    st.tuples(st.integers(99, 105), st.integers(0, 9)),
)
STEP = st.one_of(
    NEW,
    NEW,
    QUOTE,
    st.tuples(st.just("depth"), SIDE, PX, st.integers(0, 9)),
    st.tuples(st.just("trade"), PX, QTY, st.sampled_from([None, "BUY", "SELL"])),
    st.tuples(st.just("replace"), CHILD, QTY, PX),
    st.tuples(st.just("cancel"), CHILD),
    st.tuples(st.just("state"), st.sampled_from(["UP", "UP", "AUCTION", "AUCTION", "HALTED", "CLOSED"])),
)


def both(venue: Any, naive: Naive, step: tuple[Any, ...]) -> tuple[list[str], list[str]]:
    what, *rest = step
    if what == "quote":
        found = venue.quote(*rest[0], *rest[1])
        naive.quote(*rest)
    elif what == "new":
        child, side, qty, price, tif, post_only = rest
        flags = m.OrderFlag.POST_ONLY if post_only else 0
        found = venue.order(child, side, qty, price, tif=tif, order_flags=flags)
        naive.new(*rest)
    elif what == "state":
        found = venue.state(*rest)
        naive.set_state(*rest)
    else:
        found = getattr(venue, what)(*rest)
        getattr(naive, what)(*rest)
    return found, naive.take_said()


def books_agree(venue: Any, naive: Naive) -> None:
    for side in SIDES:
        assert venue.queue(side) == [(o.child, o.leaves, naive.ahead(o)) for o in naive.resting(side)]
        assert venue.levels(side) == sorted(naive.shown(side).items(), reverse=side == "BUY")


def run(venue: Any, steps: list[tuple[Any, ...]]) -> None:
    naive = Naive()
    for step in steps:
        found, expected = both(venue, naive, step)
        assert found == expected, step
        books_agree(venue, naive)


@given(st.lists(STEP, max_size=60))
@settings(max_examples=400, deadline=None)
def test_as_the_naive_venue(make_venue: MakeVenue, steps: list[tuple[Any, ...]]) -> None:
    run(make_venue(), steps)


@given(st.lists(STEP.filter(lambda step: step[0] != "depth"), max_size=60))
@settings(max_examples=200, deadline=None)
def test_as_the_naive_venue_known_by_quotes(make_venue: MakeVenue, steps: list[tuple[Any, ...]]) -> None:
    run(make_venue(), steps)


def busy_day(seed: int, by_depth: bool) -> list[tuple[Any, ...]]:
    """Long and crowded, as Hypothesis's examples rarely are: few prices, many orders, mostly up."""
    draw = random.Random(seed)
    steps: list[tuple[Any, ...]] = []
    state = "UP"
    for child in range(BUSY_CHILDREN):
        for _ in range(draw.randint(0, 3)):
            steps.append(busy_market(draw, by_depth))
        tif = draw.choice(["DAY", "GTC", "GTC", "GTC", "IOC", "FOK"])
        price = None if draw.random() < 0.05 else draw.randint(97, 103)
        post_only = draw.random() < 0.2
        steps.append(("new", child, draw.choice(SIDES), draw.randint(1, 9), price, tif, post_only))
        older = draw.randint(max(0, child - 20), child)
        if draw.random() < 0.3:
            steps.append(("replace", older, draw.randint(1, 9), draw.randint(97, 103)))
        if draw.random() < 0.1:
            steps.append(("cancel", older))
        if draw.random() < (0.05 if state == "UP" else 0.3):
            state = draw.choice(["AUCTION", "HALTED", "CLOSED"]) if state == "UP" else "UP"
            steps.append(("state", state))
    return steps


def busy_market(draw: random.Random, by_depth: bool) -> tuple[Any, ...]:
    if draw.random() < 0.4:
        return ("trade", draw.randint(97, 103), draw.randint(1, 20), draw.choice([None, "BUY", "SELL"]))
    if by_depth:
        side = draw.choice(SIDES)
        px = draw.randint(96, 101) if side == "BUY" else draw.randint(99, 104)
        return ("depth", side, px, draw.randint(0, 20))
    bid = draw.randint(96, 102)
    return ("quote", (bid, draw.randint(0, 20)), (bid + draw.randint(1, 4), draw.randint(0, 20)))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("by_depth", [False, True])
def test_a_busy_day_as_the_naive_venue(make_venue: MakeVenue, seed: int, by_depth: bool) -> None:
    run(make_venue(), busy_day(seed, by_depth))


COLLECTED = st.one_of(NEW, NEW, NEW, st.tuples(st.just("depth"), SIDE, PX, st.integers(0, 9)))


@given(st.lists(COLLECTED, max_size=20), st.one_of(st.none(), PX))
@settings(max_examples=200, deadline=None)
def test_an_auction_as_the_naive_one(
    make_venue: MakeVenue, steps: list[tuple[Any, ...]], last: int | None
) -> None:
    before: list[tuple[Any, ...]] = [] if last is None else [("trade", last, 1, None)]
    run(make_venue(), [*before, ("state", "AUCTION"), *steps, ("state", "UP")])


# ---- what holds without any model --------------------------------------------------------------------------


def traded(found: list[str]) -> list[tuple[int, int]]:
    """(child, qty) of each fill."""
    words = [line.split() for line in found if " trade " in line]
    return [(int(w[0].split(".")[0]), int(w[2].split("@")[0])) for w in words]


def total(venue: Any) -> int:
    return sum(qty for side in SIDES for _, qty in venue.levels(side))


@given(st.lists(STEP.filter(lambda step: step[0] != "state"), max_size=60))
@settings(max_examples=200, deadline=None)
def test_quantity_is_conserved(make_venue: MakeVenue, steps: list[tuple[Any, ...]]) -> None:
    """What an order takes is what the levels lose and own orders give; a trade gives no more than it has."""
    venue, naive = make_venue(), Naive()
    asked: dict[int, int] = {}
    cum = [0] * CHILDREN
    for step in steps:
        before = total(venue)
        found, _ = both(venue, naive, step)
        for child, qty in traded(found):
            cum[child] += qty
        taken = sum(qty for line, (_, qty) in zip_trades(found) if line.endswith("taker"))
        given_up = sum(qty for line, (_, qty) in zip_trades(found) if line.endswith("maker"))
        if step[0] in ("new", "replace"):
            assert taken == before - total(venue) + given_up
            asked[step[1]] = max(asked.get(step[1], 0), step[3] if step[0] == "new" else step[2])
        elif step[0] == "trade":
            assert given_up <= step[2]
            assert total(venue) == before
    assert all(cum[child] <= qty for child, qty in asked.items())
    assert sum(cum) == sum(cum[child] for child in asked)


def zip_trades(found: list[str]) -> list[tuple[str, tuple[int, int]]]:
    return list(zip([line for line in found if " trade " in line], traded(found), strict=True))
