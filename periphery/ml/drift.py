"""Whether a feature's values are still distributed as those that a model learned from."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from periphery.ml.models import library

type Floats = npt.NDArray[np.float64]

SAMPLE = 1000
"""Values of a feature that are kept of those that a model learned from."""
BINS = 10
LEAST_SHARE = 1e-4
"""Of a bin in which there is nothing: its logarithm must be one."""


def sample(values: Floats) -> list[float]:
    """Up to SAMPLE of them, sorted, at even places of their order."""
    ordered = np.sort(values)
    places = np.linspace(0, len(ordered) - 1, min(SAMPLE, len(ordered))).round().astype(np.int64)
    return [float(value) for value in ordered[places]]


def psi(reference: Floats, live: Floats) -> float:
    """Population stability index over the reference's deciles: 0 the same, above 0.25 often a shift."""
    edges = np.unique(np.quantile(reference, np.linspace(0, 1, BINS + 1)[1:-1]))
    was, now = (_shares(edges, values) for values in (reference, live))
    return float(((now - was) * np.log(now / was)).sum())


def _shares(edges: Floats, values: Floats) -> Floats:
    """Of the bins between edges; a value on one belongs to the bin below."""
    counts = np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1)
    return np.asarray(np.maximum(counts / len(values), LEAST_SHARE), np.float64)


def ks(reference: Floats, live: Floats) -> tuple[float, float]:
    """Kolmogorov and Smirnov: the largest distance of the two distributions, and its p by their limit."""
    both = np.concatenate([reference, live])
    was, now = (np.searchsorted(np.sort(each), both, side="right") / len(each) for each in (reference, live))
    distance = float(np.abs(was - now).max())
    size = len(reference) * len(live) / len(both)
    return distance, float(library("scipy.special").kolmogorov(math.sqrt(size) * distance))


def report(reference: dict[str, list[float]], names: list[str], live: Floats) -> dict[str, Any]:
    """By feature, of live values (n, features) in the order of names."""
    found: dict[str, Any] = {"rows": len(live), "psi": {}, "ks": {}, "ks_p": {}}
    for i, name in enumerate(names):
        was = np.array(reference[name], np.float64)
        found["psi"][name] = psi(was, live[:, i])
        found["ks"][name], found["ks_p"][name] = ks(was, live[:, i])
    return found
