"""`bench path`: a real core answers every request, and its state is what a count without an engine says."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from bench import machine, path, path_rows
from core import messages as m

SMALL = path_rows.make(20_000, 1)


def test_a_mix_is_what_it_says_and_each_order_is_changed_once() -> None:
    kinds = np.bincount(SMALL.what, minlength=len(path_rows.KINDS)) / len(SMALL.what)
    assert np.all(kinds > 0)
    changed = SMALL.target[SMALL.what >= 3]
    assert len(set(changed.tolist())) == len(changed) > 0
    assert np.all(SMALL.what[changed] == 0)
    rows = np.flatnonzero(SMALL.what >= 3)
    assert np.all(rows - changed >= path_rows.AGE)


def test_each_request_is_named_by_its_row() -> None:
    raw = SMALL.inputs["request"][123].tobytes()
    assert raw[1 : 1 + raw[0]] == b"C000000123"
    kinds = {int(m.Kind.ORDER), int(m.Kind.REPLACE), int(m.Kind.CANCEL)}
    assert set(SMALL.inputs["kind"].tolist()) == kinds


@pytest.mark.usefixtures("two_processors")
def test_a_real_core_answers_and_its_state_is_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(path, "CAPACITY", path.Capacity(symbols=64, accounts=16))
    before = os.sched_getaffinity(0)
    found = path.run(blocks=2, block_ms=2, journal=tmp_path)
    assert found["ok"], found["reference_equal"]
    assert found["raw_rtt_ns"]["count"] > 0
    for name in ("closed", "open_50000", "open_200000"):
        assert found["submit_to_ack_ns"][name]["count"] > 0
    assert found["submit_to_venue_ns"]["count"] > 0
    assert found["lapped"] == 0
    assert os.sched_getaffinity(0) == before
    assert list(tmp_path.iterdir()) == []


def test_one_processor_is_refused_clearly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "usable", lambda: [3])
    with pytest.raises(machine.TooFewProcessors):
        path.run(blocks=1)
