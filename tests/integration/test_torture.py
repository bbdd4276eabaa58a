"""A bounded form of `make torture`: each process of a core once, under load."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from core.torture.damage import DAMAGES
from core.torture.disks import fail
from core.torture.live import until
from core.torture.rounds import Tally
from core.torture.torture import torture


@pytest.mark.parametrize(("placement", "kills"), [("pinned", 13), ("fused", 4), ("mixed", 6)])
def test_kills_lose_and_double_nothing(tmp_path: Path, placement: str, kills: int) -> None:
    told: dict[str, Any] = torture(tmp_path, kills, 7, [placement], damages=2)
    assert told["problems"] == []
    assert (told["kills"], told["lost"], told["duplicated"], told["replay_equal"]) == (kills, 0, 0, True)
    assert {"client", "the core"} < set(told["by"])
    assert told["damages"] == dict.fromkeys(sorted(DAMAGES), 2)


@pytest.mark.parametrize("failure", ["power", "broken"])
def test_a_disk_that_fails_costs_nothing_that_was_told(tmp_path: Path, failure: str) -> None:
    """The short form: those that fill a journal, and the slow one, are for `make torture`."""
    tally = Tally()
    fail(failure, tmp_path, random.Random(7), tally)
    told: dict[str, Any] = tally.told()
    assert told["problems"] == []
    assert told["disks"] == {failure: 1}
    assert (told["lost"], told["duplicated"], told["replay_equal"]) == (0, 0, True)


def test_told_to_end_it_leaves_nothing() -> None:
    """Neither a core nor a folder, whatever it was at."""
    with tempfile.TemporaryDirectory() as folder:  # pytest's are too long for a socket's path
        ends_while_a_round_runs(Path(folder))


def ends_while_a_round_runs(folder: Path) -> None:
    words = [
        sys.executable,
        "-m",
        "core.cli",
        "torture",
        "--kills",
        "50",
        "--placement",
        "fused",
        "--jobs",
        "2",
    ]
    torturing = subprocess.Popen(words, env=os.environ | {"TMPDIR": str(folder)}, stdout=subprocess.DEVNULL)
    try:
        sockets = until(lambda: list(folder.glob("*/round*/run/core.sock")), "a core runs")
        torturing.send_signal(signal.SIGTERM)
        assert torturing.wait(60) == 128 + signal.SIGTERM
    finally:
        torturing.kill()
        torturing.wait()
    assert list(folder.iterdir()) == []
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert [line for line in listed.splitlines() if str(sockets[0]) in line] == []
