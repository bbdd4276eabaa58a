"""What does the gate cost, an order, with all limits set, and does it deny what it must?

A core full of working orders, at random over accounts and symbols. Its gate (all that is always on, and
every limit of
the order) is asked about more orders, none of which is denied: each timed alone, memory asked for a
batch at a time as
on the path, and without that. Then each check alone, against no limit at all. Then a mixed flow, of
which a tenth is
denied, through the whole core: every denial is compared with a count in plain Python. Last, the
throughput of the whole
core with every check on against the five limits of `bench throughput`, in turn.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bench import risk_flow
from bench.machine import machine, pinned, usable
from bench.risk_desk import CHECKS, Desk, Shape
from bench.risk_loop import Judge
from core import messages as m
from core_ext.histogram import Histogram

type Array = np.ndarray[Any, np.dtype[Any]]

BLOCK = 2000
FIVE = ("max_order_qty", "max_order_notional", "price_collar_bps", "order_rate", "max_position")
ORDER_BYTES = m.ORDER_EVENT.itemsize
GOALS = {"gate_p50_ns": 300, "throughput_ratio": 0.7}


def run(shape: Shape | None = None) -> dict[str, Any]:
    shape = shape or Shape()
    with pinned(usable()[-1]):
        whole = _gate(shape)
        alone = _checks(shape)
        flow = risk_flow.run(shape)
        through = _throughput(shape)
    return {
        "ok": whole["denied"] == 0 and flow["equal"] and through["equal"],
        "gate_ns": whole["each"],
        "gate_unprepared_ns": whole["unprepared"],
        "gate_mean_ns": whole["mean"],
        "working_orders": whole["working"],
        "limits": whole["limits"],
        "check_ns": alone,
        "mixed_flow": flow,
        "throughput": through,
        "goals": GOALS,
        "shape": {name: getattr(shape, name) for name in Shape.__slots__},
        "machine": machine(),
        "placement": {"fused": usable()[-1], "processes": 1},
        "wait": "none: inputs lie ready",
    }


def _gate(shape: Shape) -> dict[str, Any]:
    """The whole gate: every check of the table on each account, none denying."""
    desk = Desk(shape, CHECKS)
    working = desk.fill_up()
    judge = Judge(desk.core)
    rows, positions = desk.asked(shape.asked)
    each, unprepared = Histogram(), Histogram()
    judge.run(rows, positions, desk.now_ns, True)
    for _ in range(shape.turns):
        judge.run(rows, positions, desk.now_ns, True, each)
        judge.run(rows, positions, desk.now_ns, False, unprepared)
    return {
        "each": each.to_dict(),
        "unprepared": unprepared.to_dict(),
        "mean": round(_mean(judge, rows, positions, desk.now_ns, shape.turns), 1),
        "denied": judge.denied,
        "working": working,
        "limits": len(CHECKS) * shape.accounts,
    }


def _mean(judge: Judge, rows: Array, positions: Array, now_ns: int, turns: int) -> float:
    """ns of a judgement, the batch's share of asking for memory in it: the best of many short blocks, which
    nobody else ran in."""
    best = float("inf")
    for _ in range(turns):
        for at in range(0, len(positions) - BLOCK + 1, BLOCK):
            some = rows[at * ORDER_BYTES : (at + BLOCK) * ORDER_BYTES]
            best = min(best, judge.run(some, positions[at : at + BLOCK], now_ns, True) / BLOCK)
    return best


def _checks(shape: Shape) -> dict[str, float]:
    """Nanoseconds that each check alone adds to an order that it doesn't deny, all that it needs in the
    cache."""
    small = Shape(accounts=50, symbols=50, working=2000, asked=20 * BLOCK, new=1, flow=1, seed=shape.seed)
    bare = _alone(small, (), shape.turns)
    return {"none": round(bare, 1)} | {
        check: round(_alone(small, (check,), shape.turns) - bare, 1) for check in CHECKS
    }


def _alone(shape: Shape, checks: tuple[str, ...], turns: int) -> float:
    desk = Desk(shape, checks)
    desk.fill_up()
    rows, positions = desk.asked(shape.asked)
    return _mean(Judge(desk.core), rows, positions, desk.now_ns, turns)


def _throughput(shape: Shape) -> dict[str, Any]:
    """New orders a second of the whole core with every check on, over those with a desk's five: blocks in
    turn, each
    against the other's, the median of their ratios."""
    desks = [Desk(shape, CHECKS), Desk(shape, FIVE)]
    for desk in desks:
        desk.fill_up()
    spent: list[list[int]] = []
    for _ in range(max(shape.new // BLOCK, 1)):
        spent.append([desk.run(desk.rows(BLOCK)) for desk in desks])
    everything, five = (float(np.median([pair[i] for pair in spent])) for i in (0, 1))
    return {
        "everything_per_s": round(BLOCK * 1e9 / everything),
        "five_limits_per_s": round(BLOCK * 1e9 / five),
        "ratio": round(float(np.median([pair[1] / pair[0] for pair in spent])), 3),
        "equal": all(desk.denied() == 0 for desk in desks),
    }
