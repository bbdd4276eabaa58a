"""`bench routing`: what an order that rests gets, the interval of a difference, and a whole run on a made-
up market."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench import routing
from bench.routing_data import Recording
from bench.routing_loop import ROW, Tape
from bench.routing_report import report
from core import messages as m
from core.router.planner import Planner

S = 1_000_000_000


def quote(at: int, bid: int, bid_qty: int, ask: int, ask_qty: int, venue: int = 0) -> tuple[int, ...]:
    return (at * S, bid, bid_qty, ask, ask_qty, venue, m.Kind.QUOTE, 0, 0)


def trade(at: int, px: int, qty: int) -> tuple[int, ...]:
    return (at * S, px, qty, 0, 0, 0, m.Kind.TRADE, 0, 0)


def tape(*rows: tuple[int, ...]) -> Tape:
    made = Tape(Planner([(0, 0)]), np.array(list(rows), ROW), 1)
    made.play(len(rows))
    return made


@pytest.mark.parametrize(
    ("rows", "filled", "left"),
    [
        ((), 0, 0),
        ((trade(1, 100, 30),), 0, 30),  # all of it stood before us
        ((trade(1, 100, 60),), 10, 60),  # 50 before us
        ((trade(1, 100, 60), trade(2, 100, 60)), 20, 70),  # no more than we have
        ((trade(1, 99, 5),), 5, 55),  # through our price: who stood before us is gone
        ((trade(1, 101, 60),), 0, 0),
        ((quote(1, 100, 20, 110, 9), trade(2, 100, 25)), 5, 55),  # some before us left
        ((quote(1, 98, 20, 100, 9),), 9, 59),  # an opposite quote at our price
        ((quote(1, 98, 20, 100, 9), quote(2, 97, 20, 100, 9)), 9, 59),  # the same once more
        ((quote(1, 98, 20, 110, 9), trade(2, 100, 4)), 4, 54),  # ours is the best now
        ((trade(9, 100, 60),), 0, 0),  # after the horizon
    ],
)
def test_what_rests_is_filled_behind_its_queue(
    rows: tuple[tuple[int, ...], ...], filled: int, left: int
) -> None:
    made = tape(quote(0, 100, 50, 110, 50), *rows)
    assert made.rest(0, 1, 5 * S, True, 100, 20, 50) == (filled, left)


def test_a_sale_is_a_purchase_seen_in_a_mirror() -> None:
    made = tape(quote(0, 90, 50, 100, 50), trade(1, 100, 60), trade(2, 101, 3))
    assert made.rest(0, 1, 5 * S, False, 100, 20, 50) == (13, 63)


def test_what_is_taken_is_paid_level_by_level() -> None:
    made = tape(quote(0, 90, 50, 100, 50))
    assert made.taken(0, True, 50) == 5000
    assert made.taken(0, False, 7) == 630
    with pytest.raises(ValueError, match="1 more than it shows"):
        made.taken(0, True, 51)


def test_the_interval_takes_a_stretch_as_one() -> None:
    values = np.array([1.0, 1.0, 3.0, 3.0])
    alone = routing.interval(values, np.arange(4))
    together = routing.interval(values, np.array([0, 0, 1, 1]))
    assert alone["mean_bps"] == together["mean_bps"] == 2.0
    assert together["high_bps"] - 2.0 == pytest.approx(2**0.5 * (alone["high_bps"] - 2.0), abs=1e-3)


def market() -> Recording:
    """Two venues; the second is dearer to trade at and has the better price, by less than that."""
    random = np.random.default_rng(5)
    rows, mid = [], 100_000
    for n in range(4000):
        mid += int(random.integers(-2, 3))
        venue = n % 2
        half = 5 - venue
        rows.append(quote(n, mid - half, 1000, mid + half, 1000, venue))
    fees = ((10_000_000, 10_000_000), (100_000_000, 100_000_000))
    return Recording("made up", ("CHEAP", "DEAR"), fees, np.array(list(rows), ROW), 10, 20 * S, 0)


def test_a_whole_run_finds_what_the_market_was_made_of() -> None:
    found = routing.measure(market(), 600, seed=3)
    assert found["orders"] == 600
    costs = found["mean_cost_bps"]
    assert costs["net"] < costs["sweep"]  # a tick is less than what its fee is more
    assert costs["only CHEAP"] < costs["only DEAR"]
    assert len(found["cells"]) == 6 * (4 + 6)
    against = [cell for cell in found["cells"] if (cell["ours"], cell["against"]) == ("net", "only DEAR")]
    assert [cell["verdict"] for cell in against if cell["size"] != "five"] == ["wins"] * 4
    assert found["losing"] == [cell for cell in found["cells"] if cell["low_bps"] > 0]


def test_the_report_shows_every_cell_and_names_the_losing(tmp_path: Path) -> None:
    found = routing.measure(market(), 600, seed=3)
    found["cells"][0] |= {"mean_bps": 1.5, "low_bps": 1.25, "high_bps": 1.75, "verdict": "loses"}
    found["losing"] = [found["cells"][0]]
    text = report({"recordings": [found]})
    assert text.count("[") >= len(found["cells"])
    assert "- `net` against only CHEAP, buy, under: **1.5000 [1.2500, 1.7500]**" in text


def test_without_recordings_it_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(routing.NoData, match="no EURUSD recordings"):
        routing.run(tmp_path)
