"""Who runs what: every stage once, in the order of the path, on the processors that there are."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path

import pytest

from core.capacity import Capacity
from core.live.config import CoreConfig
from core.live.plan import choose, choose_wait, groups, places, plans, processors
from core.topology import LIVE_STAGES, REMOTABLE

PATH = tuple(stage for stage in LIVE_STAGES if stage != "venues")


def test_fused_is_one_worker_and_pinned_one_a_stage() -> None:
    assert groups("fused", {}) == [PATH]
    assert groups("pinned", {}) == [(stage,) for stage in PATH]


def test_a_stage_may_be_elsewhere_than_the_rest() -> None:
    found = groups("fused", {"journal": "pinned", "venues": "pinned"})
    assert found == [tuple(stage for stage in PATH if stage != "journal"), ("journal",), ("venues",)]
    assert groups("pinned", {"risk": "fused", "orders": "fused"})[2] == ("risk", "orders")
    assert groups("pinned", {"sequencer": "fused", "egress": "fused"})[0] == ("sequencer", "egress")


@pytest.mark.parametrize(
    "placements", [{}, {"risk": "fused"}, dict.fromkeys(PATH, "fused"), {"venues": "pinned"}]
)
@pytest.mark.parametrize("placement", ["fused", "pinned"])
def test_every_stage_is_somewhere_once(placement: str, placements: dict[str, str]) -> None:
    stages = [stage for group in groups(placement, placements) for stage in group]
    assert sorted(stages) == sorted(LIVE_STAGES if "venues" in placements else PATH)


def test_auto_is_pinned_only_where_everybody_has_a_processor() -> None:
    most = len(LIVE_STAGES) + 2
    assert [choose("auto", n) for n in (1, 2, most - 1, most, 64)] == ["fused"] * 3 + ["pinned"] * 2
    assert choose("pinned", 1) == "pinned"


def test_auto_spins_only_where_a_processor_is_left() -> None:
    assert [choose_wait("auto", workers, 4) for workers in (1, 3, 4, 9)] == ["spin", "spin", "sleep", "sleep"]
    assert choose_wait("yield", 9, 4) == "yield"


def test_processors_are_those_asked_for_or_left_to_the_kernel() -> None:
    usable = sorted(os.sched_getaffinity(0))
    assert processors(3, (7, 5)) == [7, 5, 7]
    assert processors(len(usable), ()) == [None] * len(usable)
    alone = processors(len(usable) - 1, ())
    assert alone == usable[:0:-1]


def test_each_worker_knows_all_that_it_needs(tmp_path: Path) -> None:
    config = CoreConfig(
        journal=tmp_path, placement="pinned", placements={"venues": "pinned"}, wait="yield", cpus=(0,)
    )
    found = plans(config, asdict(Capacity(orders=64)))
    assert [plan.index for plan in found] == list(range(len(LIVE_STAGES)))
    assert [plan.name for plan in found] == list(LIVE_STAGES)
    assert {plan.venues_apart for plan in found} == {True}
    assert {(plan.wait, plan.cpu, plan.journal, plan.capacity["orders"]) for plan in found} == {
        ("yield", 0, str(tmp_path), 64)
    }
    assert plans(CoreConfig(placement="fused"), asdict(Capacity()))[0].name == "core"


def test_a_container_or_a_network_a_stage() -> None:
    assert groups("contained", {}) == [(stage,) for stage in PATH]
    assert set(places("contained", {}).values()) == {"contained"}
    where = places("remote", {})
    assert {stage for stage in PATH if where[stage] == "remote"} == set(REMOTABLE)
    assert {where[stage] for stage in PATH if stage not in REMOTABLE} == {"pinned"}
    assert places("fused", {"risk": "remote", "orders": "contained"})["risk"] == "remote"
    assert groups("fused", {"risk": "remote"})[1] == ("risk",)


def test_a_remote_engine_has_an_address() -> None:
    config = CoreConfig(placement="fused", placements={"risk": "remote"}, remote="tcp://engine-{stage}:9")
    found = {plan.stages[0]: plan for plan in plans(config, asdict(Capacity()))}
    assert (found["risk"].where, found["risk"].remote) == ("remote", "tcp://engine-risk:9")
    assert (found["sequencer"].where, found["sequencer"].remote) == ("fused", "")


def test_memory_is_touched_at_the_start_by_who_spins_or_where_it_is_asked_for() -> None:
    sizes = asdict(Capacity())
    assert not plans(CoreConfig(wait="sleep"), sizes)[0].touch
    assert plans(CoreConfig(wait="sleep", touch_memory=True), sizes)[0].touch
    assert plans(CoreConfig(wait="spin"), sizes)[0].touch
