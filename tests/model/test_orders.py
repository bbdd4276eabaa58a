"""The model of the order rules against the cases that people wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.model.orders import play
from tests.scenarios.test_scenarios import compare, parse

SCENARIOS = Path(__file__).parents[1] / "scenarios"
TOPICS = ("appendix_d", "orders", "worked", "venue_state", "kill", "held", "lists", "algo", "time", "money")
OUTSIDE = tuple(  # what is other models'
    f'"{key}":"{value}"'
    for key, value in (
        ("mode", "match"),
        *(("type", line) for line in ("limit", "funding", "dividend", "split", "settlement")),
    )
)


def cases() -> list[Path]:
    found = [path for topic in TOPICS for path in sorted((SCENARIOS / topic).glob("*.expected"))]
    return [
        path for path in found if not any(text in path.with_suffix(".jsonl").read_text() for text in OUTSIDE)
    ]


@pytest.mark.parametrize("path", cases(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_model_agrees_with_people(path: Path) -> None:
    """Each line of the case."""
    played = play(path.with_suffix(".jsonl").read_text().splitlines())
    told = compare(path.stem, parse(path.read_text()), played)
    if told:
        pytest.fail(told, pytrace=False)


def test_enough_cases() -> None:
    assert len(cases()) > 300
