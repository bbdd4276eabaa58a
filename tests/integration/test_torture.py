"""A bounded form of `make torture`: each process of a core once, under load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.torture import torture


@pytest.mark.parametrize(("placement", "kills"), [("pinned", 13), ("fused", 4), ("mixed", 6)])
def test_kills_lose_and_double_nothing(tmp_path: Path, placement: str, kills: int) -> None:
    told: dict[str, Any] = torture(tmp_path, kills, 7, [placement])
    assert told["problems"] == []
    assert (told["kills"], told["lost"], told["duplicated"], told["replay_equal"]) == (kills, 0, 0, True)
    assert {"client", "the core"} < set(told["by"])
