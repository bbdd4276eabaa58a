"""The short form of the simulation, on each run of the tests. The long form: python -m tests.simulation."""

from __future__ import annotations

from pathlib import Path

import pytest

from .checkers import check_status
from .generate import Generator
from .reduce import failure, reduced
from .simulate import simulate_many
from .violation import Violation

SEEDS = 200
PART = 25
STEPS = 60


@pytest.mark.parametrize("first", range(0, SEEDS, PART))
def test_seeds(first: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    result = simulate_many(first, PART, STEPS, tmp_path_factory.getbasetemp() / "simulation")
    assert not result.failures, str(result)
    assert result.events > PART * STEPS
    assert {"order", "child", "send", "deny", "position", "alert"} <= set(result.printed)


def test_one_seed_gives_one_file() -> None:
    assert (
        Generator(7).generate(40).texts == Generator(7).generate(40).texts != Generator(8).generate(40).texts
    )


def test_a_violation_is_reduced(monkeypatch: pytest.MonkeyPatch) -> None:
    """A planted one: a checker that can't bear fills. What is left is the fill and what it needs."""

    def no_fills(line: dict[str, str]) -> None:
        if line["exec_type"] == "trade":
            raise Violation("planted", str(line))

    monkeypatch.setattr("tests.simulation.checkers.check_status", no_fills)
    here = Path(__file__).parents[1] / "scenarios" / "orders" / "full_fill.jsonl"
    texts = [text for text in here.read_text().splitlines() if text and not text.startswith("#")]
    assert failure(texts) == "planted"
    left = [text.split('"')[3] for text in reduced(texts)]
    assert left == ["instrument", "venue", "account", "order", "report"]


@pytest.mark.parametrize(
    ("status", "cum", "leaves"),
    [
        ("filled", "5", "0"),
        ("new", "0", "9"),
        ("partially_filled", "0", "10"),
        ("canceled", "5", "5"),
        ("new", "-1", "11"),
    ],
)
def test_the_checker_of_lines_sees_wrong_figures(status: str, cum: str, leaves: str) -> None:
    line = {"ord_status": status, "order_qty": "10", "cum_qty": cum, "leaves_qty": leaves, "exec_type": "new"}
    with pytest.raises(Violation):
        check_status(line)
