"""Factor, portfolio and analytics: killed at any event, or in a save, each says the same byte for byte."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from periphery.service import state
from periphery.service.config import Config
from periphery.service.registry import find
from periphery.service.runner import Runner
from tests.unit.periphery.days import day, market, walks
from tests.unit.periphery.service.dying import WHEN, dies_in_a_save

KILLS = 10
PARAMS: dict[str, dict[str, Any]] = {
    "factor": {"period_s": 1, "least": 5, "periods": 8, "factors": ["DD"], "momentum": 3, "components": 2},
    "portfolio": {"period_s": 1, "least": 5, "periods": 8, "max_turnover": 1.3, "every": 2, "account": "A1"},
    "analytics": {"period_s": 1, "periods": 8, "benchmark": "DD", "factors": ["BB"]},
}
ORDERS = {
    1: [market("AA", "buy", 300, strategy="one"), market("CC", "sell_short", 50)],
    9: [market("AA", "sell", 100, strategy="two")],
}


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("killed") / "journal"
    day(path, walks(16, seed=2), ORDERS)
    return path


def runner_of(name: str, journal: Path, place: Path) -> Runner:
    return Runner(find(name), Config(journal=str(journal), state=str(place), params=PARAMS[name]))


def undisturbed(name: str, journal: Path, place: Path) -> bytes:
    runner = runner_of(name, journal, place).catch_up()
    runner.save()
    runner.close()
    return (place / "outputs").read_bytes()


@pytest.mark.parametrize("name", PARAMS)
def test_killed_at_any_event_it_says_the_same(name: str, journal: Path, tmp_path: Path) -> None:
    """Ten seeded points, with and without a state saved shortly before."""
    expected = undisturbed(name, journal, tmp_path / "undisturbed")
    assert len(expected) > 500
    assert b"failed" not in expected
    chance = random.Random(3)
    place = tmp_path / "killed"
    for _ in range(KILLS):
        runner = runner_of(name, journal, place)
        runner.source.step = 1
        for _ in range(chance.randrange(1, 60)):
            runner.source.poll()
            if chance.random() < 0.2:
                runner.save()
        runner.close()  # without a save: its file may have more than its state says
    assert undisturbed(name, journal, place) == expected


@pytest.mark.parametrize("name", PARAMS)
def test_parts_together_say_what_one_says(name: str, journal: Path, tmp_path: Path) -> None:
    undisturbed(name, journal, tmp_path / "whole")
    together: list[Any] = []
    for part in ("1/2", "2/2"):
        place = tmp_path / part.replace("/", "of")
        config = Config(journal=str(journal), state=str(place), params=PARAMS[name], part=part)
        runner = Runner(find(name), config).catch_up()
        runner.save()
        runner.close()
        together += state.read_said(place / "outputs")
    assert sorted(together, key=lambda one: one[0]) == state.read_said(tmp_path / "whole" / "outputs")


@pytest.mark.parametrize("name", PARAMS)
@pytest.mark.parametrize("when", WHEN)
def test_killed_in_a_save(
    name: str, when: str, journal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = undisturbed(name, journal, tmp_path / "undisturbed")
    place = tmp_path / "killed"
    runner = runner_of(name, journal, place)
    runner.source.step = 40
    runner.source.poll()
    runner.save()
    runner.source.poll()
    dies_in_a_save(runner, monkeypatch, when)
    assert undisturbed(name, journal, place) == expected
