"""Files that the pages start and play: strategies, and a recording whose mid goes up and down."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tests.integration.live_core import ROOT

HEARS = '''"""A strategy that trades nothing, and logs what it is told."""

from typing import Any

from periphery.strategy import Parameters, Strategy


class Hears(Strategy):
    class Params(Parameters, frozen=True):
        qty: int = 1

    def on_start(self) -> None:
        self.log("begins", qty=self.params.qty)

    def on_params(self, before: Any) -> None:
        self.log("hears", qty=self.params.qty)
'''
SAMPLE = ROOT / "periphery" / "strategy" / "samples" / "ema_cross.py"
ROWS, PERIOD = 400, 40


def prepare(folder: Path) -> dict[str, Any]:
    """Settings of a backend that has them."""
    strategies, data = folder / "strategies", folder / "data"
    strategies.mkdir()
    data.mkdir()
    (strategies / "hears.py").write_text(HEARS)
    shutil.copy(SAMPLE, strategies)
    (data / "waves.csv").write_text(_waves())
    return {"strategies": str(strategies), "data": str(data)}


def _waves() -> str:
    rows = ["ts,symbol,bid_px,bid_qty,ask_px,ask_qty"]
    for n in range(ROWS):
        px = 1.1 + abs(n % PERIOD - PERIOD // 2) / 1e4
        at = 1_700_000_000_000_000_000 + n * 10**9
        rows.append(f"{at},EURUSD,{px:.5f},1000000,{px + 0.0001:.5f},1000000")
    return "\n".join(rows) + "\n"
