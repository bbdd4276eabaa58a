"""What the model tells of more processors, and a core on one processor that is fed by its loop."""

from __future__ import annotations

import inspect
from functools import partial

import numpy as np
import pytest

from bench import model
from bench.machine import usable
from bench.model_core import BATCH, STAGES, Line, rows
from bench.queueing import Crossing, Noise, Work, arrivals_ns, events_per_s, sojourns

QUIET = Noise(1e9, np.empty(0))


def test_more_processors_are_used_as_long_as_they_give_something() -> None:
    stages = [Work(20.0, 100.0)] * len(STAGES)
    told = model.table(stages, Crossing(20.0, 30.0, 200.0), QUIET, 0.9, 1)
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


def test_a_line_goes_through_turns_with_as_many_events() -> None:
    turns = [(n, 300 + 50 * n) for n in (1, 1, 1, 2, 2, 24, 24, 24)]
    work = model.work_of(np.array([*turns, (1, 90_000), (24, 1500)]))
    assert work.fixed_ns == pytest.approx(300.0)
    assert work.each_ns == pytest.approx(50.0)
    assert model.work_of(np.array([(24, 4800)] * 3)) == Work(0.0, 200.0)


def test_what_a_turn_takes_too_long_is_a_pause() -> None:
    noise = model.noise_of(np.array([(1, 350), (2, 400), (1, 20_350), (24, 1600)]), Work(300.0, 50.0))
    assert noise.lengths_ns.tolist() == [20_000.0]
    assert noise.watched_ns == 350 + 400 + 350 + 1600


def test_the_beginning_of_a_play_is_left_out_and_turns_that_did_nothing() -> None:
    turns = np.array([(model.SETTLE, 1), (24, 2), (0, 3), (1, 4)])
    assert model._settled(turns).tolist() == [[24, 2], [1, 4]]


def test_tries_that_lost_a_processor_are_left_out_where_there_are_others() -> None:
    def a_try(was_interrupted: bool) -> model.Try:
        return model.Try(
            model.Sample([], 0.0, [], was_interrupted=False), np.empty(0), np.empty(0), was_interrupted
        )

    good, bad = a_try(was_interrupted=False), a_try(was_interrupted=True)
    assert model.undisturbed([good] * 3 + [bad]) == [good] * 3
    assert model.undisturbed([good, bad]) == [good, bad]


def test_what_was_made_by_the_model_is_what_the_model_says() -> None:
    """Tries that are played through the line itself, with its pauses: rate and latencies are found again."""
    line = [Work(300.0, 600.0), Work(200.0, 500.0)]
    noise = [Noise(1e9, np.full(400, 30_000.0)), Noise(1e9, np.full(300, 20_000.0))]
    chance = np.random.default_rng(9)

    def tries(planned: np.ndarray) -> list[model.Try]:
        pauses = [each.pauses(planned[-1] * 3 + 1e9, chance) for each in noise]
        took = sojourns(planned, line, BATCH, 100.0, pauses)[model.SETTLE :] + 40.0
        return [
            model.Try(
                model.Sample(line, 80.0, noise, was_interrupted=False), planned, took, was_interrupted=False
            )
        ]

    bursts = [one for _ in range(8) for one in tries(np.zeros(model.BURST, np.int64))]
    assert model._row("rate", model._pairs(bursts, noise, 100.0, 1, model._rate))["within"]
    planned = arrivals_ns(0.6 * events_per_s(line, BATCH), model.OPEN, 4)
    loaded = [one for _ in range(8) for one in tries(planned)]
    for quantile in model.QUANTILES:
        pairs = model._pairs(loaded, noise, 100.0, 2, partial(np.percentile, q=quantile))
        assert abs(model._row("late", pairs)["error"]) < model.GOAL_ERROR


def test_what_goes_to_another_processor_costs_what_both_take_more() -> None:
    stages = [Work(20.0, 100.0)] * len(STAGES)
    cut = 4
    parts = [Work(20.0 * cut, 100.0 * cut + 33.0), Work(20.0 * (len(STAGES) - cut), 1.0)]
    crossing = model._crossing(stages, cut, [model.Sample(parts, 0.0, [], was_interrupted=False)] * 3, 95.0)
    assert crossing.out_ns == pytest.approx(33.0)
    assert (crossing.in_ns, crossing.hop_ns) == (0.0, 95.0)


def test_there_are_orders_for_as_many_blocks_as_usual_and_more_are_refused() -> None:
    assert model.most_blocks() >= inspect.signature(model.run).parameters["blocks"].default
    with pytest.raises(ValueError, match="there are orders for"):
        model.run(blocks=model.most_blocks() + 1)


def test_a_core_takes_what_is_fed_and_each_order_is_done() -> None:
    with Line([STAGES], usable()[:1]) as line:
        done = line.play(np.zeros(200, np.int64))
        assert len(done) == 200
        assert done[0] > 0
        assert bool((np.diff(done) >= 0).all())
        steps = line.ask("steps", batch=BATCH, count=3)
        assert steps["ok"]
        assert len(steps["ns"]) == len(STAGES) + 1
        assert line.ask("idle", count=3)["ns"] > 0
        turns = line.turns[0]
        assert int(turns[:, 0].sum()) == 200
        assert int(turns[:, 1].sum()) <= done[-1]
        told = line.told()
        assert told["events"] == told["fed"] == rows(1, 1)[1] + 200 + 3 * BATCH
        assert model._right(line, 1)
