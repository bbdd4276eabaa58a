"""What the kernel knows of its clock: how far it is off, as NTP or PTP keeps it, and whether anybody keeps
it at all.
"""

from __future__ import annotations

import ctypes
import time
from dataclasses import dataclass

_UNSYNCHRONISED = 0x0040
_NANOSECONDS = 0x2000
STEP_NS = 10_000_000
"""A leap of the clock that is larger than this is a step: slewing does 0.5 ms a second."""


class _Timex(ctypes.Structure):
    """struct timex of <sys/timex.h>, as 64-bit Linux has it."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("time", ctypes.c_long * 2),
        ("tick", ctypes.c_long),
        ("rest", ctypes.c_char * 96),
    )


@dataclass(frozen=True, slots=True)
class ClockSync:
    """synchronised: somebody keeps it. offset_ns: what is still to be slewed; error_ns: how far it may be
    off at most.
    """

    synchronised: bool
    offset_ns: int
    error_ns: int


def clock_sync() -> ClockSync | None:
    """Now; None where the kernel doesn't say."""
    found = _Timex()
    try:
        if ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(found)) < 0:
            return None
    except (AttributeError, OSError):
        return None
    return told(found.status, found.offset, found.maxerror)


def told(status: int, offset: int, error_us: int) -> ClockSync:
    """From the kernel's words: the offset is in ns or µs, the error always in µs."""
    unit = 1 if status & _NANOSECONDS else 1000
    return ClockSync(not status & _UNSYNCHRONISED, offset * unit, error_us * 1000)


class Steps:
    """Counts leaps of the clock between two looks: realtime against the monotonic clock, which nobody
    sets.
    """

    def __init__(self) -> None:
        self.count = 0
        self.last_ns = 0
        self._apart_ns = time.time_ns() - time.monotonic_ns()

    def look(self, realtime_ns: int, monotonic_ns: int) -> int:
        """How many so far. last_ns: of the last one, negative where it went back."""
        apart = realtime_ns - monotonic_ns
        moved, self._apart_ns = apart - self._apart_ns, apart
        if abs(moved) > STEP_NS:
            self.count += 1
            self.last_ns = moved
        return self.count
