"""The kernel's clock: who keeps it, and how often it was set."""

from __future__ import annotations

from core.clock_sync import STEP_NS, ClockSync, Steps, clock_sync, told


def test_the_kernel_tells_in_its_own_units() -> None:
    assert told(0x2001, -1500, 3) == ClockSync(True, -1500, 3000)
    assert told(0x0001, -15, 3) == ClockSync(True, -15_000, 3000)
    assert told(0x0040, 0, 16_000_000) == ClockSync(False, 0, 16_000_000_000)


def test_this_machine_answers_or_does_not() -> None:
    found = clock_sync()
    assert found is None or found.error_ns >= 0


def test_steps_and_leaps_are_counted_and_slewing_is_not() -> None:
    steps = Steps()
    realtime, monotonic = 1_800_000_000 * 10**9, 10**9
    steps.look(realtime, monotonic)
    begun = steps.count
    second = 10**9
    assert steps.look(realtime + second + STEP_NS // 20, monotonic + second) == begun  # 0.5 ms a second
    assert steps.look(realtime + 3 * second, monotonic + 2 * second) == begun + 1
    assert steps.last_ns > 0
    assert (
        steps.look(realtime + 2 * second, monotonic + 3 * second) == begun + 2
    )  # a leap second that is taken back
    assert steps.last_ns < 0
