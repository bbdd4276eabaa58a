"""A recorded day in recorded order: every placement comes to the same state, also where containers die."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from core.topology import CURSORS, REMOTABLE
from tests.containers.composed import Composed, docker, nacre, until

QUOTES = {"pinned": "40000", "contained": "120000", "remote": "40000"}
"""By placement: a day long enough that every engine dies within it."""
SLOW = {"contained": 0.07, "remote": 0.2}
"""Of a processor, for the core while its engines are killed: such a day is longer than that takes."""
BEGIN = 0.2  # what it has until then
type Local = Callable[[str], dict[str, Any]]
FIGURES = ("events", "orders", "children", "fills", "positions", "pnl", "state_hash", "replay_hash", "ok")


@pytest.fixture(scope="module")
def local(recordings: Path | None) -> Local:
    """What the engines on one thread here come to, over so many quotes."""

    @cache
    def played(count: str) -> dict[str, Any]:
        words = nacre("demo", "--quotes", count, "-o", "json", *quotes(recordings))
        run = subprocess.run(words, capture_output=True, text=True, check=True)
        found: dict[str, Any] = json.loads(run.stdout)
        assert found["ok"]
        return found

    return played


def quotes(folder: Path | str | None) -> list[str]:
    return ["--synthetic"] if folder is None else ["--data", str(folder)]


def demo(placement: str, recordings: Path | None, *engines: str) -> list[str]:
    data = quotes(None if recordings is None else "/data")
    place = ["--socket", "/run/nacre/core.sock", "--journal", "/var/lib/nacre/demo"]
    more = ["--remote", "tcp://remote-{stage}:7700"] if placement == "remote" else []
    more += engines
    return [
        "demo",
        "--placement",
        placement,
        "--quotes",
        QUOTES[placement],
        "-o",
        "json",
        *place,
        *more,
        *data,
    ]


def killed(composed: Composed, services: Iterable[str], slow: float) -> None:
    """Each in its turn and brought back, while the day goes on: a slow one meanwhile, and from its start."""
    until(lambda: "run ..." in composed.logs("core"), "the day begins")
    share(composed, slow)
    for service in services:
        state = composed.state("core")
        assert state["Running"], (
            f"before {service} was killed the core ended with {state['ExitCode']} (0: QUOTES is too low): "
            f"{composed.logs('core')[-2000:]}"
        )
        composed.kill(service)
    share(composed, float(os.cpu_count() or 1))


def share(composed: Composed, processors: float) -> None:
    """What the core's container may take."""
    docker("update", "--cpus", str(processors), composed.container("core"))


def came_to(composed: Composed, want: dict[str, Any]) -> None:
    """The core's container has ended, with the same figures."""
    until(lambda: not composed.state("core")["Running"], "the demonstration ends")
    assert composed.state("core")["ExitCode"] == 0, composed.logs("core")
    found = json.loads(docker("logs", composed.container("core")))  # its standard output alone
    assert {key: found[key] for key in FIGURES} == {key: want[key] for key in FIGURES}


def test_one_host_container(tmp_path: Path, local: Local, recordings: Path | None) -> None:
    with Composed(tmp_path, core=demo("pinned", recordings), data=recordings) as composed:
        composed.up()
        came_to(composed, local(QUOTES["pinned"]))


def test_a_container_an_engine_each_killed(tmp_path: Path, local: Local, recordings: Path | None) -> None:
    with Composed(
        tmp_path, "contained", core=demo("contained", recordings), data=recordings, core_cpus=BEGIN
    ) as composed:
        composed.up()
        killed(composed, CURSORS, SLOW["contained"])
        came_to(composed, local(QUOTES["contained"]))


def test_engines_behind_zeromq_each_killed(tmp_path: Path, local: Local, recordings: Path | None) -> None:
    """Two of them share order execution; risk is single."""
    core = demo("remote", recordings, "--execution-engines", "2")
    with Composed(tmp_path, "remote", "partitioned", core=core, data=recordings, core_cpus=BEGIN) as composed:
        composed.up()
        engines = [f"remote-{engine}" for engine in (*REMOTABLE, "execution-2")]
        killed(composed, engines, SLOW["remote"])
        came_to(composed, local(QUOTES["remote"]))
