"""NautilusTrader alone, and its strategies on this core; its backtest and ours, with one answer. Both its
versions, each of them in an environment of its own, asked in turn.

*alone* is a live node with NautilusTrader's own sandbox, which fills in the node's process; *core* is the
same node with nacre's clients, so an order goes through a core's risk, router and simulated venue in another
process, and its fill comes back. All do the same orders and must end flat.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from bench.desk_core import desk_core
from bench.machine import NoData, NoEngine, machine
from core.live.sample import EURUSD
from periphery.client import connect
from periphery.nautilus_trader import compare, env
from periphery.nautilus_trader.compare import EMA, EMA_FILE, TERMS, NoPeer
from periphery.strategy.backtest import Backtest
from periphery.strategy.loading import load_strategy

ROOT = Path(__file__).parents[1]
DECLARED: list[dict[str, Any]] = [
    EURUSD,
    {"type": "venue", "venue": "V", "mode": "match", "symbols": ["EURUSD"]},
    {"type": "account", "account": "A", "currency": "USD", "cash": "100000000"},
]  # fmt: skip
QUOTE = {
    "type": "quote", "venue": "V", "symbol": "EURUSD", "bid_px": "1.10000", "bid_qty": "1000000000",
    "ask_px": "1.10002", "ask_qty": "1000000000",
}  # fmt: skip
FILLS = [["buy", "1000", QUOTE["ask_px"]], ["sell", "1000", QUOTE["bid_px"]]]
"""By turns: what every node must be told of its orders."""

PATIENCE_S = 300.0
MODES = ("alone", "core")
UNSEEN = {
    "2": "submit_us alone: what adapters.sandbox.SandboxExecutionClientFactory makes is no object of Python "
    "whose submit_order could be watched; all else is timed"
}
"""What of a version isn't timed, and why."""

type Pythons = Mapping[str, str]
"""The interpreter of each version, by its first digit."""


def run(
    rounds: int = 3, orders: int = 500, data: Path = Path("../shared/data"), python: Sequence[str] = ()
) -> dict[str, Any]:
    """orders: rounded up to an even number, which ends flat. python: of environments that have it, one a
    version; those of which none is named are made. A version that can't be had stands with its reason.
    NoEngine: neither can, or a node failed."""
    file = data / "fx" / "oanda_eurusd_tick_20140502.zip"
    if not file.exists():
        raise NoData(f"{file}: no recording of EURUSD: --data FOLDER")
    pythons, absent = _pythons(python)
    if not pythons:
        raise NoEngine("; ".join(absent.values()))
    live, flat = _live(pythons, rounds, orders + orders % 2)
    tested, equal = _backtests(pythons, file, rounds)
    return {"ok": flat and equal, "live": live, "backtest": tested,
            "reference_equal": {"flat": flat, "fills": equal}, "peers": _peers(pythons, absent),
            "machine": machine(), "load": os.getloadavg()[0]}  # fmt: skip


def shown(found: Mapping[str, Any]) -> dict[str, Any]:
    """The same for people: a row a node, a row a backtest."""
    live = [
        {"node": f"{version} {mode}", "orders": told["orders"]}
        | {
            f"{key}_{p}": value
            for key in ("submit_us", "filled_us")
            for p, value in told.get(key, {}).items()
        }
        for version, modes in found["live"].items()
        for mode, told in modes.items()
    ]
    tested = found["backtest"]
    rows = [{"backtest": who} | rates for who, rates in tested.items() if isinstance(rates, dict)]
    about = {key: value for key, value in tested.items() if not isinstance(value, dict)}
    return {**found, "live": live, "backtest": rows, "backtests": about}


def _pythons(named: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """(interpreters, why not), each by version."""
    found: dict[str, str] = {}
    absent: dict[str, str] = {}
    for python in named:
        try:
            found[compare.version_at(python)[0]] = python
        except NoPeer as wrong:
            raise NoEngine(str(wrong)) from None
    for version in env.VERSIONS:
        if version not in found:
            try:
                found[version] = _made(version)
            except env.NoEnvironment as wrong:
                absent[version] = str(wrong)
    return dict(sorted(found.items())), absent


def _made(version: str) -> str:
    """Of an environment of that version, which is made where there is none."""
    name = env.version_of(version)
    folder = env.default_folder(name)
    env.make(name, folder)
    return str(env.python_of(folder))


def _peers(pythons: Pythons, absent: Mapping[str, str]) -> list[dict[str, str]]:
    """Each version with what was asked, or why it wasn't."""
    rows = []
    for version in sorted({*pythons, *absent}):
        row = {"peer": f"NautilusTrader {version}", "version": ""}
        if version in pythons:
            row["version"] = compare.version_at(pythons[version])
        if why := absent.get(version, UNSEEN.get(version)):
            row["why_not"] = why
        rows.append(row)
    return rows


def _live(pythons: Pythons, rounds: int, orders: int) -> tuple[dict[str, Any], bool]:
    """{v1: {alone, core: {submit_us, filled_us: {p50, p99}}}, v2}, and whether all were filled at the touch
    and ended flat. orders: an even number."""
    asked = [(version, mode) for version in pythons for mode in MODES]
    times: dict[tuple[str, str], dict[str, list[int]]] = {each: {} for each in asked}
    flat = True
    traders = count(1)
    with desk_core(None, DECLARED, {}, "sleep") as core:
        with connect(core.socket) as client:
            client.market(QUOTE)
        for turn in range(rounds):
            for version, mode in asked if turn % 2 == 0 else asked[::-1]:
                words = (mode, str(core.socket), str(orders), f"BENCH-{next(traders):03}")
                told = _child(version, pythons[version], *words)
                net, fills = told.pop("net"), told.pop("fills")
                flat &= net == 0 and fills == FILLS * (orders // 2)
                for key, each in told.items():
                    times[version, mode].setdefault(key, []).extend(each)
    return {
        f"v{version}": {mode: _figures(times[version, mode]) for mode in MODES} for version in pythons
    }, flat


def _child(version: str, python: str, mode: str, address: str, orders: str, trader: str) -> dict[str, Any]:
    """trader: another for each node, as nodes that begin in the same second name their orders by it alone."""
    command = [python, "-m", f"bench.nt_v{version}", mode, address, orders, trader]
    who = f"NautilusTrader {version}, {mode}"
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise NoEngine(f"{who}: not done within {PATIENCE_S:.0f} s") from None
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        raise NoEngine(f"{who}: the node failed:\n{done.stderr[-1500:]}{done.stdout[-500:]}")
    told: dict[str, Any] = json.loads(lines[0])
    return told


def _figures(found: Mapping[str, list[int]]) -> dict[str, Any]:
    out: dict[str, Any] = {"orders": len(found["filled_ns"])}
    for key, values in sorted(found.items(), reverse=True):
        ranked = sorted(values)
        name = key.replace("_ns", "_us")
        out[name] = {f"p{p}": ranked[min(len(ranked) * p // 100, len(ranked) - 1)] / 1000 for p in (50, 99)}
    return out


def _backtests(pythons: Pythons, file: Path, rounds: int) -> tuple[dict[str, Any], bool]:
    """Quotes and orders a second of each, the median of the rounds, and whether the fills are the same."""
    quotes = compare.quotes_of(file)
    asked = ["ours", *pythons]
    seconds: dict[str, list[float]] = {who: [] for who in asked}
    expected: list[dict[str, Any]] = []
    equal = True
    for turn in range(rounds):
        for who in asked if turn % 2 == 0 else asked[::-1]:
            fills, took = _ours(file) if who == "ours" else _theirs(pythons[who], quotes)
            seconds[who].append(took)
            expected = expected or fills
            equal &= not list(compare.differences(_side(expected), _side(fills), {}))
    rates = {
        who if who == "ours" else f"v{who}": {
            "quotes_per_s": round(len(quotes) / median(each)),
            "orders_per_s": round(len(expected) / median(each)),
        }
        for who, each in seconds.items()
    }
    return rates | {"quotes": len(quotes), "orders": len(expected), "ours_includes_reading": True}, equal


def _side(fills: list[dict[str, Any]]) -> compare.Side:
    """For a comparison of fills alone: what may differ in balances is `nacre nt compare`'s."""
    return {"fills": fills, "balance": "0"}


def _theirs(python: str, quotes: list[tuple[int, float, float]]) -> tuple[list[dict[str, Any]], float]:
    try:
        told = compare.theirs(python, quotes, {"ema": EMA})
    except NoPeer as wrong:
        raise NoEngine(str(wrong)) from None
    return told["fills"], told["seconds"]


def _ours(file: Path) -> tuple[list[dict[str, Any]], float]:
    began = time.perf_counter()
    test = Backtest(load_strategy(EMA_FILE)(), [file], None, TERMS)
    test.run()
    took = time.perf_counter() - began
    return [{key: f[key] for key in ("time_ns", "side", "qty", "px", "fee")} for f in test.fills], took
