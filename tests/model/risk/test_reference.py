"""Random days through the core and through plain Python: the same denials, alerts and states, with the
same numbers."""

from __future__ import annotations

import io
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from core.scenario.runner import run

from .random_day import Day
from .reference import Reference

DAYS, EVENTS = 150, 120


def of_core(line: dict[str, Any]) -> tuple[Any, ...] | None:
    """What of an output line the reference says too."""
    kind = line["type"]
    if kind == "deny":
        return (
            "deny",
            line["request"],
            line["cl_ord_id"],
            line["reason"],
            number(line["limit"]),
            number(line["value"]),
            line.get("soft", False),
        )
    if kind == "risk_state":
        return "risk_state", line["scope"], line["key"], line["state"], line["reason"]
    if kind == "alert":
        if line["reason"] == "override":
            return "alert", "override", line["check"]
        head = ("alert", line["reason"]) + ((line["check"],) if line["reason"].startswith("limit_") else ())
        return (*head, number(line["limit"]), number(line["value"]))
    return None


def number(text: str) -> Any:
    try:
        return Fraction(text)
    except ValueError:
        return text


def close(want: Any, got: Any) -> bool:
    """The same, where numbers are shown in fewer digits than there are."""
    if isinstance(want, Fraction) and isinstance(got, Fraction):
        return abs(want - got) <= Fraction(1, 10**4) / 2
    if isinstance(want, tuple) and isinstance(got, tuple):
        return len(want) == len(got) and all(close(w, g) for w, g in zip(want, got, strict=True))
    return bool(want == got)


def core_says(lines: list[dict[str, Any]], path: Path) -> dict[int, list[tuple[Any, ...]]]:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    out, err = io.StringIO(), io.StringIO()
    assert run(path, out, err) == 0, err.getvalue()
    said: dict[int, list[tuple[Any, ...]]] = {}
    for text in out.getvalue().splitlines():
        line = json.loads(text)
        if (told := of_core(line)) is not None:
            said.setdefault(line["line"], []).append(told)
    return said


@pytest.mark.parametrize("seed", range(DAYS))
def test_a_random_day_is_judged_alike(seed: int, tmp_path: Path) -> None:
    day, reference = Day(seed), Reference()
    lines = []
    want: dict[int, list[tuple[Any, ...]]] = {}
    for number_, line in enumerate(day.lines(0), start=1):
        lines.append(line)
        reference.play(line)
        del number_
    for _ in range(EVENTS):
        line = day._event()
        lines.append(line)
        said = reference.play(line)
        for told in said:
            if told[0] == "deny":
                day.denied(told[2])
        if said:
            want[len(lines)] = said
    got = core_says(lines, tmp_path / "day.jsonl")
    for place in sorted(set(want) | set(got)):
        w, g = sorted(want.get(place, []), key=str), sorted(got.get(place, []), key=str)
        assert close(tuple(w), tuple(g)), (
            f"line {place}: {json.dumps(lines[place - 1])}\n want {w}\n got  {g}"
        )
