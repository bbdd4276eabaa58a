"""The host's clock and disks, for Prometheus: what a core can't see of itself."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from prometheus_client.core import Metric

from core.clock_sync import ClockSync, Steps, clock_sync
from periphery.monitoring.core_metrics import counter, gauge

NS = 1e-9


def of_disks(places: Mapping[str, Path]) -> Iterator[Metric]:
    """Of the file system of each place, by what it is for; one that isn't there is left out."""
    found = {what: stat for what, path in places.items() if (stat := _stat(path)) is not None}
    rows = {what: 1 - stat.f_bavail / (stat.f_blocks or 1) for what, stat in found.items()}
    yield gauge(
        "nacre_disk_used_ratio", "Of the file system: 1 is full.", [({"what": w}, v) for w, v in rows.items()]
    )
    free = [({"what": what}, stat.f_bavail * stat.f_frsize) for what, stat in found.items()]
    yield gauge("nacre_disk_free_bytes", "What may still be written.", free)


def _stat(path: Path) -> os.statvfs_result | None:
    try:
        return os.statvfs(path)
    except OSError:
        return None


def of_clock(steps: Steps, sync: ClockSync | None = None) -> Iterator[Metric]:
    """The kernel's clock, as its keeper (NTP, PTP) leaves it, and how often it was set."""
    sync = clock_sync() if sync is None else sync
    count = steps.look(time.time_ns(), time.monotonic_ns())
    yield counter("nacre_clock_steps", "Leaps of the clock, forth or back.", [({}, count)])
    yield gauge("nacre_clock_last_step_seconds", "The last of them.", [({}, steps.last_ns * NS)])
    if sync is not None:
        yield gauge(
            "nacre_clock_synchronised", "1: somebody keeps the clock.", [({}, int(sync.synchronised))]
        )
        yield gauge(
            "nacre_clock_offset_seconds", "By how much it is known to be off.", [({}, sync.offset_ns * NS)]
        )
        yield gauge("nacre_clock_error_seconds", "By how much it may be off.", [({}, sync.error_ns * NS)])
