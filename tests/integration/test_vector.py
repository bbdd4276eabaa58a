"""Strategies over arrays: the same fills as row by row, and one that looks ahead is found out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from core.cli import root
from core.data.recording import Options
from periphery.strategy import Strategy
from periphery.strategy.backtest import Backtest, Terms
from periphery.strategy.loading import load_strategy
from periphery.strategy.vector import Batch, VectorStrategy
from tests.integration.test_backtest_results import SAMPLES, recording

OPTIONS = Options(symbol="X", venue="V")
PARAMS = {"fast": 5, "slow": 20, "qty": 10}


class RowByRow(Strategy):
    """What VectorCross does, in plain Python."""

    def on_start(self) -> None:
        self.mids: list[float] = []
        self.target: int | None = None

    def on_quote(self, quote: Any) -> None:
        self.mids = [*self.mids, quote.mid][-20:]
        if len(self.mids) < 20:
            return
        units = [round(mid * 1e6) for mid in self.mids]
        target = 10 if sum(units[-5:]) / 5 >= sum(units) / 20 else -10
        if target != self.target:
            self.target = target
            change = target - int(self.position("X"))
            self.submit("X", "buy" if change > 0 else "sell", abs(change), time_in_force="ioc")


def run(strategy: Strategy, path: Path, **more: Any) -> Backtest:
    test = Backtest(strategy, [path], OPTIONS, Terms(), **more)
    assert test.run()["ok"]
    return test


def vector() -> Strategy:
    return load_strategy(SAMPLES / "vector_cross.py")(PARAMS)


def test_fills_are_those_of_plain_python_however_batches_are_cut(tmp_path: Path) -> None:
    path = recording(tmp_path / "q.csv", 1500)
    wanted = run(RowByRow(), path).fills
    assert len(wanted) > 40
    for rows in (None, 1, 7, 100):
        assert run(vector(), path, batch_rows=rows).fills == wanted, rows


def test_batches_are_views(tmp_path: Path) -> None:
    seen: list[Batch] = []

    class Looks(VectorStrategy):
        def targets(self, batch: Batch) -> Any:
            seen.append(batch)
            return np.full(len(batch), np.nan)

    path = recording(tmp_path / "q.csv", 300)
    run(Looks(), path)
    assert sum(map(len, seen)) == 300
    assert all(not batch.time_ns.flags.owndata for batch in seen)
    assert seen[0].symbol == "X"
    assert (seen[0].ask - seen[0].bid).max() == pytest.approx(0.03)
    assert set(seen[0].bid_size) == {500.0}


def test_a_target_too_few_is_told(tmp_path: Path) -> None:
    class Short(VectorStrategy):
        def targets(self, batch: Batch) -> Any:
            return [1.0]

    with pytest.raises(ValueError, match=r"Short.targets gave \(1,\), not a target for each of 300 quotes"):
        Backtest(Short(), [recording(tmp_path / "q.csv", 300)], OPTIONS, Terms()).run()


AHEAD = """
import numpy as np
from periphery.strategy.vector import VectorStrategy

class Ahead(VectorStrategy):
    def targets(self, batch):
        later = np.append(batch.mid[1:], batch.mid[-1])
        return np.where(later > batch.mid, 10, -10)
"""


@pytest.mark.parametrize(("ahead", "code"), [(True, 1), (False, 0)])
def test_who_looks_ahead_is_found_out(tmp_path: Path, ahead: bool, code: int) -> None:
    file = tmp_path / "mine.py"
    file.write_text(AHEAD if ahead else (SAMPLES / "vector_cross.py").read_text())
    words = ["backtest", str(file), "--data", str(recording(tmp_path / "q.csv", 600)), "--symbol", "X",
             "--venue", "V", "--check-look-ahead", "-o", "json"]  # fmt: skip
    words += [] if ahead else ["--param", "fast=5", "--param", "slow=20", "--param", "qty=10"]
    done = CliRunner().invoke(root, words)
    assert done.exit_code == code, done.output
    assert json.loads(done.stdout)["looks_ahead"] is ahead
    assert ("it looks ahead: fill" in done.stderr) is ahead
