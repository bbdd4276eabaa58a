"""What does an add, a cancel, a match cost at the simulated venue, with few orders resting and with very
many?

The venue alone on one pinned thread, one symbol, our own orders. Books of each size take turns, a block
each: orders come in at random prices, random ones are cancelled, an order of the other side meets the best.
`wide` has as many prices as orders, `deep` has PRICES. What is flat costs the same at 100,000 as at 10, but
for memory that is no longer in the cache; `touch_ns` is that memory alone: two lines of a table as large as
the book, at random.
"""

from __future__ import annotations

from heapq import heappop, heappush
from random import Random
from time import perf_counter_ns
from typing import Any

import numpy as np

from bench.machine import machine, pinned, usable
from bench.venue_loop import Desk
from core.capacity import Capacity

type Step = tuple[int, int, int, int]
"""A message: what it does, the child, its side, its price."""

SIZES = (10, 1_000, 100_000)
SHAPES = ("wide", "deep")
PRICES = 10
BLOCK = 512
MIDDLE = 10_000_000
QTY = 3
BUY, SELL = 0, 1
ADD, CANCEL, MATCH = 0, 1, 2


class Book:
    """One book, and the same in plain Python: what rests, and who is best."""

    def __init__(self, shape: str, size: int, children: int, seed: int) -> None:
        self.shape, self.size = shape, size
        self.random = Random(seed)
        sizes = {"symbols": 1, "depths": 1, "book_orders": 1, "more_children": 1}
        self.desk = Desk(Capacity(orders=children, **sizes))
        self.resting: list[int] = []
        self.place: dict[int, int] = {}  # child -> where it is in `resting`
        self.price: list[int] = []  # of every child ever
        self.best: dict[int, list[tuple[int, int]]] = {BUY: [], SELL: []}  # heaps; who has gone is left in
        self.ns: dict[str, list[float]] = {}
        self._send([self._add() for _ in range(size)])

    def block(self) -> None:
        """One comes, one goes, one comes that meets the best, and one in place of that."""
        steps: list[Step] = []
        for _ in range(BLOCK):
            steps += [self._add(), self._cancel(), self._match(), self._add()]
        for what, ns in self._send(steps).items():
            self.ns.setdefault(what, []).append(ns)

    def _send(self, steps: list[Step]) -> dict[str, float]:
        ops, children, sides, prices = zip(*steps, strict=True)
        return self.desk.run(
            np.array(ops, np.uint8),
            np.array(children, np.uint32),
            np.array(sides, np.uint8),
            np.array(prices, np.int64),
            QTY,
        )

    def _new(self, price: int) -> int:
        self.price.append(price)
        return len(self.price) - 1

    def _add(self) -> Step:
        """A bid below the middle, or an ask above it."""
        away = self.random.randint(1, self.size if self.shape == "wide" else PRICES)
        side = self.random.choice((BUY, SELL))
        child = self._new(MIDDLE - away if side == BUY else MIDDLE + away)
        self.place[child] = len(self.resting)
        self.resting.append(child)
        heappush(self.best[side], (self._rank(child), child))
        return ADD, child, side, self.price[child]

    def _rank(self, child: int) -> int:
        return -self.price[child] if self.price[child] < MIDDLE else self.price[child]

    def _cancel(self) -> Step:
        child = self.resting[self.random.randrange(len(self.resting))]
        self._gone(child)
        return CANCEL, child, BUY, 0

    def _gone(self, child: int) -> None:
        last = self.resting.pop()
        where = self.place.pop(child)
        if last != child:
            self.resting[where] = last
            self.place[last] = where

    def _match(self) -> Step:
        """An order that meets the best of a side, whole."""
        for side in self.random.sample((BUY, SELL), 2):
            heap = self.best[side]
            while heap and heap[0][1] not in self.place:
                heappop(heap)
            if heap:
                maker = heappop(heap)[1]
                self._gone(maker)
                return MATCH, self._new(self.price[maker]), 1 - side, self.price[maker]
        return self._add()

    def wrong(self) -> int:
        """Orders that rest at the venue and not here, or the other way round, or in another order."""
        venue = [child for side in (BUY, SELL) for child, _, _ in self.desk.venue.queue(0, 0, side)]
        here = sorted(self.resting, key=lambda child: (self.price[child] > MIDDLE, self._rank(child), child))
        return sum(a != b for a, b in zip(venue, here, strict=False)) + abs(len(venue) - len(here))

    def touch_ns(self) -> float:
        """Two lines of a table as large as this book's, at random, one access each."""
        table = np.zeros((self.size, 32), np.int64)
        where = np.random.default_rng(1).integers(0, len(table), 1 << 16)
        begin = perf_counter_ns()
        table[where, 0].sum()
        table[where[::-1], 16].sum()
        return (perf_counter_ns() - begin) / len(where)


def run(blocks: int = 40, largest: int = SIZES[-1], seed: int = 1) -> dict[str, Any]:
    """ok: every book is, order by order, what plain Python counted."""
    sizes = [size for size in SIZES if size <= largest]
    children = largest + 4 * BLOCK * blocks
    books = [Book(shape, size, children, seed) for shape in SHAPES for size in sizes]
    with pinned(usable()[-1]):
        for _ in range(blocks):
            for book in books:
                book.block()
    wrong = {f"{book.shape}_{book.size}": count for book in books if (count := book.wrong())}
    return {
        "ok": not wrong,
        "wrong": wrong,
        "books": [_told(book) for book in books],
        "flat": {shape: _flat([book for book in books if book.shape == shape]) for shape in SHAPES},
        "blocks": blocks,
        "block": BLOCK,
        "machine": machine(),
        "placement": {"venue": usable()[-1], "processes": 1},
        "wait": "none: messages lie ready",
    }


def _told(book: Book) -> dict[str, Any]:
    found = {what: round(float(np.median(ns)), 1) for what, ns in book.ns.items()}
    told = {f"{what}_ns": ns for what, ns in found.items()}
    return {"shape": book.shape, "resting": book.size, **told, "touch_ns": round(book.touch_ns(), 1)}


def _flat(books: list[Book]) -> dict[str, float]:
    """The cost in the largest book over that in the smallest, the best of the blocks."""
    small, large = books[0].ns, books[-1].ns
    return {what: round(min(large[what]) / min(small[what]), 2) for what in small}
