"""An algorithm that runs away is stopped by the core itself, whichever one of its guards is taken away.

A router that runs away is in tests/simulation/test_planted_faults.py: the parent's quantity is guarded
three times.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.core.risk.desk import DECLARED, Line, of_type, play

ORDERS = 400
GUARDS = {
    "order_rate": {"value": "20", "window_s": "1", "account": "A1"},
    "max_position": {"value": "500", "account": "A1"},
    "max_daily_qty": {"value": "600", "account": "A1"},
    "gross_exposure": {"value": "6000", "account": "A1"},
    "max_daily_orders": {"value": "50", "strategy": "S"},
    "repeated_execution": {"value": "30", "window_s": "60", "strategy": "S"},
    "daily_loss": {"value": "100", "account": "A1"},
    "market_data_age_s": {"value": "5", "symbol": "AAA"},
}
VENUE = [{**x, "mode": "match"} if x["type"] == "venue" else x for x in DECLARED]


def runaway() -> list[Line]:
    """Buys at the market, again and again, as fast as it can; each quote moves the price against it once."""
    quote = {
        "type": "quote",
        "venue": "X",
        "symbol": "AAA",
        "bid_px": "9.90",
        "bid_qty": "100000",
        "ask_px": "10.10",
        "ask_qty": "100000",
    }
    lines: list[Line] = [quote]
    for i in range(ORDERS):
        lines.append(
            {
                "type": "order",
                "cl_ord_id": str(i),
                "account": "A1",
                "symbol": "AAA",
                "side": "buy",
                "order_qty": "10",
                "ord_type": "market",
                "strategy": "S",
                "at": i * 40_000_000,
            }
        )
    return lines


def bought(guards: dict[str, Line], path: Path) -> tuple[int, int]:
    """(shares bought, orders denied)."""
    limits = [{"type": "limit", "check": check, **more} for check, more in guards.items()]
    out = play([*VENUE, *limits, *runaway()], path)
    (end,) = of_type(out, "end")
    return int(end["positions"][0]["qty"]), len(of_type(out, "deny"))


def test_without_any_guard_it_runs_away(tmp_path: Path) -> None:
    assert bought({}, tmp_path) == (10 * ORDERS, 0)


@pytest.mark.parametrize("absent", [None, *GUARDS])
def test_it_is_stopped_whichever_guard_is_taken_away(absent: str | None, tmp_path: Path) -> None:
    qty, denied = bought({check: more for check, more in GUARDS.items() if check != absent}, tmp_path)
    assert 0 < qty <= 500
    assert denied >= ORDERS - 50


@pytest.mark.parametrize("only", [guard for guard in GUARDS if guard != "order_rate"])
def test_each_guard_stops_it_alone(only: str, tmp_path: Path) -> None:
    qty, _ = bought({only: GUARDS[only]}, tmp_path)
    assert 0 < qty < 10 * ORDERS // 2, "less than half of what it wanted"
