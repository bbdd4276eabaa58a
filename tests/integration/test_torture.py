"""A bounded form of `make torture`: each process of a core once, under load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.torture.damage import DAMAGES
from core.torture.disks import FAILURES
from core.torture.torture import torture


@pytest.mark.parametrize(("placement", "kills"), [("pinned", 13), ("fused", 4), ("mixed", 6)])
def test_kills_lose_and_double_nothing(tmp_path: Path, placement: str, kills: int) -> None:
    told: dict[str, Any] = torture(tmp_path, kills, 7, [placement], damages=2)
    assert told["problems"] == []
    assert (told["kills"], told["lost"], told["duplicated"], told["replay_equal"]) == (kills, 0, 0, True)
    assert {"client", "the core"} < set(told["by"])
    assert told["damages"] == dict.fromkeys(sorted(DAMAGES), 2)


def test_a_disk_that_fails_and_a_machine_that_dies_cost_nothing_that_was_told(tmp_path: Path) -> None:
    told: dict[str, Any] = torture(tmp_path, 0, 7, disks=1)
    assert told["problems"] == []
    assert told["disks"] == dict.fromkeys(sorted(FAILURES), 1)
    assert (told["lost"], told["duplicated"], told["replay_equal"]) == (0, 0, True)
