"""A taker's split costs what an exact solver's costs: dynamic programming over lots, on many random books."""

from __future__ import annotations

import os
from random import Random

import numpy as np
import pytest

from core import messages as m

from .books import Book, planner, random_books, unit_cost

BOOKS = int(os.environ.get("NACRE_ROUTER_BOOKS", "10000"))
CHUNKS = 20
FAR = np.int64(1) << 61


def by_lot(book: Book, buys: bool, limit: int | None, lot: int, most: int) -> np.ndarray:
    """What 0, 1, 2, ... whole lots cost at the venue: its levels within the limit, best first."""
    units: list[int] = []
    for px, qty in book.levels(buys) if book.up else ():
        if limit is not None and (px > limit if buys else px < limit):
            break
        units += [unit_cost(buys, px, book.fees[0])] * min(qty, most * lot)
    lots = min(len(units) // lot, most)
    return np.cumsum([0] + [sum(units[i * lot : (i + 1) * lot]) for i in range(lots)])


def solve(costs: list[np.ndarray], lots: int) -> tuple[int, int]:
    """(how many of the lots can be had, the least that they cost): every split is looked at."""
    best = np.full(lots + 1, FAR)
    best[0] = 0
    for cost in costs:
        after = best.copy()
        for taken in range(1, len(cost)):
            np.minimum(after[taken:], best[: lots + 1 - taken] + cost[taken], out=after[taken:])
        best = np.where(after > FAR // 2, FAR, after)
    had = int(np.flatnonzero(best < FAR)[-1])
    return had, int(best[had])


def paid(books: list[Book], buys: bool, legs: list[tuple[int, int, int, bool, int]]) -> int:
    """What the legs cost at the books; each must be there at its price."""
    total = 0
    for slot, qty, worst, rests, delay in legs:
        assert not rests
        assert delay == 0
        for px, shown in books[slot].levels(buys):
            part = min(qty, shown)
            if part:
                assert px <= worst if buys else px >= worst
                total += part * unit_cost(buys, px, books[slot].fees[0])
            qty -= part
        assert qty == 0
    return total


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_the_split_costs_what_the_solvers_does(chunk: int) -> None:
    random = Random(chunk)
    seen = {"infeasible": 0, "split": 0}
    for _ in range(BOOKS // CHUNKS):
        lot = random.choice((1, 1, 2, 5))
        books = random_books(random, random.choice((1, 2, 3, 8)), lot)
        lots = random.choice((1, 2, 5, 10, 40, 200))
        buys = random.random() < 0.5
        limit = None if random.random() < 0.5 else 100 + random.randint(-4, 4)
        by_depth = random.random() < 0.9
        made = planner(books, lot, by_depth)
        if not by_depth:
            books = [Book(book.fees, book.asks[:1], book.bids[:1], book.up) for book in books]
        legs, rest = made.legs(m.Policy.TAKE, buys, lots * lot, limit)
        had, least = solve([by_lot(book, buys, limit, lot, lots) for book in books], lots)
        assert rest == (lots - had) * lot
        assert sum(leg[1] for leg in legs) == had * lot
        assert all(leg[1] % lot == 0 for leg in legs)
        assert len({leg[0] for leg in legs}) == len(legs)
        assert paid(books, buys, legs) == least
        seen["infeasible"] += had < lots
        seen["split"] += len(legs) > 1
    assert seen["infeasible"] > 10
    assert seen["split"] > 10


def test_the_solver_finds_a_split_that_no_venue_gives_alone() -> None:
    """The reference itself: 3 lots, the cheapest at one venue, two at another."""
    had, least = solve([np.array([0, 5, 30]), np.array([0, 6, 13, 40])], 3)
    assert (had, least) == (3, 18)
