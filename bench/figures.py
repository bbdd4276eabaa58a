"""The figures in what a bench found: every number by its place, settings and descriptions left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

QUANTILES = ("p50", "p99", "p999", "p9999", "max")
_SAID = frozenset({
    "machine", "shape", "placement", "wait", "load", "goal", "goals", "count", "seed", "rounds", "blocks",
    "turns", "seen", "processors",
})  # fmt: skip
_NAMES = ("name", "command", "format", "peer", "axis", "books", "policy", "engine")


def figures(found: object, place: str = "") -> Iterator[tuple[str, float]]:
    """(place, value) of each number, depth first. In a list the place is a mapping's name, else the index:
    no two have the same."""
    if isinstance(found, bool) or found is None:
        return
    if isinstance(found, int | float):
        yield place, float(found)
    elif isinstance(found, Mapping):
        for key, value in found.items():
            if key not in _SAID and not str(key).startswith("goal"):
                yield from figures(value, f"{place}.{key}" if place else str(key))
    elif isinstance(found, list | tuple):
        for name, value in _named(found):
            yield from figures(value, f"{place}[{name}]")


def _named(values: Sequence[object]) -> Iterator[tuple[str, object]]:
    """Each by its name; where names don't tell them apart, the index stands behind."""
    names = [_name(value, index) for index, value in enumerate(values)]
    if len(set(names)) < len(names):
        names = [f"{name} {index}" for index, name in enumerate(names)]
    return zip(names, values, strict=True)


def _name(value: object, index: int) -> str:
    if isinstance(value, Mapping):
        parts = [str(value[key]) for key in _NAMES if isinstance(value.get(key), str)]
        return " ".join([*parts, *([str(value["size"])] if "size" in value else [])]) or str(index)
    return str(index)


def curves(found: object, place: str = "") -> Iterator[tuple[str, dict[str, float]]]:
    """(place, quantiles) of each histogram that was told."""
    if isinstance(found, Mapping):
        told = {str(key).removesuffix("_ns"): value for key, value in found.items()}
        if {"p50", "p99"} <= set(told) and isinstance(told["p50"], int | float):
            yield (
                place,
                {key: float(told[key]) for key in QUANTILES if isinstance(told.get(key), int | float)},
            )
            return
        for key, value in found.items():
            yield from curves(value, f"{place}.{key}" if place else str(key))
    elif isinstance(found, list | tuple):
        for name, value in _named(found):
            yield from curves(value, f"{place}[{name}]")
