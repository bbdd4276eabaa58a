"""What came of each version's predictions, and whether one did better than the champion."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from periphery.features import said
from periphery.ml import measures

SOURCE = "core/ml"


class BadOutcomes(ValueError):
    """Nothing to compare; the message says why."""


def outcomes(place: Path | str, source: str = SOURCE) -> list[dict[str, Any]]:
    """What an engine of models has said of outcomes; place, source: see periphery.features.said. NotSaid,
    BadOutcomes.
    """
    found = [values for _, values in said.read(str(place), "outcome", source)]
    if not found:
        raise BadOutcomes(f"{place}: no outcome is known yet")
    return found


def compare(found: Iterable[dict[str, Any]], against: int | None = None) -> list[dict[str, Any]]:
    """By version: the scores of all its predictions, and on the rows that it has in common with `against`
    (None: the last champion) the difference of its losses from that one's, with z and p.
    """
    rows_of: dict[int, dict[tuple[str, int], tuple[float, float]]] = defaultdict(dict)
    target: measures.Target = "return"
    horizon = champion = 0
    for each in found:
        target, horizon, champion = each["target"], each["horizon"], each["champion"]
        for version, p in each["predictions"].items():
            rows_of[int(version)][each["symbol"], each["at_ns"]] = (each["outcome"], p)
    base = champion if against is None else against
    return [
        {
            "version": version,
            **measures.scores(target, *_columns(rows, rows)),
            "against": base if version != base and base in rows_of else None,
            **(_against(target, rows, rows_of[base], horizon) if version != base and base in rows_of else {}),
        }
        for version, rows in sorted(rows_of.items())
    ]


def _columns(
    rows: dict[Any, tuple[float, float]], keys: Iterable[Any]
) -> tuple[measures.Floats, measures.Floats]:
    """Outcomes and predictions of the keys."""
    table = np.array([rows[key] for key in keys], np.float64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _against(target: measures.Target, rows: Any, base: Any, horizon: int) -> dict[str, Any]:
    both = [key for key in rows if key in base]
    one, two = (measures.losses(target, *_columns(each, both)) for each in (rows, base))
    found = measures.compared(one, two, horizon - 1)
    names = {"rows": "common", "mean_difference": "difference"}
    return {names.get(key, key): value for key, value in found.items()}
