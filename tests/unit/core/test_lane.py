"""Lanes: which stages are handed events, and that it makes no difference to what comes of them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from core import lane
from core.lane import Lane, lanes
from core.topology import LIVE_STAGES

support = import_module("tests.unit.core.live.conftest")
ALL = LIVE_STAGES[:-1]
QUOTE = {"type": "quote", "venue": "V", "symbol": "X", "bid_px": "9.90", "ask_px": "10.00"}


def alone(stages: list[Any]) -> list[Any]:
    """No lane at all."""
    return list(stages)


def play(folder: Path, groups: tuple[tuple[str, ...], ...]) -> list[str]:
    """A short day, whose state a replay of its journal must have as well; what was acknowledged."""
    folder.mkdir()
    bench = support.Bench(folder, *groups)
    bench.sit(0, "s")
    for i in range(300):
        bench.order(0, f"o{i}", price=990 + i % 20, qty=1 + i % 7)
        if i % 3 == 0:
            sizes = {"bid_qty": str(1 + i % 9), "ask_qty": str(2 + i % 5)}
            bench.line(QUOTE | sizes, 1)
        if i % 40 == 39:
            bench.run()
    bench.run()
    assert bench.same_as_its_journal()
    told = bench.told(0)
    bench.chain.close()
    return [cl_ord_id for cl_ord_id, what in told if what == "pending_new"]


def without(*names: str) -> tuple[tuple[str, ...], ...]:
    """Each of these on a thread of its own, the others together: what they wait for is elsewhere."""
    return (*((name,) for name in names), tuple(name for name in ALL if name not in names))


APART = [
    *(without(name) for name in ALL[1:8]),
    without("risk", "execution"),
    without("orders", "positions"),
    without("risk", "router", "journal"),
]


@pytest.mark.parametrize("groups", [(ALL,), (ALL[:4], ALL[4:]), (ALL[:2], ALL[2:7], ALL[7:]), *APART])
def test_it_makes_no_difference_to_what_comes_of_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, groups: tuple[tuple[str, ...], ...]
) -> None:
    together = play(tmp_path / "together", groups)
    monkeypatch.setattr("core.live.worker.lanes", alone)
    assert len(together) == 300
    assert play(tmp_path / "alone", groups) == together


def chain(folder: Path, groups: tuple[tuple[str, ...], ...]) -> Any:
    return support.Bench(folder, *groups).chain


def made(built: Any, i: int) -> list[str]:
    return [each.name for each in lanes(list(built.workers[i].stages.values()))]


def test_stages_of_one_thread_are_a_lane_between_intake_and_gateways(tmp_path: Path) -> None:
    built = chain(tmp_path, (ALL,))
    assert made(built, 0) == ["sequencer", "+".join(ALL[1:9]), "gateways"]
    built.close()


def test_who_waits_for_a_journal_elsewhere_is_in_no_lane_with_those_before(tmp_path: Path) -> None:
    groups = ((*ALL[:7], "egress"), ("journal", "gateways"))
    built = chain(tmp_path, groups)
    assert made(built, 0) == ["sequencer", "+".join(ALL[1:7]), "egress"]
    assert made(built, 1) == ["journal", "gateways"]
    built.close()


def test_members_out_of_step_each_go_on_from_where_they_are(tmp_path: Path) -> None:
    """One polls on its own: the others catch up, and the lane hands events on again."""
    bench = support.Bench(tmp_path, ALL)
    bench.run()
    worker = bench.chain.workers[0]
    (found,) = [each for each in lane.lanes(list(worker.stages.values())) if isinstance(each, Lane)]
    bench.sit(0, "s")
    bench.order(0, "o1")
    worker.stages["sequencer"].poll_once(64)
    worker.stages["resolve"].poll_once(1)
    assert found.turn_once()
    assert found.done >= worker.stages["resolve"].done
    bench.run()
    assert bench.told(0) == [("o1", "pending_new"), ("o1", "new")]
    assert bench.same_as_its_journal()
    bench.chain.close()
