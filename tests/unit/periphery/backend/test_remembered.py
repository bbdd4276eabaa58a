"""An answer holds for a moment, for all who ask; what failed is asked again."""

from __future__ import annotations

import threading
import time

import pytest

from periphery.backend.remembered import Remembered


def test_it_holds_for_so_long() -> None:
    now = [100.0]
    kept = Remembered[int](5.0, lambda: now[0])
    made = iter(range(10))
    assert [kept.get(lambda: next(made)) for _ in range(3)] == [0, 0, 0]
    now[0] = 104.9
    assert kept.get(lambda: next(made)) == 0
    now[0] = 105.0
    assert kept.get(lambda: next(made)) == 1


def test_what_failed_is_not_kept() -> None:
    kept = Remembered[int](5.0)
    with pytest.raises(OSError, match="away"):
        kept.get(lambda: (_ for _ in ()).throw(OSError("away")))
    assert kept.get(lambda: 7) == 7


def test_many_at_once_ask_once() -> None:
    kept = Remembered[int](60.0)
    count = [0]

    def make() -> int:
        count[0] += 1
        time.sleep(0.05)
        return count[0]

    asking = [threading.Thread(target=kept.get, args=(make,)) for _ in range(8)]
    for each in asking:
        each.start()
    for each in asking:
        each.join()
    assert count[0] == 1
