"""Recorded order: stages in processes, killed or not, come to the same state as stages on one thread."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.backtest.demo import DemoConfig, run_demo
from core.backtest.fused import FusedCore
from core.backtest.pinned import PinnedCore
from core.backtest.setup import CoreSetup
from core.live.supervisor import Supervisor

QUOTES = 1_500
KILLS, KILL_EVERY_EVENTS = 5, 250


def played(place: Path, open_core: Callable[[CoreSetup], Any]) -> Any:
    """The figures of the first quotes of a synthetic day."""
    place.mkdir()
    result = run_demo(DemoConfig(journal=place, data=None, seed=3, quotes=QUOTES), open_core, lambda *_: None)
    assert result.ok
    return result.core


@pytest.fixture(scope="module")
def fused(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return played(tmp_path_factory.mktemp("recorded") / "fused", FusedCore)


def same(found: Any, fused: Any) -> bool:
    assert found.state_hash == found.replay_hash
    figures = ("events", "orders", "children", "fills", "positions", "pnl", "state_hash")
    return all(getattr(found, name) == getattr(fused, name) for name in figures)


def test_a_process_a_stage_comes_to_the_same_state(tmp_path: Path, fused: Any) -> None:
    assert same(played(tmp_path / "pinned", PinnedCore), fused)


def test_killed_processes_come_to_the_same_state(tmp_path: Path, fused: Any) -> None:
    chance = random.Random(7)
    killed: list[str] = []

    def disturb(supervisor: Supervisor) -> None:
        """By how far the core is, not by the clock: a fast machine kills as often as a slow one."""
        due = len(killed) < KILLS and supervisor.board.seq >= KILL_EVERY_EVENTS * (len(killed) + 1)
        if due and supervisor.is_whole():
            victim = chance.choice(supervisor.processes)
            os.kill(victim.pid, signal.SIGKILL)
            killed.append(victim.plan.name)

    found = played(tmp_path / "killed", lambda setup: PinnedCore(setup, disturb))
    assert len(killed) == KILLS
    assert same(found, fused)
