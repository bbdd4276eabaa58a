"""Curves that orders carry: the trajectory of Almgren and Chriss, volume over the day."""

import math
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest

from core.execution.schedules import WEIGHT_MAX, almgren_chriss, urgency_of, volume_curve, whole_weights

DAY_NS = 86_400 * 10**9


@pytest.mark.parametrize("urgency", ["0.01", "1", "3.5", "20"])
@pytest.mark.parametrize("slices", [1, 2, 10, 44])
def test_the_trajectory_is_that_of_sinh(urgency: str, slices: int) -> None:
    """What is left after each slice is sinh(k (T - t)) / sinh(k T), to the width of a weight."""
    weights = almgren_chriss(Decimal(urgency), slices)
    left, k = 1.0, float(urgency)
    for i, weight in enumerate(weights):
        left -= weight / sum(weights)
        wanted = math.sinh(k * (slices - i - 1) / slices) / math.sinh(k)
        assert left == pytest.approx(wanted, abs=slices / sum(weights))
    assert max(weights) == WEIGHT_MAX
    assert all(first >= second for first, second in pairwise(weights))


def test_no_urgency_is_a_straight_line() -> None:
    assert almgren_chriss(Decimal(0), 5) == [WEIGHT_MAX] * 5


@pytest.mark.parametrize(("urgency", "slices"), [("-1", 5), ("101", 5), ("1", 0), ("1", 45)])
def test_bounds_of_the_trajectory(urgency: str, slices: int) -> None:
    with pytest.raises(ValueError, match="from"):
        almgren_chriss(Decimal(urgency), slices)


def test_the_urgency_costs_least() -> None:
    """Of all urgencies, the one that is found has the least cost + aversion x variance, in their model."""
    aversion, volatility, impact, horizon_s, slices = 1e-6, 0.95, 2.5e-6, 5.0, 5
    found = urgency_of(aversion, volatility, impact, horizon_s, slices)
    step_s = horizon_s / slices

    def objective(urgency: float) -> float:
        left = [math.sinh(urgency * (slices - i) / slices) / math.sinh(urgency) for i in range(slices + 1)]
        paid = sum((a - b) ** 2 for a, b in pairwise(left)) * impact / step_s
        return paid + aversion * volatility**2 * step_s * sum(part**2 for part in left[1:])

    best = objective(found)
    assert all(objective(found * scale) > best for scale in (0.5, 0.9, 0.99, 1.01, 1.1, 2))


def test_an_impact_that_is_all_permanent_has_no_trajectory() -> None:
    with pytest.raises(ValueError, match="permanent"):
        urgency_of(1e-6, 1, impact=1e-6, horizon_s=10, slices=5, permanent=1e-6)


def test_days_lie_over_each_other() -> None:
    hour = 3600 * 10**9
    time_ns = np.array([9 * hour, 10 * hour - 1, 10 * hour, DAY_NS + 9 * hour, 11 * hour], np.int64)
    curve = volume_curve(time_ns, np.array([1.0, 2.0, 4.0, 5.0, 100.0]), 9 * hour, 11 * hour, 2, DAY_NS)
    assert curve == [WEIGHT_MAX, round(WEIGHT_MAX / 2)]


def test_without_volume_there_is_no_curve() -> None:
    with pytest.raises(ValueError, match="nothing traded"):
        volume_curve(np.zeros(1, np.int64), np.ones(1), 1, 2, 1, DAY_NS)


@pytest.mark.parametrize("parts", [[], [0.0, 0.0], [1.0, -1.0]])
def test_parts_that_are_no_curve(parts: list[float]) -> None:
    with pytest.raises(ValueError, match="above 0"):
        whole_weights(parts)
