"""Tiny forms of the bench's questions: they assert counts and states, never times."""

from __future__ import annotations

import pytest

from bench.machine import usable
from bench.orders import Shape


@pytest.fixture
def two_processors() -> None:
    if len(usable()) < 2:
        pytest.skip("two pinned processes need two processors")


@pytest.fixture
def tiny() -> Shape:
    return Shape(symbols=5, accounts=2, live=500, new=300, filled=200, quotes=400, seed=3)
