"""The same data and the same strategy here and in NautilusTrader's BacktestEngine: fill by fill, and the
balance.

Two engines agree where each fill has the same time, side, quantity, price and fee, and the balance is the
same. What differs and is known is listed, with the rule that accounts for it, in differences.json;
anything else is a difference.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from importlib import resources
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from periphery.strategy import Strategy
from periphery.strategy.backtest import Backtest, Terms
from periphery.strategy.loading import load_strategy

HERE = Path(__file__).parent
EMA_FILE = HERE.parent / "strategy" / "samples" / "ema_cross.py"
MONEY, FEE_BPS, FEE = "1000000", "0.2", "0.00002"
TERMS = Terms(taker_fee_bps=FEE_BPS, fee_precision=2, cash=MONEY)
EMA = {"fast": 50, "slow": 200, "qty": 100_000}
EXACT = Fraction(1, 10**8)  # a balance is shown at 8 digits
_NUMBERS = ("qty", "px", "fee")

type Plan = dict[int, tuple[str, int]]
type Side = dict[str, Any]
"""{fills: [{time_ns, side, qty, px, fee}], balance} of one engine."""


class NoPeer(RuntimeError):
    """That interpreter doesn't have it, or it failed; the message says which."""


class Difference(NamedTuple):
    """known: the rule of differences.json that accounts for it; empty: none does."""

    what: str
    known: str = ""


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


def quotes_of(file: Path) -> list[tuple[int, float, float]]:
    """(time_ns, bid, ask) of a recording of quotes."""
    recorder = Recorder()
    Backtest(recorder, [file], None, TERMS).run()
    return recorder.quotes


def ours(file: Path, strategy: Strategy) -> Side:
    """Fills, and the balance as the core has it. NoPeer: fills and balance contradict each other."""
    test = Backtest(strategy, [file], None, TERMS)
    report = test.run()
    fills = [{key: f[key] for key in ("time_ns", "side", *_NUMBERS)} for f in test.fills]
    exact = Fraction(MONEY) + sum(closes(fills)) - sum(Fraction(f["fee"]) for f in fills)
    if abs(exact - Fraction(report["balance"])) > EXACT:
        raise NoPeer(f"{file}: a balance of {report['balance']}, by its fills {float(exact)}")
    return {"fills": fills, "balance": report["balance"]}


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


def in_cents(fills: list[dict[str, Any]]) -> Decimal:
    """The balance where what each close realised is booked in cents."""
    booked = sum(round(Fraction(gain), 2) for gain in closes(fills))
    total = Fraction(MONEY) + booked - sum(Fraction(f["fee"]) for f in fills)
    return Decimal(total.numerator) / Decimal(total.denominator)


RULES: dict[str, Callable[[Side, Side], bool]] = {
    "realized_in_cents": lambda one, other: in_cents(one["fills"]) == Decimal(other["balance"]),
}
"""Whether a balance there follows from the fills here, by the name that differences.json gives the rule."""


def listed() -> dict[str, str]:
    """{rule: why} of what may differ."""
    text = resources.files(__package__).joinpath("differences.json").read_text()
    found: dict[str, str] = json.loads(text)
    return found


def differences(one: Side, other: Side, known: dict[str, str]) -> Iterator[Difference]:
    """What differs, the first fill first. one: here, other: there; known: rules that may account for it."""
    for i, (a, b) in enumerate(zip(one["fills"], other["fills"], strict=False)):
        if _exact(a) != _exact(b):
            yield Difference(f"fill {i + 1}: here {a}, there {b}")
            return
    if len(one["fills"]) != len(other["fills"]):
        yield Difference(f"{len(one['fills'])} fills here, {len(other['fills'])} there")
        return
    if Decimal(one["balance"]) != Decimal(other["balance"]):
        by = next((name for name in known if RULES[name](one, other)), "")
        yield Difference(f"a balance of {one['balance']} here, {other['balance']} there", by)


def _exact(fill: dict[str, Any]) -> dict[str, Any]:
    return {**fill, **{key: Decimal(fill[key]) for key in _NUMBERS}}


def version_at(python: str) -> str:
    """What that interpreter has. NoPeer: nothing."""
    code = "from importlib.metadata import version as v; print(v('nautilus_trader'))"
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    except OSError as wrong:
        raise NoPeer(f"{python}: {wrong}") from None
    if done.returncode:
        raise NoPeer(f"{python} has no nautilus_trader: `nacre nt env` makes an environment that has it")
    return done.stdout.strip()


def theirs(python: str, quotes: list[tuple[int, float, float]], what: dict[str, Any]) -> Side:
    """The same of the peer. what: {plan} or {ema}. NoPeer."""
    child = HERE / f"compare_v{version_at(python)[0]}.py"
    given = {"quotes": quotes, "fee": FEE, "money": MONEY, "digits": 5} | what
    done = subprocess.run(
        [python, str(child)], input=json.dumps(given), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise NoPeer(f"the peer failed:\n{done.stderr[-2000:]}")
    found: Side = json.loads(done.stdout.splitlines()[-1])
    return found


class Outcome(NamedTuple):
    """Of one run. differences: those that no rule accounts for come first."""

    file: str
    run: str
    fills: int
    differences: list[Difference]

    @property
    def is_equal(self) -> bool:
        """But for what is listed."""
        return all(each.known for each in self.differences)


def compare(python: str, files: list[Path], seeds: int) -> Iterator[Outcome]:
    """Each file with the EMA cross, then with random orders of each seed. NoPeer."""
    known = listed()
    version_at(python)
    for file in files:
        quotes = quotes_of(file)
        yield _one(file, "ema", python, quotes, load_strategy(EMA_FILE)(), {"ema": EMA}, known)
        for seed in range(seeds):
            plan = plan_of(seed, len(quotes))
            said = {"plan": [[row, *each] for row, each in plan.items()]}
            yield _one(file, f"seed {seed}", python, quotes, Planned(plan), said, known)


def _one(
    file: Path, run: str, python: str, quotes: list[tuple[int, float, float]], strategy: Strategy,
    said: dict[str, Any], known: dict[str, str],
) -> Outcome:  # fmt: skip
    one, other = ours(file, strategy), theirs(python, quotes, said)
    found = sorted(differences(one, other, known), key=lambda each: bool(each.known))
    return Outcome(file.name, run, len(one["fills"]), found)
