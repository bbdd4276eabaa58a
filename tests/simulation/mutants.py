"""Mutations of the engines, each compiled in a copy of the tree and given to the simulation of a live core:
all must be seen.

`python -m tests.simulation.mutants` (`make mutants`) prints a line for each; exit 1 where one survives.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.model.planting import Mutation, compiled, report, run

LIFE, POSITIONS, RISK = "core/orders/life", "core/positions/engine", "core/risk/engine"
SEEDS, STEPS = 600, 3000
BOOKS = "            self._fill(child, order, report.last_qty, report.last_px)\n"
APPLIED = "            out.flags |= OF_FILL_APPLIED\n        elif exec_type == X_TRADE_CANCEL"
POSITION = "page.outcome.flags & OF_FILL_APPLIED:\n                self._fill(page)"
RISKS = "if page.request.report.exec_type == X_TRADE:\n            self.holdings.book("
REPLACED = (
    "        elif exec_type == X_REPLACED or exec_type == X_RESTATED:\n            self._child_replaced"
)
ASKED_QTY = "            if child.bits & B_OURS:\n                child.order_qty = child.pend_qty\n"
ASKED = (
    "            if child.bits & (B_OURS | B_OWN):\n                child.price = child.pend_price\n"
    "            child.bits &= ~(B_PENDING_REPLACE | B_OURS | B_OWN)\n"
)
TOLD_QTY = "        if report.flags & P_HAS_QTY:\n            child.order_qty = report.order_qty\n"
TOLD_PRICE = "        if report.flags & P_HAS_PRICE and child.ord_type"

MUTATIONS = (
    Mutation(
        "a late fill isn't counted in its order",
        LIFE,
        "        order.cum_qty += qty\n        order.notional",
        "        order.cum_qty += 0 if child.bits & B_ENDED else qty\n        order.notional",
    ),
    Mutation(
        "a late fill isn't counted in its child",
        LIFE,
        "        child.cum_qty += qty\n        order.cum_qty",
        "        child.cum_qty += 0 if child.bits & B_ENDED else qty\n        order.cum_qty",
    ),
    Mutation(
        "a late fill isn't counted at all",
        LIFE,
        BOOKS + APPLIED,
        "            if child.bits & B_ENDED:\n                return\n" + BOOKS + APPLIED,
    ),
    Mutation(
        "a late fill counts twice",
        LIFE,
        BOOKS + APPLIED,
        BOOKS.replace("last_qty", "last_qty << (child.bits & B_ENDED != 0)") + APPLIED,
    ),
    Mutation(
        "a late fill wakes its child",
        LIFE,
        "(child.bits | B_ACKED) & ~B_DONE_FOR_DAY  # who fills it has it",
        "(child.bits | B_ACKED) & ~(B_DONE_FOR_DAY | B_CANCELED)",
    ),
    Mutation(
        "a late fill isn't in the position",
        POSITIONS,
        POSITION,
        POSITION.replace("APPLIED:", "APPLIED and not page.outcome.flags & 8192:"),
    ),
    Mutation(
        "risk books no late fill",
        RISK,
        RISKS,
        RISKS.replace("X_TRADE:", "X_TRADE and not self.life.children[page.resolved.child].bits & 896:"),
    ),
    Mutation(
        "a REPLACED is dropped",
        LIFE,
        REPLACED,
        REPLACED.replace("exec_type == X_REPLACED or ", ""),
    ),
    Mutation(
        "a REPLACED keeps the price",
        LIFE,
        ASKED + TOLD_QTY + TOLD_PRICE,
        ASKED.replace("child.price = child.pend_price", "pass")
        + TOLD_QTY
        + TOLD_PRICE.replace("if", "if 0 and"),
    ),
    Mutation(
        "a REPLACED keeps the quantity",
        LIFE,
        ASKED_QTY + ASKED + TOLD_QTY,
        ASKED_QTY.replace("child.order_qty = child.pend_qty", "pass")
        + ASKED
        + TOLD_QTY.replace("if", "if 0 and"),
    ),
)
"""8192: OF_CHILD_OVER, 896: B_ENDED, in modules that import neither."""
SIMULATE = """
import sys
from core.simulation.runner import run_seeds
first, seeds, steps = map(int, sys.argv[1:])
for at in range(first, first + seeds, 20):
    for failure in run_seeds(at, 20, steps).failures:
        print(f"seen by seed {failure.seed}, step {failure.step}: {failure.what}")
        sys.exit(1)
"""


def seen(copy: Path, mutation: Mutation, seeds: int) -> str:
    """What the simulation says of the core with that error; "" if it says nothing."""
    with compiled(copy, mutation):
        done = run(copy, "-c", SIMULATE, str(mutation.first), str(seeds), str(STEPS))
    if done.returncode == 0:
        return ""
    said = [line for line in done.stdout.splitlines() if line.startswith("seen by")]
    if not said:
        raise RuntimeError(f"{mutation.what}: neither seen nor survived: {done.stderr[-500:]}")
    return said[0]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="seeds that each may survive")
    asked = parser.parse_args()
    report(MUTATIONS, lambda copy, mutation: seen(copy, mutation, asked.seeds))


if __name__ == "__main__":
    main()
