"""Queue models against their formulas in floats, and what holds of all of them."""

from __future__ import annotations

import math
from importlib import import_module

import pytest
from hypothesis import given, strategies as st

from tests.model.matching.rules import front_after as naive

module = import_module("core.venues.queue_model")
MODELS = ("risk_averse", "power", "power2", "power3", "log", "log2")
SIZE = st.integers(0, 10**7)


def share(model: str, n: int, front: float, back: float) -> float:
    """hftbacktest's p, in floats."""
    if front + back == 0:
        return 0.0
    if model == "power":
        return back**n / (back**n + front**n)
    if model == "power2":
        return (back / (back + front)) ** n
    if model == "power3":
        return 1 - (front / (front + back)) ** n
    if model == "log":
        return math.log(1 + back) / (math.log(1 + back) + math.log(1 + front))
    return math.log(1 + back) / math.log(1 + back + front)


@pytest.mark.parametrize("model", MODELS[1:])
@given(front=SIZE, back=SIZE, part=st.floats(0, 1), n=st.integers(1, 5))
def test_as_the_formula(model: str, front: int, back: int, part: float, n: int) -> None:
    decrease = int((front + back) * part)
    found = module.front_after(MODELS.index(model), n, 1, front, back, decrease)
    p = share(model, n, front, back)
    wanted = max(0.0, front - (1 - p) * decrease)
    assert abs(found - wanted) <= 2 + decrease * 2e-4


@pytest.mark.parametrize("model", MODELS)
@given(front=SIZE, back=SIZE, part=st.floats(0, 1), n=st.integers(1, 16), lot=st.integers(1, 1000))
def test_never_further_back_and_the_same_as_the_naive_one(
    model: str, front: int, back: int, part: float, n: int, lot: int
) -> None:
    decrease = int((front + back) * part)
    found = module.front_after(MODELS.index(model), n, lot, front, back, decrease)
    left = front + back - decrease
    assert 0 <= found <= front
    assert min(found, left) == min(naive(model, n, lot, front, back, decrease), left)


def test_risk_averse_stays_where_it_is() -> None:
    assert module.front_after(0, 3, 1, 30, 30, 20) == 30


@pytest.mark.parametrize("x", [1, 2, 3, 10, 1000, 2**31, 2**40 + 1, 2**63, 2**64 - 1])
def test_logarithm(x: int) -> None:
    assert abs(module.log2_16(x) / 65536 - math.log2(x)) < 2e-4


@pytest.mark.parametrize("wrong", [(-1, 0, 0, 1), (0, -1, 0, 1), (0, 0, -1, 1), (0, 0, 0, 0)])
def test_what_has_no_meaning_is_refused(wrong: tuple[int, int, int, int]) -> None:
    front, back, decrease, lot = wrong
    with pytest.raises(ValueError, match="from 0"):
        module.front_after(1, 1, lot, front, back, decrease)
