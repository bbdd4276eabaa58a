"""Recorded order: engines that come by themselves, and engines behind ZeroMQ, come to the same state;
killed too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.backtest.demo import DemoConfig, run_demo
from core.backtest.fused import FusedCore
from core.backtest.pinned import PinnedCore, Where
from core.live.supervisor import Supervisor
from core.topology import CURSORS, REMOTABLE
from tests.integration.elsewhere import Engines
from tests.integration.test_pinned_order import played, same

KILL_EVERY = 140


@pytest.fixture(scope="module")
def fused(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return played(tmp_path_factory.mktemp("placed") / "fused", FusedCore)


class Killing:
    """Kills each in turn, by how far the core is."""

    def __init__(self, engines: Engines, names: tuple[str, ...]) -> None:
        self.engines = engines
        self.waiting = list(names)
        self.due = KILL_EVERY

    def __call__(self, supervisor: Supervisor) -> None:
        if self.waiting and supervisor.board.seq >= self.due and supervisor.is_whole():
            self.engines.kill(self.waiting.pop(0))
            self.due += KILL_EVERY


def run(place: Path, where: Where, killing: Killing | None) -> Any:
    found = played(place, lambda setup: PinnedCore(setup, killing, where))
    assert killing is None or not killing.waiting
    return found


@pytest.mark.parametrize("killed", [(), CURSORS], ids=["whole", "killed"])
def test_engines_that_come_by_themselves(tmp_path: Path, fused: Any, killed: tuple[str, ...]) -> None:
    where = Where("contained", tmp_path / "run" / "core.sock")
    with Engines("engine", CURSORS, "--socket", str(where.socket)) as engines:
        assert same(run(tmp_path / "journal", where, Killing(engines, killed)), fused)


@pytest.mark.parametrize("killed", [(), REMOTABLE], ids=["whole", "killed"])
def test_engines_behind_zeromq(tmp_path: Path, fused: Any, killed: tuple[str, ...]) -> None:
    where = Where("remote", remote=f"ipc://{tmp_path}/{{stage}}")
    with Engines("remote", REMOTABLE, "--listen", where.remote) as engines:
        assert same(run(tmp_path / "journal", where, Killing(engines, killed)), fused)


@pytest.mark.parametrize("killed", [(), ("execution", "execution-2")], ids=["whole", "killed"])
def test_execution_shared_out_over_two(tmp_path: Path, fused: Any, killed: tuple[str, ...]) -> None:
    """Risk is single. The day has one account, so orders are shared out one by one."""
    names = ("execution", "execution-2")
    remote = f"ipc://{tmp_path}/{{stage}}"
    where = Where(
        remote=remote, placements={"execution": "remote"}, partitions={"execution": 2}, partition_by="order"
    )
    with Engines("remote", names, "--listen", remote) as engines:
        assert same(run(tmp_path / "journal", where, Killing(engines, killed)), fused)


def test_a_whole_demonstration_says_the_same(tmp_path: Path) -> None:
    """Its figures are the result's, wherever the stages are."""
    where = Where("remote", remote=f"ipc://{tmp_path}/{{stage}}")
    journal = tmp_path / "journal"
    journal.mkdir()
    with Engines("remote", REMOTABLE, "--listen", where.remote):
        config = DemoConfig(journal=journal, seed=5, quotes=50)
        assert run_demo(config, lambda setup: PinnedCore(setup, where=where), lambda *_: None).ok
