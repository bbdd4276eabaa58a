"""A simulated venue to play with: see tests/model/matching/driver.py."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.model.matching.driver import Venue


@pytest.fixture
def venue() -> Venue:
    """Bid 30 at 100, ask 20 at 110."""
    opened = Venue()
    opened.quote(100, 30, 110, 20)
    return opened


@pytest.fixture(scope="session")
def make_venue() -> Callable[..., Venue]:
    return Venue
