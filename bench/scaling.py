"""What does an order cost with more of everything: live orders, instruments, accounts, venues, sessions?

One axis at a time, the others small. Orders, instruments, accounts: fused cores without a journal that take
turns on one processor, a row being a new order, and the acceptance and the full fill of a live one at random.
Venues: the router's plan over so many. Sessions: an order from Python and its acknowledgement, at a live core
where so many sessions are open. Of each axis what counts is the last point over the first.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from bench import client as ordered, route
from bench.cost import Side
from bench.desk_core import desk_core
from bench.fed import compare
from bench.machine import machine, pinned, usable
from bench.orders import Shape
from core_ext.histogram import Histogram
from periphery.client import Client, OrderEvent, connect

BASE = Shape(symbols=100, accounts=8, live=1000, new=0, filled=0, quotes=0)
AXES: dict[str, tuple[int, ...]] = {
    "live": (1000, 10_000, 100_000, 1_000_000),
    "symbols": (10, 100, 1000, 10_000),
    "accounts": (1, 10, 100, 1000),
    "venues": (1, 2, 4, 8, 16),
    "sessions": (1, 4, 16, 48),
}
PAIRS, ROWS = 12, 250
ORDERS = 300
PATIENCE_S = 20.0
QUOTE = {"type": "quote", "venue": ordered.VENUE, "symbol": ordered.SYMBOL, "bid_px": ordered.BID,
         "ask_px": ordered.ASK, "bid_qty": "1000000", "ask_qty": "1000000"}  # fmt: skip


def run(points: int = 4, seed: int = 1) -> dict[str, Any]:
    """points: of each axis, at most. ok: every core's state is what plain Python counted."""
    checks: dict[str, bool] = {}
    axes = []
    for axis, sizes in AXES.items():
        measure: Callable[..., tuple[list[float], bool]] = _OTHERS.get(axis, _fused)
        took, checks[axis] = measure(axis, sizes[:points], seed)
        axes.append({
            "axis": axis,
            "points": [{"size": n, "ns_p50": round(ns, 1)} for n, ns in zip(sizes, took, strict=False)],
            "last_over_first": round(took[-1] / took[0], 3),
        })  # fmt: skip
    return {
        "ok": all(checks.values()),
        "axes": axes,
        "checks": checks,
        "machine": machine(),
        "placement": {"fused": usable()[-1], "sessions": "a live core, anywhere"},
        "wait": "none: inputs lie ready; of sessions: yield",
    }


def _fused(axis: str, sizes: Sequence[int], seed: int) -> tuple[list[float], bool]:
    """(ns a row on the processor, by size; whether all states are right)."""
    more = (PAIRS + 1) * ROWS
    with pinned(usable()[-1]):
        sides = [Side(replace(BASE, new=more, filled=more, seed=seed, **{axis: size})) for size in sizes]
        for turn in range(PAIRS + 1):
            for side in sides if turn % 2 == 0 else sides[::-1]:
                side.block(ROWS)
    for side in sides:
        side.feed.core.raise_fault()
    right = all(all(compare(side.feed, side.inputs).values()) for side in sides)
    return [statistics.median(side.took[1:]) for side in sides], right  # the first warms up


def _venues(_axis: str, sizes: Sequence[int], seed: int) -> tuple[list[float], bool]:
    found = [route.run(venues=size, orders=4000, seed=seed) for size in sizes]
    return [float(each["optimal_ns"]["p50"]) for each in found], all(each["ok"] for each in found)


def _sessions(_axis: str, sizes: Sequence[int], _seed: int) -> tuple[list[float], bool]:
    took: list[float] = []
    capacity = {"orders": 1 << 14, "ids": 1 << 15, "fills": 1 << 12}
    with desk_core(None, ordered.DECLARED, capacity, "yield") as core, ExitStack() as opened:
        clients: list[Client] = [opened.enter_context(connect(core.socket, name="s0"))]
        clients[0].market(QUOTE)
        _, right = _acknowledged(clients[0], "warm")
        for size in sizes:
            while len(clients) < size:
                clients.append(opened.enter_context(connect(core.socket, name=f"s{len(clients)}")))
            histogram, answered = _acknowledged(clients[0], f"n{size}")
            took.append(float(histogram.percentile(50)))
            right = right and answered
    return took, right


def _acknowledged(client: Client, name: str) -> tuple[Histogram, bool]:
    """Orders that rest, each canceled before the next one."""
    histogram = Histogram()
    for n in range(ORDERS):
        cl_ord_id = f"{name}-{n}"
        began = time.perf_counter_ns()
        client.submit(
            ordered.SYMBOL,
            "buy",
            1,
            "limit",
            ordered.RESTING,
            ordered.ACCOUNT,
            ordered.VENUE,
            cl_ord_id=cl_ord_id,
        )
        if not _heard(client, cl_ord_id, "pending_new"):
            return histogram, False
        histogram.add(time.perf_counter_ns() - began)
        client.cancel(cl_ord_id, cl_ord_id=f"{cl_ord_id}c")
        if not _heard(client, f"{cl_ord_id}c", "canceled"):
            return histogram, False
    return histogram, True


def _heard(client: Client, cl_ord_id: str, exec_type: str) -> bool:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        event = client.poll()
        if isinstance(event, OrderEvent) and (event.cl_ord_id, event.exec_type) == (cl_ord_id, exec_type):
            return True
    return False


_OTHERS = {"venues": _venues, "sessions": _sessions}
