"""What does it cost to book a fill, with very many positions?

The position keeper alone, on one pinned thread: fills at random, uniformly over all positions, so that no
position is in the cache, and by Zipf's law over symbols, as they come. Against the bare memory that a fill
needs (a line of a position, one of a fill), in another table of the same size, a block each in turn.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bench.machine import machine, pinned, usable
from bench.positions_loop import Keeper
from core.capacity import Capacity
from core_ext.histogram import Histogram

type Array = np.ndarray[Any, np.dtype[Any]]

GOAL_P50_NS = 100
BLOCK = 4096
MIDDLE = 10_000


@dataclass(frozen=True, slots=True)
class Pattern:
    """Where the fills go, and what they cost there."""

    name: str
    update_ns: Histogram = field(default_factory=Histogram)
    touch_ns: Histogram = field(default_factory=Histogram)
    ratios: list[float] = field(default_factory=list)

    def places(self, random: np.random.Generator, symbols: int, accounts: int) -> Array:
        """BLOCK positions: uniform, or symbols by Zipf's law as in `bench throughput`."""
        if self.name == "uniform":
            return random.integers(0, symbols * accounts, BLOCK, np.uint32)
        weights = 1 / np.arange(1, symbols + 1)
        symbol = random.choice(symbols, BLOCK, p=weights / weights.sum())
        return (symbol * accounts + random.integers(0, accounts, BLOCK)).astype(np.uint32)

    def told(self) -> dict[str, Any]:
        """Its figures."""
        update, touch = self.update_ns.to_dict(), self.touch_ns.to_dict()
        low, middle, high = (round(float(np.quantile(self.ratios, q)), 2) for q in (0.25, 0.5, 0.75))
        return {
            "ratio_p50": round(update["p50"] / max(touch["p50"], 1), 2),
            "ratio_of_means_p50": middle,
            "ratio_of_means_iqr": [low, high],
            "update_ns": update,
            "touch_ns": touch,
        }


def run(
    positions: int = 1_000_000, fills: int = 1_000_000, accounts: int = 1000, seed: int = 1
) -> dict[str, Any]:
    """ok: every position's quantity and cash flow is what numpy counted from the same fills."""
    accounts = min(accounts, positions)
    symbols = -(-positions // accounts)
    blocks = -(-fills // (2 * BLOCK))
    patterns = Pattern("uniform"), Pattern("zipf")
    cpu = usable()[-1]
    with pinned(cpu):
        keeper = Keeper(_capacity(symbols, accounts, 2 * blocks * BLOCK), symbols, accounts)
        qty, flow = _blocks(keeper, patterns, symbols, accounts, blocks, seed)
        funding_ns, open_positions = keeper.funding_ns(0)
    wrong = keeper.differ(qty, flow)
    found = {pattern.name: pattern.told() for pattern in patterns}
    return {
        "ok": wrong == 0,
        **found,
        "clock_ns": keeper.clock_ns.to_dict(),
        "goal": {
            "update_p50_ns": GOAL_P50_NS,
            "reached": {name: told["update_ns"]["p50"] <= GOAL_P50_NS for name, told in found.items()},
        },
        "funding_ns": {"positions": open_positions, "each": round(funding_ns / max(open_positions, 1), 1)},
        "positions": symbols * accounts,
        "fills": keeper.booked,
        "positions_wrong": wrong,
        "machine": machine(),
        "placement": {"positions": cpu, "processes": 1},
        "wait": "none: fills lie ready",
    }


def _capacity(symbols: int, accounts: int, fills: int) -> Capacity:
    held = symbols * accounts
    return Capacity(symbols=symbols, accounts=accounts, positions=held, fills=held + fills)


def _blocks(
    keeper: Keeper, patterns: tuple[Pattern, ...], symbols: int, accounts: int, blocks: int, seed: int
) -> tuple[Array, Array]:
    """Every position opened, then a block of each pattern in turn. The sums as counted here."""
    random = np.random.default_rng(seed)
    qty = random.integers(1, 100, symbols * accounts) * random.choice((-1, 1), symbols * accounts)
    flow = -qty * MIDDLE
    keeper.fill_up(qty, MIDDLE)
    for _ in range(blocks):
        for pattern in patterns:
            where, elsewhere = (pattern.places(random, symbols, accounts) for _ in range(2))
            sizes = random.integers(1, 100, BLOCK) * random.choice((-1, 1), BLOCK)
            prices = random.integers(MIDDLE - 500, MIDDLE + 500, BLOCK)
            updates, touches = keeper.run(
                where, sizes, prices, elsewhere, pattern.update_ns, pattern.touch_ns
            )
            np.add.at(qty, where, sizes)
            np.add.at(flow, where, -sizes * prices)
            pattern.ratios.append(updates / max(touches, 1))
    return qty, flow
