"""Books of one symbol at several venues, for the router's policies: told to a Planner, and kept beside it."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from random import Random

from core import messages as m
from core.router.planner import Planner

ONE = 10**12  # of 10^-8 bps
type Levels = list[tuple[int, int]]
"""(price, quantity), best first."""


@dataclass
class Book:
    """What a venue shows: asks and bids. fees: taker, maker, in 10^-8 bps."""

    fees: tuple[int, int] = (0, 0)
    asks: Levels = field(default_factory=list)
    bids: Levels = field(default_factory=list)
    up: bool = True

    def levels(self, buys: bool) -> Levels:
        return self.asks if buys else self.bids


def planner(books: list[Book], lot: int = 1, by_depth: bool = True) -> Planner:
    """A planner that has heard of all of it."""
    made = Planner([book.fees for book in books], lot=lot)
    for slot, book in enumerate(books):
        if by_depth:
            for side, levels in ((m.Side.BUY, book.bids), (m.Side.SELL, book.asks)):
                for px, qty in levels:
                    made.feed(int(m.Kind.DEPTH), struct.pack("<IHBBqq", 0, slot, side, 0, px, qty))
        else:
            quote(made, slot, *(book.bids or [(0, 0)])[0], *(book.asks or [(0, 0)])[0])
        if not book.up:
            state(made, slot, m.VenueState.DOWN)
    return made


def quote(
    made: Planner, slot: int, bid_px: int, bid_qty: int, ask_px: int, ask_qty: int, at: int = 0
) -> None:
    made.feed(int(m.Kind.QUOTE), struct.pack("<IHHqqqq", 0, slot, 0, bid_px, bid_qty, ask_px, ask_qty), at)


def state(made: Planner, slot: int, value: m.VenueState) -> None:
    made.feed(int(m.Kind.VENUE_STATE), struct.pack("<IHBB", 0, slot, value, 0))


def facts(made: Planner, slot: int, **told: int) -> None:
    """Facts by name, as taker_fee=30_000_000."""
    values = [0] * m.FACTS
    given = 0
    for name, value in told.items():
        values[m.Fact[name.upper()]] = value
        given |= 1 << m.Fact[name.upper()]
    made.feed(int(m.Kind.FACTS), struct.pack("<IHBBIIq16q", 0, slot, 0, 0, given, 0, 0, *values))


def queue(made: Planner, slot: int, side: m.Side, outflow: list[int], unfilled: int) -> None:
    values = [*outflow, *([0] * (m.OUTFLOWS - len(outflow)))]
    made.feed(
        int(m.Kind.FACTS), struct.pack("<IHBBIIq16q", 0, slot, 1, side, 0, len(outflow), unfilled, *values)
    )


def unit_cost(buys: bool, px: int, fee: int) -> int:
    """Of one unit with its fee, in 10^-12 of a price unit; a sale's proceeds are negative."""
    return (px if buys else -px) * ONE + abs(px) * fee


def random_books(random: Random, venues: int, lot: int) -> list[Book]:
    """Few prices, so that there are ties and crossed markets; odd lots, empty sides, venues that are down."""
    fees = [
        random.choice((-30_000_000, -20_000_000, 0, 25_000_000, 30_000_000, 500_000_000)) for _ in range(2)
    ]
    middle = random.choice((100, 100, 1000, -50))
    return [
        Book(
            fees=(random.choice((*fees, random.randrange(-(10**9), 10**9))), random.choice(fees)),
            asks=_side(random, middle + random.randint(-1, 3), 1, lot),
            bids=_side(random, middle - random.randint(-1, 3), -1, lot),
            up=random.random() < 0.95,
        )
        for _ in range(venues)
    ]


def _side(random: Random, px: int, step: int, lot: int) -> Levels:
    found = []
    for _ in range(random.randint(0, 4)):
        found.append((px, random.randint(1, 4 * lot + 3)))
        px += step * random.randint(1, 2)
    return found
