"""A failing seed with less in it: fewer steps, fewer faults, as long as it still fails."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.simulation import swarm
from core.simulation.runner import Failure, run_seed


@dataclass(frozen=True)
class Shrunk:
    """What still fails, and how."""

    failure: Failure
    options: dict[str, Any]  # in place of the seed's own


def shrink(failure: Failure, folder: Path) -> Shrunk:
    """Tries one fault less at a time, then a shorter run. The first failure where nothing can be left out."""
    chosen = swarm.of(failure.seed)
    best = Shrunk(failure, {})
    steps = min(failure.steps, failure.step)
    for part in ("faults", "astray"):
        for name, weight in getattr(chosen, part).items():
            if weight:
                kept = best.options.get(part, getattr(chosen, part))
                options = best.options | {part: {**kept, name: 0}}
                best = _tried(best, options, steps, folder)
    while best.failure.steps > 1:
        fewer = _tried(best, best.options, best.failure.steps * 3 // 4, folder)
        if fewer is best:
            break
        best = fewer
    return best


def _tried(best: Shrunk, options: dict[str, Any], steps: int, folder: Path) -> Shrunk:
    found = run_seed(best.failure.seed, steps, folder, None, **options).failures
    return Shrunk(found[0], options) if found else best
