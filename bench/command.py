"""How long does a desk command take, from the shell's start to its end, against a Python that does nothing?

Each command is run as the desk runs it, against a core that idles, in turn with `python -c pass`: a ratio in
one run says what the command itself costs on this machine, whatever else the machine does.
"""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.desk_core import ROOT, DeskCore, desk_core
from bench.machine import machine
from core.live.sample import EURUSD
from periphery.client import connect

GOAL_MS = 300
"""Of every command, on a machine that does nothing else."""

ORDERS = 20
NOTHING = (sys.executable, "-c", "pass")
COMMANDS = {
    "--help": (),
    "order list": ("-o", "table"),
    "order list -o json": (),
    "order buy -o json": ("EURUSD", "1", "--limit", "1.0", "--account", "A"),
    "position list": ("-o", "table"),
    "position list -o json": (),
    "risk limits -o json": (),
    "core status": ("-o", "table"),
    "core status -o json": (),
    "core top --once": ("-o", "table"),
}
"""What is run, and what follows it on the command line."""

DECLARED: list[dict[str, Any]] = [
    EURUSD,
    {"type": "venue", "venue": "V", "mode": "match", "symbols": ["EURUSD"]},
    {"type": "account", "account": "A", "currency": "USD", "cash": "1000000"},
    {"type": "limit", "check": "max_order_qty", "value": "1000", "account": "A"},
]  # fmt: skip
_IMPORT = re.compile(r"import time:\s*(\d+) \|\s*\d+ \| *(\S+)")


def run(rounds: int = 10) -> dict[str, Any]:
    """Each command `rounds` times, in turn with a Python that does nothing."""
    sizes = {"orders": 1024, "ids": 4096, "fills": 1024}
    with desk_core(None, DECLARED, sizes, "sleep") as core:
        with connect(core.socket, name="bench", cancel_on_disconnect=False) as client:
            for _ in range(ORDERS):
                client.submit("EURUSD", "buy", 1, "limit", "1.0", "A")
        commands = {name: _words(name, core) for name in COMMANDS}
        failed = {name: said for name, words in commands.items() if (said := _fails(words))}
        found = _measure(commands, rounds)
        imports = {name: _imports(words) for name, words in commands.items()}
        core.stop()
    return {
        "ok": not failed,
        "failed": failed,
        "goal_ms": GOAL_MS,
        "reached": all(row["p50_ms"] < GOAL_MS for row in found),
        "commands": found,
        "imports": [{"command": name, **told} for name, told in imports.items()],
        "rounds": rounds,
        "machine": machine(),
        "placement": {"core": "anywhere", "command": "anywhere"},
        "wait": "sleep",
    }


def _words(name: str, core: DeskCore) -> list[str]:
    """The whole command line of a command, by its name in COMMANDS."""
    nacre = [sys.executable, str(Path(sys.executable).with_name("nacre"))]
    if name == "--help":
        return [*nacre, name]
    verb, _, form = name.partition(" -o ")
    words = [*nacre, *verb.split(), *COMMANDS[name], "--socket", str(core.socket)]
    return [*words, "-o", form] if form else words


def _fails(words: Sequence[str]) -> str:
    """What is wrong with a command's end or output; "" where nothing is. It warms the file cache as well."""
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        return f"exit {done.returncode}: {done.stderr.strip()}"
    if "json" not in words:
        return "" if done.stdout else "it printed nothing"
    try:
        json.loads(done.stdout)
    except ValueError as error:
        return f"no JSON: {error}"
    return ""


def _measure(commands: dict[str, list[str]], rounds: int) -> list[dict[str, Any]]:
    times: dict[str, list[float]] = {name: [] for name in ("python -c pass", *commands)}
    ratios: dict[str, list[float]] = {name: [] for name in times}
    for _ in range(rounds):
        for name, words in commands.items():
            nothing = _wall_ms(NOTHING)
            times["python -c pass"].append(nothing)
            times[name].append(_wall_ms(words))
            ratios[name].append(times[name][-1] / nothing)
    return [
        {
            "command": name,
            "p50_ms": round(statistics.median(found), 1),
            "min_ms": round(min(found), 1),
            "max_ms": round(max(found), 1),
            "ratio_p50": round(statistics.median(ratios[name] or [1]), 2),
            "count": len(found),
        }
        for name, found in times.items()
    ]


def _wall_ms(words: Sequence[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return (time.perf_counter() - begin) * 1e3


def _imports(words: Sequence[str]) -> dict[str, Any]:
    """By python -X importtime: how many modules, how long they took, which took longest of themselves."""
    timed = [words[0], "-X", "importtime", *words[1:]]
    said = subprocess.run(timed, cwd=ROOT, capture_output=True, text=True, check=False).stderr
    found = sorted(((int(us), name) for us, name in _IMPORT.findall(said)), reverse=True)
    return {
        "modules": len(found),
        "import_ms": round(sum(us for us, _ in found) / 1e3, 1),
        "longest": " ".join(f"{name}:{us / 1e3:.1f}" for us, name in found[:6]),
    }
