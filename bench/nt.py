"""NautilusTrader alone, and its strategies on this core; its backtest and ours, with one answer.

Each is in an environment of its own, and they are asked in turn. *alone* is a live node with
NautilusTrader's own sandbox, which fills in the node's process; *core* is the same node with nacre's
clients, so an order goes through a core's risk, router and simulated venue in another process, and its
fill comes back. Both do the same orders and must end flat.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from statistics import median
from typing import Any

from bench.desk_core import desk_core
from bench.machine import NoData, NoEngine, machine
from core.live.sample import EURUSD
from periphery.client import connect
from periphery.nautilus_trader import compare
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
PATIENCE_S = 300.0


def run(
    rounds: int = 3, orders: int = 500, data: Path = Path("../shared/data"), python: str | None = None
) -> dict[str, Any]:
    """python: of an environment that has NautilusTrader 1.231; it is made where none is named."""
    file = data / "fx" / "oanda_eurusd_tick_20140502.zip"
    if not file.exists():
        raise NoData(f"{file}: no recording of EURUSD: --data FOLDER")
    python = python or _environment()
    live, flat = _live(python, rounds, orders)
    tested, equal = _backtests(python, file, rounds)
    return {"ok": flat and equal, "live": live, "backtest": tested,
            "reference_equal": {"flat": flat, "fills": equal}, "peers": _peers(python),
            "machine": machine(), "load": os.getloadavg()[0]}  # fmt: skip


def _peers(python: str) -> list[dict[str, str]]:
    why = "not timed: this bench drives a node of 1.x; 2.x is held to the same cases by `make test-nautilus`"
    return [
        {"peer": "NautilusTrader 1", "version": compare.version_at(python)},
        {"peer": "NautilusTrader 2", "version": "", "why_not": why},
    ]


def _environment() -> str:
    from periphery.nautilus_trader import env

    version = env.version_of("1")
    folder = env.default_folder(version)
    try:
        env.make(version, folder)
    except env.NoEnvironment as wrong:
        raise NoEngine(str(wrong)) from None
    return str(env.python_of(folder))


def _live(python: str, rounds: int, orders: int) -> tuple[dict[str, Any], bool]:
    """{alone, core: {submit_us, filled_us: {p50, p99}}}, and whether all ended flat."""
    times: dict[str, dict[str, list[int]]] = {
        mode: {"submit_ns": [], "filled_ns": []} for mode in ("alone", "core")
    }
    flat = True
    with desk_core(None, DECLARED, {}, "sleep") as core:
        with connect(core.socket) as client:
            client.market(QUOTE)
        for _ in range(rounds):
            for mode, found in times.items():
                told = _child(python, mode, str(core.socket), orders)
                flat &= told["net"] == 0 and len(told["filled_ns"]) == orders
                for key, so_far in found.items():
                    so_far += told[key]
    return {mode: _figures(found) for mode, found in times.items()}, flat


def _child(python: str, mode: str, address: str, orders: int) -> dict[str, Any]:
    command = [python, "-m", "bench.nt_v1", mode, address, str(orders)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    if done.returncode or not done.stdout.strip():
        raise NoEngine(f"{mode}: the node failed:\n{done.stderr[-1500:]}{done.stdout[-500:]}")
    told: dict[str, Any] = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))
    return told


def _figures(found: dict[str, list[int]]) -> dict[str, Any]:
    out: dict[str, Any] = {"orders": len(found["filled_ns"])}
    for key, values in found.items():
        ranked = sorted(values)
        name = key.replace("_ns", "_us")
        out[name] = {f"p{p}": ranked[min(len(ranked) * p // 100, len(ranked) - 1)] / 1000 for p in (50, 99)}
    return out


def _backtests(python: str, file: Path, rounds: int) -> tuple[dict[str, Any], bool]:
    """Quotes and orders a second of each, the median of the rounds, and whether the fills are the same."""
    quotes = compare.quotes_of(file)
    seconds: dict[str, list[float]] = {"theirs": [], "ours": []}
    equal = True
    for _ in range(rounds):
        try:
            other = compare.theirs(python, quotes, {"ema": EMA})
        except NoPeer as wrong:
            raise NoEngine(str(wrong)) from None
        seconds["theirs"].append(other["seconds"])
        began = time.perf_counter()
        test = Backtest(load_strategy(EMA_FILE)(), [file], None, TERMS)
        test.run()
        seconds["ours"].append(time.perf_counter() - began)
        fills = [{key: f[key] for key in ("time_ns", "side", "qty", "px", "fee")} for f in test.fills]
        equal &= not list(compare.differences({"fills": fills, "balance": other["balance"]}, other, {}))
    count = len(test.fills)
    rates = {
        who: {"quotes_per_s": round(len(quotes) / median(each)), "orders_per_s": round(count / median(each))}
        for who, each in seconds.items()
    }
    return rates | {"quotes": len(quotes), "orders": count, "ours_includes_reading": True}, equal
