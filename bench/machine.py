"""What a figure is worth nothing without: the machine, and where on it the bench ran."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_CLOCK = Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")
_TOPOLOGY = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"


class TooFewProcessors(Exception):
    """The bench needs more processors than this process may use; the message says how many."""


class NoData(Exception):
    """The folder doesn't hold the recordings; the message names one that is missing."""


class NoEngine(Exception):
    """No container engine, or not the images; the message says what to do."""


def machine() -> dict[str, Any]:
    """Processor model, how many there are, kernel, clock source."""
    return {
        "processor": _model(),
        "processors": os.cpu_count(),
        "kernel": platform.release(),
        "clock_source": _read(_CLOCK) or "unknown",
    }


def usable() -> list[int]:
    """The processors that this process may run on."""
    return sorted(os.sched_getaffinity(0))


def choose_two() -> tuple[int, int]:
    """Two processors for two processes: on two cores, where there are two. TooFewProcessors."""
    found = usable()
    if len(found) < 2:
        raise TooFewProcessors(
            f"two pinned processes need 2 processors, this one may use {len(found)} ({found}): "
            "give it more (taskset, cpuset), or run on another machine"
        )
    first = found[0]
    beside = siblings(first)
    return first, next((cpu for cpu in found[1:] if cpu not in beside), found[1])


def siblings(cpu: int) -> set[int]:
    """The processors that are hardware threads of the same core; empty where the kernel doesn't say."""
    named: set[int] = set()
    for part in (_read(Path(_TOPOLOGY.format(cpu))) or "").split(","):
        first, _, last = part.partition("-")
        if first:
            named |= set(range(int(first), int(last or first) + 1))
    return named


@contextmanager
def pinned(cpu: int) -> Iterator[None]:
    """This process on one processor while the block runs."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _model() -> str:
    for line in (_read(Path("/proc/cpuinfo")) or "").splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "Hardware", "cpu model"):
            return value.strip()
    return platform.machine()


def _read(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except OSError:
        return None
