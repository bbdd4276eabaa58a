"""The demonstration's run, on a fake core: what it feeds, what it asks for, what it checks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.backtest.demo import DemoConfig, VenueTerms, core_setup, run_demo, until_last
from core.backtest.setup import CoreSetup
from core.strategy.ema_cross import EmaCross

type Open = Callable[[CoreSetup], Any]


def quiet(stage: str, done: int, total: int) -> None:
    """No progress wanted."""


@pytest.fixture
def config(tmp_path: Path) -> DemoConfig:
    return DemoConfig(journal=tmp_path, quotes=20_000)


def test_a_synthetic_day_comes_out_flat_and_ok(
    config: DemoConfig, open_core: Open, fake_cores: list[Any]
) -> None:
    result = run_demo(config, open_core, quiet)
    (core,) = fake_cores
    assert (result.ok, result.kind, result.problems) == (True, "synthetic", ())
    assert (result.quotes, result.quotes + result.crossed) == (core.quotes, 20_000)
    assert (core.unfilled, result.core.positions[0].qty) == (0, "0")
    assert result.fills == len(core.log) > core.orders > 100


def test_both_venues_get_orders(config: DemoConfig, open_core: Open) -> None:
    made = run_demo(config, open_core, quiet).core.fills
    assert min(venue.fills for venue in made.values()) * 4 > max(venue.fills for venue in made.values())


def test_the_strategy_is_stopped_on_the_last_quote(
    config: DemoConfig, open_core: Open, fake_cores: list[Any]
) -> None:
    result = run_demo(config, open_core, quiet)
    (core,) = fake_cores
    assert core.sent[-1][0] == result.span_ns[1]
    assert sum(qty if side == "buy" else -qty for _, side, qty in core.sent) == 0


def test_until_last_stops_once_and_only_at_the_end() -> None:
    on_quote = until_last(EmaCross(10, fast=1, slow=2), 3)
    assert [list(on_quote(ts, 100, 100)) for ts in range(3)] == [[], [("buy", 10)], [("sell", 10)]]


def test_one_seed_one_result(config: DemoConfig, open_core: Open) -> None:
    first, second = (run_demo(config, open_core, quiet).core.state_hash for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("tamper", "words"), [("replay", "replay hash 0000000000000000 differs"), ("journal", "does not verify")]
)
def test_what_fails_is_said(config: DemoConfig, open_core: Open, tamper: str, words: str) -> None:
    def tampered(setup: CoreSetup) -> Any:
        core = open_core(setup)
        core.tamper = tamper
        return core

    result = run_demo(config, tampered, quiet)
    assert not result.ok
    assert any(words in problem for problem in result.problems)


def test_an_open_position_at_the_end_is_a_problem(config: DemoConfig, open_core: Open) -> None:
    """Venues that show less than an order leave a rest, and the rest is reported."""
    short = DemoConfig(
        journal=config.journal, quotes=5_000, terms=(VenueTerms("0", 30_000), VenueTerms("0", 30_000))
    )
    result = run_demo(short, open_core, quiet)
    assert any("after the strategy closed" in problem for problem in result.problems)


def test_progress_tells_its_stages_in_order(config: DemoConfig, open_core: Open) -> None:
    seen: list[tuple[str, int, int]] = []
    result = run_demo(config, open_core, lambda *step: seen.append(step))
    assert list(dict.fromkeys(stage for stage, _, _ in seen)) == ["read", "run", "verify"]
    assert ("run", result.quotes, result.quotes) in seen


def test_no_quote_and_wrong_terms_are_refused(tmp_path: Path, open_core: Open) -> None:
    with pytest.raises(ValueError, match="no quote"):
        run_demo(DemoConfig(journal=tmp_path, quotes=0), open_core, quiet)
    with pytest.raises(ValueError, match="terms for 3 venues expected, 2 given"):
        core_setup(DemoConfig(journal=tmp_path), ["A", "B", "C"])


def test_the_recorded_day_fills_whole_and_at_both_venues(
    shared: Path, tmp_path: Path, open_core: Open, fake_cores: list[Any]
) -> None:
    """The figures that the module's text gives for its choice of sizes."""
    result = run_demo(DemoConfig(journal=tmp_path, data=shared), open_core, quiet)
    (core,) = fake_cores
    assert (result.ok, result.kind, result.quotes) == (True, "recorded", 133_686)
    assert (result.crossed, result.malformed) == (12_061, 0)
    assert (core.orders, core.unfilled) == (1_712, 0)
    assert {venue: made.fills for venue, made in result.core.fills.items()} == {"FXCM": 1_669, "OANDA": 877}
