"""Which two processors are chosen: two cores where there are two."""

from __future__ import annotations

import os

import pytest

from bench import machine


@pytest.mark.parametrize(
    ("usable", "siblings", "chosen"),
    [
        ([0, 1], {0}, (0, 1)),
        ([0, 1, 2, 3], {0, 1}, (0, 2)),
        ([4, 5], {4, 5}, (4, 5)),
        ([0, 2], set(), (0, 2)),
    ],
)
def test_two_cores_where_there_are_two(
    monkeypatch: pytest.MonkeyPatch, usable: list[int], siblings: set[int], chosen: tuple[int, int]
) -> None:
    monkeypatch.setattr(machine, "usable", lambda: usable)
    monkeypatch.setattr(machine, "siblings", lambda cpu: siblings)
    assert machine.choose_two() == chosen


@pytest.mark.parametrize(("text", "found"), [("0,4", {0, 4}), ("2-3", {2, 3}), ("", set()), (None, set())])
def test_siblings_as_the_kernel_writes_them(
    monkeypatch: pytest.MonkeyPatch, text: str | None, found: set[int]
) -> None:
    monkeypatch.setattr(machine, "_read", lambda path: text)
    assert machine.siblings(0) == found


def test_the_affinity_comes_back() -> None:
    before = os.sched_getaffinity(0)
    with machine.pinned(min(before)):
        assert os.sched_getaffinity(0) == {min(before)}
    assert os.sched_getaffinity(0) == before
