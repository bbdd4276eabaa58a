"""A time-out runs while somebody looks, and not while the process itself stands still."""

from __future__ import annotations

import pytest

from core.live import patience
from core.live.patience import Patience


class Clock:
    """Monotonic time as a test wants it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        patch.setattr(patience.time, "monotonic", lambda: self.now)

    def look(self, of: Patience, after: float) -> bool:
        self.now += after
        return of.ends()


def test_it_ends_after_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    found = Patience(1.0)
    assert [clock.look(found, 0.2) for _ in range(5)] == [False] * 4 + [True]
    found.renew()
    assert not clock.look(found, 0.2)


def test_a_long_sleep_counts_as_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    found = Patience(1.0)
    assert not clock.look(found, 3600)
    assert not clock.look(found, 3600)
    assert [clock.look(found, 0.2) for _ in range(3)] == [False, False, True]
