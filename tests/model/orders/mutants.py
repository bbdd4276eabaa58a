"""Mutations of the engines, each compiled in a copy of the tree and given to the model: all must be caught.

`python -m tests.model.orders.mutants` (`make mutants`, some minutes) prints a line for each; exit 1 where one
survives.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.model.planting import Mutation, compiled, report, run

LIFE, HELD, ROUTER = "core/orders/life", "core/router/held", "core/router/engine"
LISTS, ORDER = "core/orders/lists", "core/orders/order.pxd"
TWAP, VWAP, POV, ICEBERG, SNIPER, PEG, CLOSE, ALGOS = (
    f"core/execution/algos/{name}"
    for name in ("twap", "vwap", "pov", "iceberg", "sniper", "peg", "close", "engine")
)
HOLDINGS, FLATTEN, SWEEP = (
    "core/risk/holdings",
    "core/risk/flatten",
    "core/router/sweep",
)
SEEDS = 1500

MUTATIONS = (
    Mutation(
        "suspended stands before stopped",
        LIFE,
        "S_STOPPED if bits & B_STOPPED else S_SUSPENDED",
        "S_SUSPENDED",
        source=ORDER,
    ),
    Mutation(
        "expired stands before canceled",
        LIFE,
        "        if bits & B_CANCELED:\n            return S_CANCELED\n        return",
        "        return",
        source=ORDER,
    ),
    Mutation(
        "done for the day leaves something",
        LIFE,
        "    if bits & B_DONE_FOR_DAY and not bits & (B_PENDING_CANCEL | "
        "B_PENDING_REPLACE):\n        return 0",
        "    if 0:\n        return 0",
        source=ORDER,
    ),
    Mutation(
        "a replace below cum_qty is taken as asked",
        LIFE,
        "order.pend_qty if order.pend_qty > order.cum_qty else order.cum_qty",
        "order.pend_qty",
    ),
    Mutation(
        "a stale id may replace",
        LIFE,
        "named != order.id_current:",
        "0:",
    ),
    Mutation(
        "a fill needs a new before it",
        LIFE,
        "child.bits = (child.bits | B_ACKED) & ~B_DONE_FOR_DAY  #",
        "child.bits = child.bits & ~B_DONE_FOR_DAY  #",
    ),
    Mutation(
        "the younger request is answered first",
        LIFE,
        "            if child.bits & B_PENDING_REPLACE:\n                if child.bits & B_OWN:\n"
        "                    out.flags |= OF_REFUSED",
        "            if child.bits & B_PENDING_REPLACE and not child.bits & B_PENDING_CANCEL:\n"
        "                if child.bits & B_OWN:\n                    out.flags |= OF_REFUSED",
    ),
    Mutation(
        "what fills while a replace asks for more has ended",
        LIFE,
        "    return not (order.bits & B_PENDING_REPLACE and order.pend_qty > order.cum_qty)\n",
        "    return 1\n",
        5065,
        source=ORDER,
    ),
    Mutation(
        "two legs of an oco trigger together",
        LISTS,
        "beside.contingency != CG_OTO and self.lists[beside.list].firing > 0",
        "0",
        6139,
    ),
    Mutation(
        "what a leg owes is taken off once it is routed",
        LIFE,
        "ended or self.lists.owes(order)) and",
        "ended) and",
        7076,
    ),
    Mutation(
        "two kills flatten together",
        "core/risk/flatten",
        "if other.state == FS_CLOSES or (",
        "if 0 and (",
        5954,
    ),
    Mutation(
        "an older child of a peg stays where it is",
        ROUTER,
        "        return self.routed[order].live > 1 or self.held.orders[order].newest_over\n",
        "        return 0\n",
        9659,
    ),
    Mutation(
        "less is taken from the oldest child",
        LIFE,
        "        cdef uint32_t i = order.last_child\n",
        "        cdef uint32_t i = order.first_child\n",
    ),
    Mutation(
        "what a venue restates isn't taken",
        LIFE,
        "        if report.flags & P_HAS_QTY:\n            child.order_qty = report.order_qty\n",
        "",
    ),
    Mutation(
        "what was cancelled is routed again",
        LIFE,
        "            order.bits |= B_NO_ROUTE\n            out.exec_type = X_CANCEL_REJECTED",
        "            out.exec_type = X_CANCEL_REJECTED",
    ),
    Mutation(
        "a leg is live with its own quantity",
        LIFE,
        "        if order.order_qty != qty:\n            order.order_qty = qty\n",
        "        if order.order_qty != qty:\n",
    ),
    Mutation(
        "an oco leg that triggers cancels nothing",
        LISTS,
        "(trade or out.exec_type == X_TRIGGERED)",
        "trade",
    ),
    Mutation(
        "an ouo leg takes nothing off",
        LISTS,
        "out.order, -change, 0, 0)",
        "out.order, 0, 0, 0)",
    ),
    Mutation(
        "an entry that ends unfilled leaves its legs",
        LISTS,
        "order.bits & B_ENDED and order.cum_qty == 0 and",
        "0 and",
    ),
    Mutation(
        "a sold stop triggers above",
        HELD,
        "    return held.side_buy\n",
        "    return 1\n",
    ),
    Mutation(
        "a trailing stop doesn't follow",
        HELD,
        "if not held.has_best or (px2 < held.best2 if held.side_buy else px2 > held.best2):",
        "if not held.has_best:",
    ),
    Mutation(
        "a sold peg is rounded down",
        PEG,
        "floor_div(px2, tick2) if buys else -floor_div(-px2, tick2)",
        "floor_div(px2, tick2)",
    ),
    Mutation(
        "a slice too much is due",
        TWAP,
        "portion(order.order_qty, order.slices_due, order.slices)",
        "portion(order.order_qty, order.slices_due + 1, order.slices)",
    ),
    Mutation(
        "a curve forgets its last slice",
        VWAP,
        "    for i in range(order.slices_due):\n",
        "    for i in range(order.slices_due - 1):\n",
    ),
    Mutation(
        "participation counts what traded before",
        ALGOS,
        "return self.traded[algo.symbol] - algo.traded_before",
        "return self.traded[algo.symbol]",
    ),
    Mutation(
        "pov sends the smallest pieces",
        POV,
        "if qty - done < order.min_qty and qty < order.order_qty:",
        "if 0:",
    ),
    Mutation(
        "a sniper takes less than it wants to see",
        SNIPER,
        "return ask.qty - missing if ask.qty - missing >= least else 0",
        "return ask.qty - missing",
    ),
    Mutation(
        "the close keeps nothing for the auction",
        CLOSE,
        "order.order_qty - to_lot(order, portion(order.order_qty, order.auction_bps, BPS))",
        "order.order_qty",
    ),
    Mutation(
        "icebergs all look alike",
        ICEBERG,
        "    if order.variance_bps == 0:\n",
        "    if 1:\n",
    ),
    Mutation(
        "an iceberg shows all",
        ROUTER,
        "                       else held.max_floor)",
        "                       else rest)",
    ),
    Mutation(
        "a venue is left out for ever",
        ROUTER,
        "            if quoted_at[slot] > routed.left_at:",
        "            if 0:",
    ),
    Mutation(
        "all legs rejected is canceled",
        ROUTER,
        "routed.cum == 0 and routed.rejected > 0",
        "0",
    ),
    Mutation(
        "the higher taker fee goes first",
        SWEEP,
        "heads[i].fee < heads[found].fee)",
        "heads[i].fee > heads[found].fee)",
    ),
    Mutation(
        "reduce-only orders don't count each other",
        HOLDINGS,
        "open_against(position, buys) - (holding.reduce_buys if buys else holding.reduce_sells)",
        "open_against(position, buys)",
    ),
    Mutation(
        "a flatten rounds towards the touch",
        FLATTEN,
        "(beyond + scale - <i128>1) / scale",
        "beyond / scale",
    ),
)


def caught(copy: Path, mutation: Mutation, seeds: int) -> str:
    """What the model says against the core with that error; "" if it says nothing."""
    days = (f"--first={mutation.first}", f"--count={seeds}", "--least=0")
    with compiled(copy, mutation):
        done = run(copy, "-m", "tests.model.orders.sequences", *days)
    if done.returncode == 0:
        return ""
    lines = (done.stdout + done.stderr).splitlines()
    said = [line for line in lines if line.startswith(("AssertionError", "core.errors."))]
    if not said:
        raise RuntimeError(f"{mutation.what}: neither caught nor survived: {lines[-1]}")
    return said[0]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="random days that each may survive")
    asked = parser.parse_args()
    report(MUTATIONS, lambda copy, mutation: caught(copy, mutation, asked.seeds))


if __name__ == "__main__":
    main()
