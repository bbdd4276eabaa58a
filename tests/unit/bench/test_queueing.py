"""The model of a core as a line of queues, against closed forms and against a simulation of single events."""

from __future__ import annotations

import heapq

import numpy as np
import pytest

from bench.queueing import (
    Crossing,
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
