"""The crossing of two averages: its seed, its first trade, its changes of side, and a peer's trades."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from core.backtest.fx_ticks import read_ticks
from core.strategy.ema_cross import EmaCross


def test_averages_are_seeded_with_the_first_mid() -> None:
    strategy = EmaCross(10, fast=3, slow=7)
    strategy.on_quote(0, 100, 102)
    assert strategy.averages == (101.0, 101.0)
    strategy.on_quote(1, 108, 110)
    assert strategy.averages == (101.0 + 8 * 2 / 4, 101.0 + 8 * 2 / 8)


def test_it_trades_from_the_slow_th_quote_on_and_long_where_averages_are_equal() -> None:
    strategy = EmaCross(10, fast=2, slow=4)
    assert [strategy.on_quote(ts, 100, 100) for ts in range(5)] == [(), (), (), (("buy", 10),), ()]


def test_a_change_of_side_closes_then_opens() -> None:
    strategy = EmaCross(10, fast=1, slow=2)
    assert [strategy.on_quote(ts, px, px) for ts, px in enumerate((100, 90, 80, 120, 120))] == [
        (),
        (("sell", 10),),
        (),
        (("buy", 10), ("buy", 10)),
        (),
    ]


def test_stop_closes_once() -> None:
    strategy = EmaCross(10, fast=1, slow=2)
    assert strategy.on_stop() == ()
    for ts, px in enumerate((100, 90)):
        strategy.on_quote(ts, px, px)
    assert strategy.on_stop() == (("buy", 10),)
    assert strategy.on_stop() == ()


@pytest.mark.parametrize(("qty", "fast", "slow"), [(0, 1, 2), (1, 0, 2), (1, 2, 2), (1, 3, 2)])
def test_settings_that_make_no_sense_are_refused(qty: int, fast: int, slow: int) -> None:
    with pytest.raises(ValueError, match="must be"):
        EmaCross(qty, fast, slow)


def test_it_trades_as_the_reference_run_did(shared: Path) -> None:
    """NautilusTrader's run of the same strategy on OANDA's day: 668 fills, each at its touch and time."""
    reference = shared.parent / "reference" / "nautilustrader_1.231.0_ema_oanda_eurusd_20140502.json"
    if not reference.is_file():
        pytest.skip(f"no reference run in {reference.parent.name}/")
    expected = [
        (fill["ts_event"], fill["side"].lower(), int(fill["qty"]), int(fill["px"].replace(".", "")))
        for fill in json.loads(reference.read_text())["fills"]
    ]
    quotes = read_ticks(shared / "fx/oanda_eurusd_tick_20140502.zip", 0, drop_crossed=True).quotes.tolist()
    strategy = EmaCross(100_000)
    made = [
        (ts_ns, side, qty, ask if side == "buy" else bid)
        for ts_ns, bid, ask in quotes
        for side, qty in strategy.on_quote(ts_ns, bid, ask)
    ]
    ts_ns, bid, ask = quotes[-1]
    made += [(ts_ns, side, qty, ask if side == "buy" else bid) for side, qty in strategy.on_stop()]
    assert len(made) == 668
    assert made == expected


def test_opposite_sides_alternate() -> None:
    """Whatever the prices, what it holds is never more than one order's quantity."""
    strategy = EmaCross(1, fast=2, slow=5)
    held = [0]
    for ts in range(400):
        px = 1_000 + (ts * 7919) % 101
        intents = strategy.on_quote(ts, px, px)
        held.append(held[-1] + sum(1 if side == "buy" else -1 for side, _ in intents))
    assert set(held[5:]) == {-1, 1}
    assert any(before != after for before, after in pairwise(held[5:]))
