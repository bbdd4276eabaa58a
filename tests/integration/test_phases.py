"""The analysis's phases change where engines are, and nothing else; killed on the way, too."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from bench.phases import phases, run
from core.topology import CONTAINED, CURSORS


def test_an_engine_that_leaves_the_process_keeps_the_state(tmp_path: Path) -> None:
    found = run(quotes=4_000, only="1", report_to=tmp_path)
    assert found["ok"], found
    (row,) = found["phases"]
    assert (row["contained"], row["killed"], row["equal"]) == ("execution", "execution", True)
    text = (tmp_path / "phases.md").read_text()
    assert found["state_hash"][:16] in text
    assert "| 1 | order execution contained | execution |" in text


def test_orders_shared_out_over_two_engines_keep_the_state() -> None:
    found = run(quotes=2_000, only="1b")
    assert found["ok"], found
    (row,) = found["phases"]
    assert (row["contained"], row["killed"]) == ("execution, execution-2",) * 2


def test_each_phase_builds_on_the_one_before() -> None:
    steps = [each for each in phases() if not each.partitions]
    for before, after in pairwise(steps):
        assert before.placements.keys() < after.placements.keys()
        assert set(after.moved) <= after.placements.keys() - before.placements.keys()
    assert steps[-1].placements == dict.fromkeys(CURSORS, CONTAINED)
