"""What the model tells of more processors, and a core on one processor that is fed by its loop."""

from __future__ import annotations

import numpy as np

from bench import model
from bench.machine import usable
from bench.model_core import BATCH, STAGES, Line, rows
from bench.queueing import Crossing, Work


def test_more_processors_are_used_as_long_as_they_give_something() -> None:
    stages = [Work(20.0, 100.0)] * len(STAGES)
    told = model.table(stages, Crossing(20.0, 30.0, 200.0), 0.9, 1)
    rates = [row["events_per_s"] for row in told]
    assert [row["size"] for row in told] == list(model.PROCESSORS)
    assert rates == sorted(rates)
    assert (told[0]["used"], told[-1]["used"]) == (2, len(STAGES))
    assert told[-1]["p50_ns"] >= told[0]["p50_ns"] - 2000
    assert told[1]["side_by_side_events_per_s"] == round(1.5 * told[0]["side_by_side_events_per_s"])


def test_a_prediction_is_within_a_fifth_or_it_is_told_that_it_is_not() -> None:
    assert model._row("a", [(119.0, 100.0)])["within"]
    assert model._row("a", [(81.0, 100.0)])["within"]
    assert not model._row("a", [(121.0, 100.0)])["within"]


def test_a_try_is_held_against_what_was_said_of_it() -> None:
    """A machine that is slow in a try is so for both; of one that stood still there are two others."""
    row = model._row("a", [(100.0, 110.0), (200.0, 220.0), (100.0, 9000.0)])
    assert (row["predicted"], row["measured"], row["error"]) == (100.0, 220.0, -0.091)


def test_tries_that_lost_a_processor_are_left_out_where_there_are_others() -> None:
    good, bad = (1.0, 1.0), (1.0, 9.0)
    assert model.undisturbed([(good, False)] * 3 + [(bad, True)]) == [good] * 3
    assert model.undisturbed([(good, False), (bad, True)]) == [good, bad]


def test_a_core_takes_what_is_fed_and_each_order_is_done() -> None:
    with Line([STAGES], usable()[:1]) as line:
        done = line.play(np.zeros(200, np.int64))
        assert len(done) == 200
        assert done[0] > 0
        assert bool((np.diff(done) >= 0).all())
        steps = line.ask("steps", batch=BATCH, count=3)
        turns = line.ask("turns", batch=1, count=3)
        assert (steps["ok"], turns["ok"]) == (True, True)
        assert len(steps["ns"]) == len(STAGES) + 1
        told = line.told()
        assert told["events"] == told["fed"] == rows(1, 1)[1] + 200 + 3 * BATCH + 3
        assert model._right(line, 1)
