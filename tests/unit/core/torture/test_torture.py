"""How a torture is cut into rounds, and that rounds at a time come to what they come to one by one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from core.torture import torture as module
from core.torture.disks import FAILURES
from core.torture.rounds import Tally
from core.torture.torture import ROUND, torture


def planned(kills: int, places: list[str], stops: int, disks: int) -> list[Any]:
    """The arguments of each part."""
    return [each.args for each in module._parts(Path("x"), kills, 5, places, stops, 2, disks)]


def test_every_kill_is_in_a_round_and_every_placement_has_its_turn() -> None:
    rounds = planned(120, ["pinned", "fused"], 1, 0)
    assert [(row[1], row[4], row[5]) for row in rounds] == [
        ("pinned", ROUND, True),
        ("fused", ROUND, True),
        ("pinned", ROUND, False),
        ("fused", ROUND, False),
        ("pinned", 18, False),
    ]
    assert sum(row[4] + row[5] for row in rounds) == 120
    assert len({row[0] for row in rounds}) == len(rounds)


def test_each_failure_of_a_disk_comes_as_often() -> None:
    assert sorted(row[1] for row in planned(0, ["pinned"], 0, 2)) == sorted([*FAILURES, *FAILURES])


def part(number: int, place: str, wrong: bool = False) -> Tally:
    """Tells where it ran."""
    (Path(place) / f"{number}-{os.getpid()}").touch()
    found = Tally(orders=number, resume_ms=[float(number)])
    found.kills["risk"] += 1
    if wrong:
        found.note("planted")
    return found


@pytest.mark.parametrize("jobs", [1, 2])
def test_parts_come_to_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: int) -> None:
    def parts(*_: object) -> Iterator[Any]:
        yield from (partial(part, i, str(tmp_path)) for i in range(1, 5))

    monkeypatch.setattr(module, "_parts", parts)
    told = torture(tmp_path, 4, 1, jobs=jobs)
    assert (told["kills"], told["orders"], told["resume_ms"]["count"]) == (4, 10, 4)
    ran = [path.name.split("-") for path in tmp_path.iterdir()]
    assert sorted(number for number, _ in ran) == ["1", "2", "3", "4"]
    assert (str(os.getpid()) in {pid for _, pid in ran}) == (jobs == 1)


@pytest.mark.parametrize("jobs", [1, 2])
def test_after_a_problem_nothing_new_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: int
) -> None:
    def parts(*_: object) -> Iterator[Any]:
        yield from (partial(part, i, str(tmp_path), True) for i in range(8))

    monkeypatch.setattr(module, "_parts", parts)
    assert set(torture(tmp_path, 8, 1, jobs=jobs)["problems"]) == {"planted"}
    assert len(list(tmp_path.iterdir())) <= jobs + 1


@pytest.mark.parametrize("kills", [1, 2, 25, 26, 60])
def test_a_stop_is_one_of_the_kills(kills: int) -> None:
    assert sum(row[4] + row[5] for row in planned(kills, ["pinned", "fused"], 1, 0)) == kills
