"""hftbacktest's bench without it: what it is given, and our side of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench import hft
from bench.machine import NoData, NoEngine

PLAN = {1: ("buy", 3000), 2: ("sell", 1000), 4: ("sell", 2000)}
QUOTES = [(1_000 * (row // 2), 1.1 + row * 1e-5, 1.1 + (row + 3) * 1e-5) for row in range(6)]


def test_quotes_in_ticks_each_later_than_the_one_before() -> None:
    table = hft.ticks_of(QUOTES)
    assert table[:, 0].tolist() == [0, 1, 1000, 1001, 2000, 2001]
    assert table[1].tolist() == [1, 110_001, 110_004]


def test_our_side_fills_what_the_plan_says_at_the_touch() -> None:
    quotes = hft.ticks_of(QUOTES)
    expected = hft.prices_of(quotes, PLAN)
    assert expected == [110_004, 110_002, 110_004]
    ns, right = hft.ours(quotes, PLAN, expected)
    assert right
    assert ns > 0
    assert not hft.ours(quotes, PLAN, [*expected[:2], 1])[1]


def test_what_the_peer_is_given(tmp_path: Path) -> None:
    told = np.load(hft.given(tmp_path, hft.ticks_of(QUOTES), PLAN))
    assert told["rows"].tolist() == [1, 2, 4]
    assert told["signed"].tolist() == [3000, -1000, -2000]
    assert told["quotes"].shape == (6, 3)


def test_an_interpreter_that_is_not_there_or_has_it_not_says_what_to_do(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for python in ("/nowhere/python", "/bin/false"):
        with pytest.raises(NoEngine, match="makes an environment"), hft._peer(python, tmp_path):
            pytest.fail("it is there")


def test_without_recordings_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoData, match="oanda"):
        hft.run(data=tmp_path)
