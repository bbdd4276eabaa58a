"""How long does a policy take to split an order over eight venues with ten levels each?

The pure functions alone, on one pinned thread: random books, new ones after each block of orders, so that
prices, depths and the order of venues change; policies take turns. What each policy said is looked at again
in plain Python: what its legs cost is what the cheapest units cost.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from bench.machine import machine, pinned, usable
from bench.route_loop import clock, time_plans
from core import messages as m
from core.router.planner import Planner
from core_ext.histogram import Histogram

type Levels = list[tuple[int, int]]

POLICIES = (m.Policy.SWEEP, m.Policy.NET, m.Policy.SPRAY, m.Policy.OPTIMAL)
GOAL_P50_NS = 1000
MIDDLE = 100_000
BPS = 10**8
ONE = 10**12


class Books:
    """Random books of a symbol, and the same in plain Python."""

    def __init__(self, random: np.random.Generator, venues: int, levels: int) -> None:
        self.fees = [int(fee) * BPS // 100 for fee in random.integers(-30, 40, venues)]
        self.planner = Planner([(fee, fee) for fee in self.fees])
        self.sides: tuple[list[Levels], list[Levels]] = ([], [])
        for venue in range(venues):
            self._queue(random, venue)
            for side, step in ((m.Side.BUY, -1), (m.Side.SELL, 1)):
                self.sides[side].append(self._ladder(random, venue, int(side), step, levels))

    def _queue(self, random: np.random.Generator, venue: int) -> None:
        outflow = np.sort(random.integers(0, 20_000, m.OUTFLOWS))
        for side in (m.Side.BUY, m.Side.SELL):
            head = struct.pack("<IHBBIIq", 0, venue, 1, side, 0, m.OUTFLOWS, 3 * BPS)
            self.planner.feed(int(m.Kind.FACTS), head + outflow.astype("<i8").tobytes())

    def _ladder(self, random: np.random.Generator, venue: int, side: int, step: int, levels: int) -> Levels:
        away, sizes = np.cumsum(random.integers(1, 4, levels)), random.integers(1, 500, levels)
        found = [(MIDDLE + step * int(px), int(qty)) for px, qty in zip(away, sizes, strict=True)]
        for px, qty in found:
            self.planner.feed(int(m.Kind.DEPTH), struct.pack("<IHBBqq", 0, venue, side, 0, px, qty))
        return found

    def units(self, buys: bool, by_fee: bool) -> list[tuple[int, int]]:
        """(what a unit costs, how many there are), the cheapest first; by_fee: with its fee."""
        found = []
        for levels, fee in zip(self.sides[m.Side.SELL if buys else m.Side.BUY], self.fees, strict=True):
            for px, qty in levels:
                cost = (px if buys else -px) * ONE + (abs(px) * fee if by_fee else 0)
                found.append((cost, qty))
        return sorted(found)

    def least(self, buys: bool, qty: int, by_fee: bool) -> int:
        """What the cheapest `qty` units cost."""
        total = 0
        for cost, shown in self.units(buys, by_fee):
            part = min(shown, qty)
            total += part * cost
            qty -= part
        return total

    def paid(self, buys: bool, legs: list[tuple[int, int, int, bool, int]], by_fee: bool) -> int:
        """What the legs that take come to."""
        total = 0
        for slot, qty, _, rests, _ in legs:
            for px, shown in () if rests else self.sides[m.Side.SELL if buys else m.Side.BUY][slot]:
                part = min(shown, qty)
                total += part * ((px if buys else -px) * ONE + (abs(px) * self.fees[slot] if by_fee else 0))
                qty -= part
        return total


def run(
    venues: int = 8, levels: int = 10, orders: int = 40_000, block: int = 500, seed: int = 1
) -> dict[str, Any]:
    """ok: every order's legs come to its quantity, and cost what the cheapest units do."""
    random = np.random.default_rng(seed)
    found = {policy: Histogram() for policy in POLICIES}
    clock_ns = Histogram()
    wrong = 0
    cpu = usable()[-1]
    with pinned(cpu):
        for _ in range(max(1, orders // block)):
            books = Books(random, venues, levels)
            buys = random.integers(0, 2, block).astype(np.uint8)
            shown = min(sum(qty for _, qty in books.units(side, False)) for side in (False, True))
            qty = random.integers(1, shown, block)
            for policy in POLICIES:
                total = time_plans(books.planner, int(policy), buys, qty, found[policy])
                wrong += total != int(qty.sum())
            clock(block, clock_ns)
            wrong += sum(differs(books, bool(b), int(q)) for b, q in zip(buys[:20], qty[:20], strict=True))
    told = {policy.name.lower(): histogram.to_dict() for policy, histogram in found.items()}
    return {
        "ok": wrong == 0,
        **{f"{name}_ns": figures for name, figures in told.items()},
        "clock_ns": clock_ns.to_dict(),
        "goal": {
            "p50_ns": GOAL_P50_NS,
            "reached": {name: figures["p50"] <= GOAL_P50_NS for name, figures in told.items()},
        },
        "venues": venues,
        "levels": levels,
        "orders": {"each": block * max(1, orders // block), "wrong": wrong},
        "machine": machine(),
        "placement": {"router": cpu, "processes": 1},
        "wait": "none: orders lie ready",
    }


def differs(books: Books, buys: bool, qty: int) -> bool:
    """Whether a policy's legs cost anything but the least; of `optimal`, those that take."""
    for policy in POLICIES:
        legs, rest = books.planner.legs(policy, buys, qty)
        taken = sum(leg[1] for leg in legs if not leg[3])
        by_fee = policy != m.Policy.SWEEP
        if rest or books.paid(buys, legs, by_fee) != books.least(buys, taken, by_fee):
            return True
        if policy != m.Policy.OPTIMAL and taken != qty:
            return True
    return False
