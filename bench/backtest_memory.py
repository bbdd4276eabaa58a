"""Does a backtest's memory grow with the rows? Peak resident memory at one and at ten times the rows, in
fresh processes: decoding, engines, a handler on each quote, the equity curve; without orders, and with them.

Rows cost nothing, an order some hundred bytes of each table.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from bench.machine import machine

GOAL = 1.1
TIMES = 10
T0_NS = 1_700_000_000_000_000_000
TOGETHER = 50_000
SLOW = {"rows": 10**9, "orders": 1600}  # quotes until it begins to trade: never, soon

_CHILD = """
import json, sys
from pathlib import Path
from core.data.recording import Options
from periphery.strategy.backtest import Backtest, Terms
from periphery.strategy.loading import load_strategy
from periphery.strategy.results import results
file, recording = Path(sys.argv[1]), Path(sys.argv[2])
strategy = load_strategy(file)({"fast": 400, "slow": int(sys.argv[3]), "qty": 1000})
test = Backtest(strategy, [recording], Options(symbol="EURUSD", venue="V"), Terms(taker_fee_bps="0.2"))
report = test.run()
results(test, report)
status = Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]
print(json.dumps({"rows": report["rows"], "fills": report["fills"], "peak_kib": int(status)}))
"""


def run(rows: int, seed: int) -> dict[str, Any]:
    """ok: every row was played, and both ratios of the peaks are within the goal."""
    strategy = Path(__file__).parents[1] / "periphery" / "strategy" / "samples" / "ema_cross.py"
    with tempfile.TemporaryDirectory(prefix="nacre-bench-") as folder:
        recordings = [_recording(Path(folder), count, seed) for count in (rows, TIMES * rows)]
        found = {name: [_peak(strategy, each, slow) for each in recordings] for name, slow in SLOW.items()}
    ratios = {name: round(ten["peak_kib"] / one["peak_kib"], 4) for name, (one, ten) in found.items()}
    played = all([each["rows"] for each in both] == [rows, TIMES * rows] for both in found.values())
    return {
        "ok": played and max(ratios.values()) <= GOAL,
        "ratio": ratios["rows"],
        "goal": GOAL,
        "ratio_with_orders": ratios["orders"],
        "runs": found,
        "machine": machine(),
    }


def _recording(folder: Path, count: int, seed: int) -> Path:
    """Quotes of a random walk, 50 ms apart, a piece at a time."""
    random, path, level = np.random.default_rng(seed), folder / f"{count}.csv.gz", 110_000
    with gzip.open(path, "wt", compresslevel=1) as out:
        out.write("ts,bid_px,bid_qty,ask_px,ask_qty\n")
        for first in range(0, count, TOGETHER):
            steps = level + np.cumsum(random.integers(-2, 3, min(TOGETHER, count - first)))
            level = int(steps[-1])
            for i, bid in enumerate(steps.tolist(), first):
                at = T0_NS + i * 50_000_000
                out.write(f"{at},{bid / 1e5:.5f},1000000,{(bid + 3) / 1e5:.5f},1000000\n")
    return path


def _peak(strategy: Path, recording: Path, slow: int) -> dict[str, Any]:
    command = [sys.executable, "-c", _CHILD, str(strategy), str(recording), str(slow)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found
