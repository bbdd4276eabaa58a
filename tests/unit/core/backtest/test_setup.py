"""The declarations of a backtest, as lines of a scenario."""

from __future__ import annotations

from pathlib import Path

from core.backtest.demo import DemoConfig, core_setup


def test_declarations_stand_before_what_refers_to_them() -> None:
    lines = core_setup(DemoConfig(journal=Path("j")), ["A", "B"]).lines()
    assert [line["type"] for line in lines] == ["instrument", "venue", "venue", "account"] + ["limit"] * 5
    assert lines[1] == {
        "type": "venue",
        "venue": "A",
        "mode": "match",
        "symbols": ["EURUSD"],
        "taker_fee_bps": "0.35",
    }
    assert lines[-1] == {
        "type": "limit",
        "check": "order_rate",
        "value": "50",
        "account": "DEMO",
        "window_s": "1",
    }


def test_precisions_are_integers_and_all_other_numbers_text() -> None:
    for line in core_setup(DemoConfig(journal=Path("j")), ["A", "B"]).lines():
        for key, value in line.items():
            assert isinstance(value, int) == key.endswith("_precision")
