"""Memory and descriptors of processes over time, and whether they grow."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, median
from typing import Any

from scipy.stats import linregress, t as student

MEMORY = {"RssAnon": "private", "RssShmem": "shared", "RssFile": "files"}
"""Lines of /proc/PID/status, in KiB."""
BLOCKS = 12
"""What is seen is cut into so many parts of time; the median of each counts: neighbours hang together."""
WARM_UP = 0.2
"""The part of the time before anything is judged."""
ALLOWED_PART = 0.01
ALLOWED = {"private": 1024.0, "shared": 1024.0, "files": 4096.0, "descriptors": 1.0}
"""Growth in an hour that still counts as none: so much, or a hundredth of the mean. Of files: some segments
of the journal, which come and go.
"""


@dataclass(slots=True)
class Series:
    """One quantity of one process. at: seconds."""

    at: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)


class Watch:
    """Looks at processes now and then."""

    def __init__(self) -> None:
        self.series: dict[tuple[str, int, str], Series] = {}

    def look(self, at: float, pids: Mapping[str, int]) -> None:
        """pids: by name. One that is gone has no more values."""
        for name, pid in pids.items():
            try:
                found = sample(pid)
            except (FileNotFoundError, ProcessLookupError):
                continue
            for what, value in found.items():
                one = self.series.setdefault((name, pid, what), Series())
                one.at.append(at)
                one.values.append(value)

    def slopes(self, seconds: float) -> list[dict[str, Any]]:
        """Of what was there from the warm-up to the end: its growth an hour, and whether that is none."""
        out = []
        for (name, _pid, what), one in self.series.items():
            kept = [
                (at, value) for at, value in zip(one.at, one.values, strict=True) if at >= WARM_UP * seconds
            ]
            blocks = medians(kept)
            if len(blocks) == BLOCKS:
                out.append({"process": name, "what": what, **judged(what, blocks)})
        return out


def sample(pid: int) -> dict[str, float]:
    """Memory by kind in KiB, and open descriptors. OSError: it is gone."""
    found = {}
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        key, _, value = line.partition(":")
        if key in MEMORY:
            found[MEMORY[key]] = float(value.split()[0])
    return {**found, "descriptors": float(len(os.listdir(f"/proc/{pid}/fd")))}


def medians(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """(mean time, median value) of each part; fewer than BLOCKS where there are too few points."""
    size = len(points) // BLOCKS
    parts = [points[i * size : (i + 1) * size] for i in range(BLOCKS)] if size else []
    return [(fmean(at for at, _ in part), median(value for _, value in part)) for part in parts]


def judged(what: str, points: Iterable[tuple[float, float]]) -> dict[str, Any]:
    """The slope's 95 % interval an hour. flat: its upper end is within what is allowed: growth that can't be
    told from none isn't enough.
    """
    at, values = zip(*points, strict=True)
    slope = beside = 0.0  # a line that is level has no error either
    if min(values) < max(values):
        fit = linregress([each / 3600 for each in at], values)
        slope, beside = float(fit.slope), float(student.ppf(0.975, len(at) - 2)) * float(fit.stderr)
    mean, low, high = fmean(values), slope - beside, slope + beside
    allowed = max(ALLOWED[what], ALLOWED_PART * mean)
    return {
        "mean": round(mean, 1), "most": max(values), "slope_per_hour": [round(low, 2), round(high, 2)],
        "allowed_per_hour": round(allowed, 2), "flat": high <= allowed,
        "medians": [round(each) for each in values],
    }  # fmt: skip
