"""The same recorded day and the same orders here and in hftbacktest: the fills, and quotes a second of each.

hftbacktest is in an environment of its own: its pin of numpy is not ours. A strategy of both reads bid and
ask of each quote and sends the market order that a plan has after it; there it is compiled by numba, here it
is Python. Quotes lie in memory for both, orders arrive at once, and what is shown is more than is ordered,
so that the models agree: each fill must be the same. Passes take turns.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from bench.backtest import Fed
from bench.machine import NoData, NoEngine, machine
from bench.orders import Array
from core.data.reader import EVENT
from core.session.market import Quote
from periphery.nautilus_trader import env
from periphery.nautilus_trader.compare import Plan, Planned, plan_of, quotes_of

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "deploy" / "setup" / "hftbacktest.lock"
DIGITS = 5
KIND_QUOTE = 9
REMEDY = "`python -m bench.hft` makes an environment that has it, and prints its interpreter"
SHOWN = 1_000_000_000  # at each price: more than is ordered


class Reads(Planned):
    """What the plan says; and it reads each quote."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.total = 0.0

    def on_quote(self, quote: Quote) -> None:
        self.total += quote.bid + quote.ask
        super().on_quote(quote)


def run(
    rounds: int = 5, seed: int = 1, data: Path = Path("../shared/data"), python: str | None = None
) -> dict[str, Any]:
    """python: of an environment that has hftbacktest; it is made where none is named. ok: every pass of both
    filled each order at the same price."""
    file = data / "fx" / "oanda_eurusd_tick_20140502.zip"
    if not file.exists():
        raise NoData(f"{file}: no recording of EURUSD: --data FOLDER")
    python = python or environment()
    quotes = ticks_of(quotes_of(file))
    plan = plan_of(seed, len(quotes))
    expected = prices_of(quotes, plan)
    took: dict[str, list[int]] = {"ours": [], "theirs": []}
    equal = True
    with (
        tempfile.TemporaryDirectory(prefix="nacre-bench-") as folder,
        _peer(python, given(Path(folder), quotes, plan)) as (peer, told),
    ):
        passes = {
            "ours": lambda: ours(quotes, plan, expected),
            "theirs": lambda: theirs(peer, quotes, expected),
        }
        for turn in range(rounds):
            for who in ("ours", "theirs") if turn % 2 == 0 else ("theirs", "ours"):
                ns, right = passes[who]()
                took[who].append(ns)
                equal &= right
    rates = {f"{who}_quotes_per_s": round(len(quotes) * 1e9 / median(each)) for who, each in took.items()}
    return {
        "ok": equal,
        **rates,
        "ratio": round(median(took["theirs"]) / median(took["ours"]), 3),
        "quotes": len(quotes),
        "orders": len(plan),
        "reference_equal": {"fills": equal},
        "peers": [{"peer": "hftbacktest", "version": f"{told['version']}, numba {told['numba']}"}],
        "does": "ours: the core's risk, orders, positions and a venue, its strategy in Python; theirs: a "
        "book and an exchange model, its strategy compiled",
        "machine": machine(),
        "placement": {"both": "anywhere", "processes": 2},
        "wait": "none: quotes lie ready",
        "load": round(os.getloadavg()[0], 2),
    }


def environment() -> str:
    """The interpreter of an environment that has it, made where there is none. NoEngine."""
    folder = env.default_folder("hftbacktest")
    try:
        env.install(LOCK, folder, "hftbacktest (its wheels are for x86_64 and Python 3.13)")
    except env.NoEnvironment as wrong:
        raise NoEngine(str(wrong)) from None
    return str(env.python_of(folder))


def ticks_of(quotes: list[tuple[int, float, float]]) -> Array:
    """int64 (quotes, 3): time_ns, each later than the one before, bid and ask in ticks."""
    table = np.array(
        [(ns, round(bid * 10**DIGITS), round(ask * 10**DIGITS)) for ns, bid, ask in quotes], np.int64
    )
    for row in range(1, len(table)):  # several of one millisecond: a nanosecond apart
        table[row, 0] = max(table[row, 0], table[row - 1, 0] + 1)
    return table


def prices_of(quotes: Array, plan: Plan) -> list[int]:
    """What each planned order must be filled at, in ticks: what the other side shows then."""
    return [int(quotes[row, 2 if side == "buy" else 1]) for row, (side, _) in sorted(plan.items())]


def given(folder: Path, quotes: Array, plan: Plan) -> Path:
    """What the peer is given, as a file."""
    signed = [qty if side == "buy" else -qty for _, (side, qty) in sorted(plan.items())]
    path = folder / "given.npz"
    np.savez(path, quotes=quotes, rows=np.array(sorted(plan), np.int64), signed=np.array(signed, np.int64))
    return path


def ours(quotes: Array, plan: Plan, expected: list[int]) -> tuple[int, bool]:
    """(processor ns of a pass, whether its fills are right)."""
    rows = np.zeros(len(quotes), EVENT)
    rows["kind"], rows["px_digits"] = KIND_QUOTE, DIGITS
    rows["recv_ts_ns"], rows["px"], rows["ask_px"] = quotes.T
    rows["qty"] = rows["ask_qty"] = SHOWN
    strategy = Reads(plan)
    fed = Fed(strategy)
    _, ns = fed.play(rows)
    fills = fed.core.fill_rows()
    signed = [qty if side == "buy" else -qty for _, (side, qty) in sorted(plan.items())]
    right = [int(px) for px in fills["px"]] == expected and [int(qty) for qty in fills["qty"]] == signed
    seen = round(strategy.total * 10**DIGITS) == int(quotes[:, 1:].sum())
    return ns, right and seen


@contextmanager
def _peer(python: str, path: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """The peer's process, which has compiled, and its versions."""
    words = [python, str(Path(__file__).with_name("hft_peer.py")), str(path)]
    try:
        begun = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    except OSError as wrong:
        raise NoEngine(f"{python}: {wrong.strerror}: {REMEDY}") from None
    with begun as process:
        try:
            yield process, _line(process)
        finally:
            process.kill()


def _line(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise NoEngine(f"hftbacktest: its process ended with {process.wait()}, as said above: {REMEDY}")
    told: dict[str, Any] = json.loads(line)
    return told


def theirs(process: subprocess.Popen[str], quotes: Array, expected: list[int]) -> tuple[int, bool]:
    """The same of the peer."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    found = _line(process)
    right = found["prices"] == expected and found["seen"] == len(quotes)
    return found["processor_ns"], right and found["total"] == int(quotes[:, 1:].sum())


if __name__ == "__main__":
    print(environment())
