"""The generator: one seed, one day, of the recorded one's shape."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from core.backtest.synthetic import generate


def test_one_seed_gives_the_same_bytes_on_every_machine() -> None:
    digest = hashlib.sha256(b"".join(rows.tobytes() for rows in generate(1, 5_000))).hexdigest()
    assert digest[:16] == "0b83d851292943bb"


def test_another_seed_gives_another_day() -> None:
    assert not np.array_equal(generate(1, 1_000)[0]["bid_px"][:400], generate(2, 1_000)[0]["bid_px"][:400])


def test_the_shape_is_that_of_the_recorded_day() -> None:
    tight, wide = generate(5, 100_000)
    crossed = float(np.mean(tight["ask_px"] < tight["bid_px"]))
    assert 0.12 < crossed < 0.13
    assert 1.9 < len(tight) / len(wide) < 2.1
    for rows, spread in ((tight, 2), (wide, 12)):
        assert np.median(rows["ask_px"] - rows["bid_px"]) == spread
        assert np.all(np.diff(rows["ts_ns"]) > 0)
        assert np.all(rows["bid_px"] > 0)
    assert np.all(wide["ask_px"] > wide["bid_px"])


def test_none_and_bad_counts() -> None:
    assert [len(rows) for rows in generate(1, 0)] == [0, 0]
    with pytest.raises(ValueError, match="below zero"):
        generate(-1, 10)
