"""A bounded form of `make torture`: each process of a core once, under load."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from core.torture.damage import DAMAGES
from core.torture.disks import fail
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
