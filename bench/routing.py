"""What does an order cost by each policy, on recorded markets?

Each recording is played into the router's books. At seeded times in its second half each policy plans the
same order, alone in the market: what it takes is filled at what is shown, what it rests is filled as the
recording then says (docs/routing.md), and what is unfilled at the horizon is priced at the opposite
touch. `optimal` knows what was fitted on the first half. Costs are in bps of the mid at arrival, with
fees and rebates; the difference to each single venue and each simpler policy is paired, order by order,
and its 95 % interval takes the orders of one stretch of time as one.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.machine import NoData as NoData, machine
from bench.routing_data import BINANCE, BPS, Recording, binance, eurusd
from bench.routing_loop import Tape
from bench.routing_report import report
from core import messages as m
from core.router.planner import Planner

type Array = np.ndarray[Any, np.dtype[Any]]
type Leg = tuple[int, int, int, bool, int]

SIZES = {"under": 0.5, "at": 1.0, "five": 5.0}
FITTED_ON = 4000
HUGE = 1 << 40
FEW = 30
QUANTILES = (np.arange(m.OUTFLOWS) + 0.5) / m.OUTFLOWS
STRETCH = 5  # horizons that are one for the interval
Z = 1.959964
ONE = 10**12


@dataclass(frozen=True, slots=True)
class Order:
    """Asked at ts_ns, when the rows before `row` are known."""

    row: int
    ts_ns: int
    buys: bool
    size: str
    qty: int
    mid: float


class Run:
    """One recording: fitted on its first half, measured on its second."""

    def __init__(self, recording: Recording, orders: int, seed: int) -> None:
        self.recording = recording
        self.orders = orders
        self.random = np.random.default_rng(seed)
        self.planner = Planner(recording.fees, lot=recording.lot)
        self.tape = Tape(self.planner, recording.rows, len(recording.venues))
        self.ts = recording.rows["ts_ns"]
        quoted = [self.ts[recording.rows["venue"] == venue] for venue in range(len(recording.venues))]
        first, last = max(ts[0] for ts in quoted), min(ts[-1] for ts in quoted)
        self.middle = int(first + (last - first) // 2)
        self.halves = (int(first), self.middle), (self.middle, int(last) - recording.horizon_ns)

    def costs(self) -> tuple[list[Order], dict[str, Array], dict[str, Any]]:
        """(orders, what each costs by policy in bps, what was fitted)"""
        fitted = self._fit()
        asked, plans = [], []
        for order in self._at(self.halves[1], self.orders):
            asked.append(order)
            plans.append({name: plan(order) for name, plan in self._policies().items()})
        self.tape.play(len(self.ts))
        costs = {
            name: np.array([self._cost(order, *plan[name]) for order, plan in zip(asked, plans, strict=True)])
            for name in plans[0]
        }
        return asked, costs, fitted

    # ---- orders ------------------------------------------------------------------------------------------

    def _at(self, half: tuple[int, int], count: int) -> Iterator[Order]:
        """Orders at seeded times, both sides and each size as often; what comes before each is played
        first."""
        names = list(SIZES)
        for n, ts in enumerate(np.sort(self.random.integers(*half, count)).tolist()):
            row = int(np.searchsorted(self.ts, ts, "right"))
            self.tape.play(row)
            buys = bool(self.random.integers(0, 2))
            best = self._best(row - 1)
            if best is None:
                continue
            (bid, bid_qty), (ask, ask_qty) = best
            size = names[n % len(names)]
            lots = SIZES[size] * (ask_qty if buys else bid_qty) / self.recording.lot
            qty = max(1, round(lots)) * self.recording.lot
            yield Order(row, ts, buys, size, qty, (bid + ask) / 2)

    def _best(self, row: int) -> tuple[tuple[int, int], tuple[int, int]] | None:
        """Best bid and ask of all venues with their sizes, after that row."""
        shown = self.tape.tops[row]
        bids = [(int(top[0]), int(top[1])) for top in shown if top[1] > 0]
        asks = [(int(top[2]), int(top[3])) for top in shown if top[3] > 0]
        if not bids or not asks:
            return None
        return max(bids, key=lambda level: level[0]), min(asks, key=lambda level: level[0])

    # ---- policies ----------------------------------------------------------------------------------------

    def _policies(self) -> dict[str, Callable[[Order], tuple[float, int, list[Leg]]]]:
        """By name: (what was taken comes to, how much that is, what rests). Single venues take what they
        show."""
        found = {
            f"only {name}": self._plan(m.Policy.TAKE, False, ~(1 << venue) & 0xFFFF)
            for venue, name in enumerate(self.recording.venues)
        }
        for policy in (m.Policy.SWEEP, m.Policy.NET, m.Policy.HOME):
            found[policy.name.lower()] = self._plan(policy, False)
        for policy in (m.Policy.POST, m.Policy.OPTIMAL):
            found[policy.name.lower()] = self._plan(policy, True)
        return found

    def _plan(
        self, policy: m.Policy, rests: bool, left_out: int = 0
    ) -> Callable[[Order], tuple[float, int, list[Leg]]]:
        def plan(order: Order) -> tuple[float, int, list[Leg]]:
            legs, _ = self.planner.legs(policy, order.buys, order.qty, rests=rests, left_out=left_out)
            paid, taken = 0.0, 0
            for slot, qty, _, resting, _ in legs:
                if not resting:
                    paid += self._with_fee(order.buys, self.tape.taken(slot, order.buys, qty), slot, 0)
                    taken += qty
            return paid, taken, [leg for leg in legs if leg[3]]

        return plan

    def _with_fee(self, buys: bool, value: float, venue: int, maker: int) -> float:
        fee = self.recording.fees[venue][maker] / ONE
        return value * (1 + fee) if buys else value * (1 - fee)

    # ---- what came of it ---------------------------------------------------------------------------------

    def _cost(self, order: Order, paid: float, taken: int, resting: list[Leg]) -> float:
        """In bps of the mid at arrival."""
        for slot, qty, px, _, _ in resting:
            filled, _ = self._rest(order, slot, px, qty)
            paid += self._with_fee(order.buys, filled * px, slot, 1)
            taken += filled
        if taken < order.qty:
            paid += (order.qty - taken) * self._opposite(order)
        arrival = order.qty * order.mid
        return (paid - arrival if order.buys else arrival - paid) / arrival * 1e4

    def _rest(self, order: Order, venue: int, px: int, qty: int) -> tuple[int, int]:
        """(filled by the horizon, how much left the queue); the queue is what the venue shows there at
        arrival."""
        top = self.tape.tops[order.row - 1, venue]
        best, size = (int(top[0]), int(top[1])) if order.buys else (int(top[2]), int(top[3]))
        ahead = size if best == px and size > 0 else 0
        until = order.ts_ns + self.recording.horizon_ns
        return self.tape.rest(venue, order.row, until, order.buys, px, qty, ahead)

    def _opposite(self, order: Order) -> float:
        """The opposite touch at the horizon, with its fee: of the venue where that is least."""
        row = int(np.searchsorted(self.ts, order.ts_ns + self.recording.horizon_ns, "right")) - 1
        px, qty = (2, 3) if order.buys else (0, 1)
        shown = [
            self._with_fee(order.buys, float(top[px]), venue, 0)
            for venue, top in enumerate(self.tape.tops[row])
            if top[qty] > 0
        ]
        return (min(shown) if order.buys else max(shown)) if shown else order.mid

    # ---- the first half ----------------------------------------------------------------------------------

    def _fit(self) -> dict[str, Any]:
        """Tells the router, as events: what a unit costs that is left for the horizon; at each venue how much
        leaves the best queue, and how much less that cost is where an order there was filled (missed).

        Both sides are asked at each time and fitted as one: which way the market went in the first half says
        nothing of the second.
        """
        asked = list(self._at(self.halves[0], FITTED_ON))
        self.tape.play(int(np.searchsorted(self.ts, self.middle, "right")))
        asked = [order for order in asked if order.ts_ns + self.recording.horizon_ns < self.middle]
        orders = [replace(order, buys=buys) for order in asked for buys in (True, False)]
        costs = np.array([self._left_over(order) for order in orders])
        told: dict[str, Any] = {"orders": len(orders), "unfilled_bps": round(float(costs.mean()), 4)}
        for venue, name in enumerate(self.recording.venues):
            both = [self._touch(order, venue) for order in orders]
            filled = np.array([part > 0 for part, _ in both])
            missed = float(costs.mean() - costs[filled].mean()) if filled.sum() >= FEW else 0.0
            outflow = np.quantile([left for _, left in both], QUANTILES, method="inverted_cdf").astype(
                np.int64
            )
            self._tell(venue, outflow, float(costs.mean()), missed)
            told[name] = {"outflow": outflow.tolist(), "markout_bps": round(missed, 4)}
        return told

    def _touch(self, order: Order, venue: int) -> tuple[int, int]:
        """Of an order without end at the venue's own best: (filled, how much left the queue)."""
        top = self.tape.tops[order.row - 1, venue]
        px, size = (int(top[0]), int(top[1])) if order.buys else (int(top[2]), int(top[3]))
        against, shown = (int(top[2]), int(top[3])) if order.buys else (int(top[0]), int(top[1]))
        if size <= 0 or (shown > 0 and (against <= px if order.buys else against >= px)):
            return 0, 0
        return self._rest(order, venue, px, HUGE)

    def _left_over(self, order: Order) -> float:
        """What the opposite touch at the horizon costs beyond the mid at arrival, in bps."""
        cost = self._opposite(order) / order.mid - 1
        return (cost if order.buys else -cost) * 1e4

    def _tell(self, venue: int, outflow: Array, unfilled_bps: float, markout_bps: float) -> None:
        """As events: integers."""
        for side in (m.Side.BUY, m.Side.SELL):
            head = struct.pack("<IHBBIIq", 0, venue, 1, side, 0, m.OUTFLOWS, round(unfilled_bps * BPS))
            self.planner.feed(int(m.Kind.FACTS), head + outflow.astype("<i8").tobytes())
        values = np.zeros(m.FACTS, "<i8")
        values[m.Fact.MARKOUT] = round(markout_bps * BPS)
        head = struct.pack("<IHBBIIq", 0, venue, 0, 0, 1 << m.Fact.MARKOUT, 0, 0)
        self.planner.feed(int(m.Kind.FACTS), head + values.tobytes())


def interval(differences: Array, stretches: Array) -> dict[str, float]:
    """Mean and its 95 % interval; the orders of a stretch count as one, since they meet the same market."""
    mean = float(differences.mean())
    sums = np.bincount(stretches - stretches.min(), weights=differences - mean)
    half = Z * float(np.sqrt(np.square(sums).sum())) / len(differences)
    return {"mean_bps": round(mean, 4), "low_bps": round(mean - half, 4), "high_bps": round(mean + half, 4)}


def compare(
    orders: list[Order], costs: dict[str, Array], horizon_ns: int, ours: str, others: list[str]
) -> list[dict[str, Any]]:
    """A cell for each side and size and each other policy: ours less theirs; below 0 ours costs less."""
    cells = []
    stretches = np.array([order.ts_ns // (STRETCH * horizon_ns) for order in orders])
    for side in (True, False):
        for size in SIZES:
            here = np.array([order.buys == side and order.size == size for order in orders])
            for other in others:
                found = interval(costs[ours][here] - costs[other][here], stretches[here])
                loses = found["low_bps"] > 0
                wins = found["high_bps"] < 0
                verdict = "loses" if loses else "wins" if wins else "even"
                cells.append(
                    {"side": "buy" if side else "sell", "size": size, "ours": ours, "against": other}
                    | {"orders": int(here.sum()), **found, "verdict": verdict}
                )
    return cells


def measure(recording: Recording, orders: int, seed: int) -> dict[str, Any]:
    """One recording's figures."""
    run = Run(recording, orders, seed)
    asked, costs, fitted = run.costs()
    singles = [f"only {venue}" for venue in recording.venues]
    cells = compare(asked, costs, recording.horizon_ns, "net", [*singles, "sweep", "home"])
    cells += compare(
        asked, costs, recording.horizon_ns, "optimal", [*singles, "sweep", "net", "home", "post"]
    )
    return {
        "name": recording.name,
        "rows": len(recording.rows),
        "crossed_rows": recording.crossed,
        "horizon_s": recording.horizon_ns / 1e9,
        "fees_bps": {
            v: [f / BPS for f in fee] for v, fee in zip(recording.venues, recording.fees, strict=True)
        },
        "orders": len(asked),
        "mean_cost_bps": {name: round(float(cost.mean()), 4) for name, cost in costs.items()},
        "fitted": fitted,
        "cells": cells,
        "losing": [cell for cell in cells if cell["verdict"] == "loses"],
    }


def run(data: Path, orders: int = 12_000, seed: int = 1, report_to: Path | None = None) -> dict[str, Any]:
    """ok: each recording had its orders, and every cell its interval."""
    recordings = [eurusd(data, drop_crossed=False), eurusd(data, drop_crossed=True)]
    recordings += [binance(data, name) for name in BINANCE]
    found = [measure(recording, orders, seed) for recording in recordings]
    ok = all(
        one["orders"] >= orders * 0.95 and np.isfinite(list(one["mean_cost_bps"].values())).all()
        for one in found
    )
    result = {"ok": bool(ok), "seed": seed, "recordings": found, "machine": machine()}
    if report_to is not None:
        report_to.parent.mkdir(parents=True, exist_ok=True)
        report_to.write_text(report(result))
    return result
