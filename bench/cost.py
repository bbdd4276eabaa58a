"""What does an order cost with many live orders and instruments, against few?

Two cores without a journal take turns on one processor. A row is a new order, and the acceptance and the full
fill of a live one chosen at random; as many orders come as are filled.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from bench.fed import compare, opened, run_rows
from bench.orders import Shape

PAIRS = 31
GOAL = 1.25


@dataclass
class Side:
    """One of the two cores, and what a row took in each of its blocks, ns on the processor."""

    shape: Shape
    took: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.feed, self.inputs, _ = opened(self.shape)
        live = self.inputs.orders(self.shape.live)
        run_rows(self.feed, live)
        self._made = len(live)
        self._pool = self.inputs.accepted(live)
        self._orders = live["request"][self._pool]

    def block(self, count: int) -> None:
        """Fills live orders and brings as many new ones; those come next when all others are filled."""
        chosen, which = self._orders[:count], self._pool[:count]
        self._orders, self._pool = self._orders[count:], self._pool[count:]
        rows = self.inputs.fill(chosen, which)
        part = run_rows(self.feed, rows)
        self.took.append(part.processor_ns / part.count)
        if len(self._pool) < count:
            new = self.inputs.accepted(rows["order"])
            self._orders = np.concatenate([self._orders, rows["order"]["request"][new]])
            self._pool = np.concatenate([self._pool, self._made + new])
        self._made += len(rows)


def run(shape: Shape, pairs: int = PAIRS) -> dict[str, Any]:
    """Many: as the shape has, of instruments ten times as many. Few: a thousandth of each."""
    few_live = max(shape.live // 1000, 50)
    new = (pairs + 1) * few_live
    many = Side(replace(shape, symbols=10 * shape.symbols, new=new, filled=new))
    few = Side(replace(shape, symbols=max(shape.symbols // 100, 2), live=few_live, new=new, filled=new))
    for _ in range(pairs + 1):
        for side in (many, few):
            side.block(few_live)
    ratios = sorted(a / b for a, b in zip(many.took[1:], few.took[1:], strict=True))  # the first warms up
    for side in (many, few):
        side.feed.core.raise_fault()
    quarter = len(ratios) // 4
    return {
        "ok": all(all(compare(side.feed, side.inputs).values()) for side in (many, few)),
        "ratio_p50": round(statistics.median(ratios), 3),
        "ratio_iqr": [round(ratios[quarter], 3), round(ratios[-1 - quarter], 3)],
        "goal": GOAL,
        "pairs": pairs,
        "rows_a_block": few_live,
        "many": _told(many),
        "few": _told(few),
    }


def _told(side: Side) -> dict[str, Any]:
    return {
        "live": side.shape.live,
        "symbols": side.shape.symbols,
        "processor_ns_p50": round(statistics.median(side.took[1:]), 1),
    }
