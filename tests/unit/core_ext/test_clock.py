"""Clocks: they agree with Python's and never run backwards. No durations are asserted but their order."""

import time

import pytest

from core_ext import clock


def test_the_clocks_are_the_systems_clocks() -> None:
    before, between, after = time.time_ns(), clock.now(), time.time_ns()
    assert before <= between <= after
    before, between, after = time.monotonic_ns(), clock.monotonic(), time.monotonic_ns()
    assert before <= between <= after


def test_ticks_never_run_backwards() -> None:
    readings = [clock.read_ticks() for _ in range(10_000)]
    assert readings == sorted(readings)


def test_ticks_convert_linearly() -> None:
    rate = clock.calibrate(1_000_000)
    assert rate > 0
    assert clock.ticks_ns(0) == 0
    assert clock.ticks_ns(10**9) == pytest.approx(10**9 * rate, rel=1e-6)
    assert clock.ticks_ns(-(10**9)) == pytest.approx(-(10**9) * rate, rel=1e-6)
    if not clock.uses_tsc():
        assert rate == 1


def test_a_bad_calibration_is_named() -> None:
    with pytest.raises(ValueError, match="calibration over 5 ns"):
        clock.calibrate(5)
