"""Random strategies here and in NautilusTrader's BacktestEngine: the same fills, fees, balance.

    python -m tests.reference.nautilus --python ENV/bin/python [--seeds 5] [--data FILE ...]

ENV is an environment of its own with `pip install nautilus_trader==1.231.0`; it is no dependency of this
project. Exit 0: all equal. 1: something differs, and where. 77: that interpreter or package isn't there.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

from periphery.strategy import Strategy
from periphery.strategy.backtest import Backtest, Terms

VERSION = "1.231.0"
NOT_THERE = 77
CHILD = Path(__file__).with_name("nautilus_child.py")
ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("NACRE_DATA", ROOT.parent / "shared" / "data"))
RECORDINGS = ("fx/oanda_eurusd_tick_20140502.zip", "fx/fxcm_eurusd_tick_20140502.zip")
MONEY, FEE_BPS, FEE = "1000000", "0.2", "0.00002"
EXACT = Fraction(1, 10**8)  # a balance is shown at 8 digits
TERMS = Terms(taker_fee_bps=FEE_BPS, fee_precision=2, cash=MONEY)

type Plan = dict[int, tuple[str, int]]


class Recorder(Strategy):
    """Keeps the quotes."""

    def on_start(self) -> None:
        self.quotes: list[tuple[int, float, float]] = []

    def on_quote(self, quote: Any) -> None:
        self.quotes.append((quote.time_ns, quote.bid, quote.ask))


class Planned(Strategy):
    """Sends what a plan says after each quote."""

    at_stop = "keep"

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan
        self.row = 0

    def on_quote(self, quote: Any) -> None:
        if self.row in self.plan:
            self.submit(quote.symbol, *self.plan[self.row], time_in_force="ioc")
        self.row += 1


def plan_of(seed: int, rows: int) -> Plan:
    """Market orders at random rows, of random sides and sizes; the last one closes."""
    random, plan, held = Random(seed), {}, 0
    for row in sorted(random.sample(range(rows - 1), min(400, rows // 4))):
        side = random.choice(("buy", "sell"))
        qty = random.randrange(1, 200) * 1000
        held += qty if side == "buy" else -qty
        plan[row] = (side, qty)
    if held:
        plan[rows - 1] = ("sell" if held > 0 else "buy", abs(held))
    return plan


def ours(file: Path, plan: Plan) -> dict[str, Any]:
    """Fills and balance."""
    test = Backtest(Planned(plan), [file], None, TERMS)
    report = test.run()
    keys = ("time_ns", "side", "qty", "px", "fee")
    fills = [{key: f[key] for key in keys} for f in test.fills]
    exact = Fraction(MONEY) + sum(closes(fills)) - sum(Fraction(f["fee"]) for f in fills)
    if abs(exact - Fraction(report["balance"])) > EXACT:
        raise SystemExit(f"{file}: a balance of {report['balance']}, by its fills {float(exact)}")
    return {"fills": fills, "balance": str(balance_in_cents(fills))}


def closes(fills: list[dict[str, Any]]) -> list[Fraction]:
    """What each fill realised, at the average cost before it."""
    held, cost, found = 0, Fraction(0), []
    for fill in fills:
        qty, px = int(fill["qty"]) * (1 if fill["side"] == "buy" else -1), Fraction(fill["px"])
        ends = min(abs(held), abs(qty)) if held * qty < 0 else 0
        if ends:
            found.append((1 if held > 0 else -1) * ends * (px - cost))
        if not ends:
            cost = (cost * abs(held) + px * abs(qty)) / (abs(held) + abs(qty))
        elif abs(qty) > abs(held):
            cost = px
        held += qty
    return found


def balance_in_cents(fills: list[dict[str, Any]]) -> Decimal:
    """The peer books what a close realised in cents; the core keeps it exact."""
    booked = sum(round(Fraction(gain), 2) for gain in closes(fills))
    total = Fraction(MONEY) + booked - sum(Fraction(f["fee"]) for f in fills)
    return Decimal(total.numerator) / Decimal(total.denominator)


def theirs(python: str, quotes: list[tuple[int, float, float]], plan: Plan) -> dict[str, Any]:
    """The same of the peer."""
    given = {"quotes": quotes, "plan": [[row, *each] for row, each in plan.items()]}
    given |= {"fee": FEE, "money": MONEY, "digits": 5}
    done = subprocess.run(
        [python, str(CHILD)], input=json.dumps(given), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"the peer failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def difference(one: dict[str, Any], other: dict[str, Any]) -> str | None:
    """What differs first, in words; None: nothing."""
    exact = ("qty", "px", "fee")
    for i, (a, b) in enumerate(zip(one["fills"], other["fills"], strict=False)):
        if {**a, **{k: Decimal(a[k]) for k in exact}} != {**b, **{k: Decimal(b[k]) for k in exact}}:
            return f"fill {i + 1}: here {a}, there {b}"
    if len(one["fills"]) != len(other["fills"]):
        return f"{len(one['fills'])} fills here, {len(other['fills'])} there"
    if Decimal(one["balance"]) != Decimal(other["balance"]):
        return f"a balance of {one['balance']} here, {other['balance']} there"
    return None


def is_there(python: str) -> bool:
    """Whether that interpreter has the package in the version that this is about."""
    code = f"from importlib.metadata import version as v; assert v('nautilus_trader') == '{VERSION}'"
    try:
        return subprocess.run([python, "-c", code], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def main() -> int:
    words = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    words.add_argument("--python", default=sys.executable, help="of the environment that has the package")
    words.add_argument("--seeds", type=int, default=5)
    words.add_argument("--data", type=Path, action="append", help="a recording of EURUSD quotes")
    given = words.parse_args()
    if not is_there(given.python):
        print(f"skipped: {given.python} has no nautilus_trader {VERSION}; --python names one")
        return NOT_THERE
    failed = 0
    for file in given.data or [SHARED / name for name in RECORDINGS]:
        recorder = Recorder()
        Backtest(recorder, [file], None, TERMS).run()
        for seed in range(given.seeds):
            plan = plan_of(seed, len(recorder.quotes))
            found = difference(ours(file, plan), theirs(given.python, recorder.quotes, plan))
            failed += found is not None
            print(f"{file.name}, seed {seed}: {len(plan)} orders: {found or 'equal'}")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
