"""The model of a core as a line of queues, against closed forms and against a simulation of single events."""

from __future__ import annotations

import heapq

import numpy as np
import pytest

from bench.queueing import (
    Crossing,
    Noise,
    Pauses,
    Work,
    arrivals_ns,
    best_split,
    departures,
    events_per_s,
    fitted,
    md1_sojourn_ns,
    servers,
    sojourns,
    splits,
    utilisation,
)

NOTHING = Crossing(0.0, 0.0, 0.0)


@pytest.mark.parametrize("load", [0.2, 0.5, 0.8])
def test_one_at_a_time_is_the_textbook_s_queue(load: float) -> None:
    service = 1000.0
    per_s = load * 1e9 / service
    took = sojourns(arrivals_ns(per_s, 60_000, 7), [Work(0.0, service)], 1)
    assert took.mean() == pytest.approx(md1_sojourn_ns(service, per_s), rel=0.06)
    assert took.min() >= service


def test_a_load_that_can_not_be_borne() -> None:
    with pytest.raises(ValueError, match=r"load of 1\.20"):
        md1_sojourn_ns(1000.0, 1.2e6)


def _simulated(arrivals: list[float], line: list[Work], batch: int, hop: float) -> list[float]:
    """The same event by event: what is due next happens next."""
    waiting: list[list[int]] = [[] for _ in line]
    busy = [False] * len(line)
    done = [0.0] * len(arrivals)
    due: list[tuple[float, int, int, list[int]]] = [(at, 0, 0, [i]) for i, at in enumerate(arrivals)]
    heapq.heapify(due)
    while due:
        at = due[0][0]
        while due and due[0][0] == at:
            _, kind, server, events = heapq.heappop(due)
            if kind == 0:
                waiting[server] += events
                continue
            busy[server] = False
            if server + 1 < len(line):
                heapq.heappush(due, (at + hop, 0, server + 1, events))
            else:
                for event in events:
                    done[event] = at
        for server, work in enumerate(line):
            if waiting[server] and not busy[server]:
                some, waiting[server] = waiting[server][:batch], waiting[server][batch:]
                busy[server] = True
                heapq.heappush(due, (at + work.of(len(some)), 1, server, some))
    return done


@pytest.mark.parametrize("load", [0.3, 0.9, 1.5])
def test_a_line_in_batches_is_what_single_events_come_to(load: float) -> None:
    line = [Work(301.0, 503.0), Work(97.0, 611.0), Work(53.0, 211.0)]
    arrivals = arrivals_ns(load * events_per_s(line, 8), 3000, 3)
    found = sojourns(arrivals, line, 8, 151.0) + arrivals
    assert found == pytest.approx(_simulated([float(at) for at in arrivals], line, 8, 151.0))


def test_what_is_there_at_once_goes_at_the_slowest_server_s_rate() -> None:
    line = [Work(100.0, 400.0), Work(200.0, 700.0)]
    done = departures(departures(np.zeros(24_000), line[0], 24), line[1], 24)
    assert 24_000 * 1e9 / done[-1] == pytest.approx(events_per_s(line, 24), rel=0.01)
    assert utilisation(line, 24, events_per_s(line, 24) / 2) == pytest.approx(0.5)


def test_a_fit_goes_through_both_of_its_points_and_below_nothing_never() -> None:
    work = fitted({1: 500.0, 24: 5100.0})
    assert (work.of(1), work.of(24)) == pytest.approx((500.0, 5100.0))
    assert fitted({1: 10.0, 24: 480.0}).fixed_ns == 0.0
    assert fitted({1: 10.0, 24: 5.0}) == Work(10.0, 0.0)


def test_stages_on_processors() -> None:
    stages = [Work(10.0, 100.0), Work(10.0, 300.0), Work(10.0, 200.0)]
    assert servers(stages, (), NOTHING) == [Work(30.0, 600.0)]
    assert servers(stages, (2,), Crossing(5.0, 7.0, 0.0)) == [Work(20.0, 405.0), Work(10.0, 207.0)]
    assert len(list(splits(5, 3))) == 6
    cuts, line = best_split(stages, 2, NOTHING, 24)
    assert (cuts, len(line)) == ((2,), 2)
    assert best_split(stages, 64, NOTHING, 24)[0] == (1, 2)


def test_a_crossing_that_costs_more_than_it_gives_is_not_made() -> None:
    stages = [Work(0.0, 100.0), Work(0.0, 100.0)]
    assert best_split(stages, 2, Crossing(500.0, 500.0, 0.0), 24)[0] == ()


def test_arrivals_at_random_rise_and_have_their_rate() -> None:
    times = arrivals_ns(1e6, 50_000, 1)
    assert times[0] == 0
    assert bool((np.diff(times) >= 0).all())
    assert 50_000 * 1e9 / float(times[-1]) == pytest.approx(1e6, rel=0.02)


PAUSES = Pauses(np.array([100.0, 130.0]), np.array([0.0, 50.0, 57.0]))
"""After 100 ns of work it stands still until 150, after 30 more, at 180, until 187."""


@pytest.mark.parametrize(
    ("at", "worked"),
    [(0, 0), (99, 99), (100, 100), (120, 100), (150, 100), (151, 101), (180, 130), (184, 130), (200, 143)],
)
def test_a_processor_that_stands_still_has_worked_less(at: float, worked: float) -> None:
    assert PAUSES.worked(np.array([float(at)])).tolist() == [worked]
    if worked not in (100, 130):  # so much it has worked all through a pause
        assert PAUSES.when(np.array([float(worked)])).tolist() == [at]


def test_what_a_processor_is_at_is_done_later_by_what_it_stands_still() -> None:
    arrivals = np.array([0.0, 90.0, 120.0, 300.0])
    took = sojourns(arrivals, [Work(0.0, 20.0)], 1, pauses=[PAUSES])
    assert took.tolist() == [20.0, 70.0, 60.0, 20.0]


def test_without_pauses_all_is_as_it_was() -> None:
    line = [Work(301.0, 503.0), Work(97.0, 611.0)]
    arrivals = arrivals_ns(0.7 * events_per_s(line, 8), 2000, 3)
    never = Noise(1e9, np.empty(0)).pauses(1e12, np.random.default_rng(1))
    assert np.array_equal(sojourns(arrivals, line, 8, 9.0, [never, never]), sojourns(arrivals, line, 8, 9.0))


def test_pauses_at_random_are_as_often_and_as_long_as_those_that_were_met() -> None:
    noise = Noise(1e6, np.array([10.0, 30.0])) + Noise(3e6, np.array([20.0, 20.0]))
    pauses = noise.pauses(1e9, np.random.default_rng(2))
    assert len(pauses.worked_ns) == pytest.approx(1000, rel=0.1)  # 4 in 4e6 ns
    assert pauses.lost_ns[-1] / len(pauses.worked_ns) == pytest.approx(20.0, rel=0.1)
    assert bool((np.diff(pauses.worked_ns) >= 0).all())
    at = np.sort(np.random.default_rng(3).uniform(0, 1e9, 500))
    worked = pauses.worked(at)
    assert bool((np.diff(worked) >= 0).all())
    assert bool((pauses.when(worked) <= at + 1e-3).all())
