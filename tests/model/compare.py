"""The core's scenario output against the model: the first difference, and a small file that shows it."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.model.random_fills import Group
from tests.model.reader import read

ROOT = Path(__file__).resolve().parents[2]
Lines = list[dict[str, Any]]
Run = Callable[[str], Lines]
MISSING = "(missing)"


@dataclass(frozen=True)
class Difference:
    """The first field in which the core and the model differ; `line` is the line of the scenario file."""

    line: int
    where: str
    field: str
    expected: object
    found: object

    def __str__(self) -> str:
        """For a person."""
        values = f"expected {self.expected!r}, found {self.found!r}"
        return f"line {self.line}, {self.where}, {self.field}: {values}"


def run_core(text: str) -> Lines:
    """What `scenario run` prints for the file `text`."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "fills.jsonl"
        file.write_text(text)
        command = [sys.executable, "-m", "core.cli", "scenario", "run", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300, check=False)
    assert done.returncode == 0, f"scenario run: exit {done.returncode}\n{done.stderr[-2000:]}"
    return [json.loads(line) for line in done.stdout.splitlines()]


def first_difference(text: str, found: Lines) -> Difference | None:
    """The first difference in position lines, then in the positions and accounts of `end`."""
    expected = read(text.splitlines())
    positions = [(line["line"], line) for line in found if line["type"] == "position"]
    for ours, theirs in itertools.zip_longest(expected.positions, positions):
        number, line = ours or (theirs[0], {})
        found_line = theirs[1] if theirs and theirs[0] == number else {}
        difference = _in_fields(number, "position", line, found_line)
        if difference:
            return difference
    end = found[-1] if found and found[-1]["type"] == "end" else {}
    return _in_end(len(text.splitlines()), "positions", expected.end_positions, end) or _in_end(
        len(text.splitlines()), "accounts", expected.end_accounts, end
    )


def _in_end(number: int, key: str, expected: Iterable[Any], end: dict[str, Any]) -> Difference | None:
    for ours, theirs in itertools.zip_longest(expected, end.get(key, [])):
        difference = _in_fields(number, f"end {key}", ours or {}, theirs or {})
        if difference:
            return difference
    return None


def _in_fields(number: int, kind: str, ours: dict[str, Any], theirs: dict[str, Any]) -> Difference | None:
    """The first of our fields that differs; a line that only one side has differs in `account`."""
    names = list(ours) or ["account"]
    where = " ".join([kind, *(str((ours or theirs).get(key, "")) for key in ("account", "symbol"))]).rstrip()
    for name in names:
        if ours.get(name, MISSING) != theirs.get(name, MISSING):
            return Difference(number, where, name, ours.get(name, MISSING), theirs.get(name, MISSING))
    return None


def as_text(groups: Iterable[Group]) -> str:
    """The scenario file of the groups."""
    return "".join(f"{line}\n" for group in groups for line in group)


def shrink(groups: list[Group], run: Run, budget: int = 60) -> tuple[list[Group], Difference | None]:
    """Take out groups (never the declarations) in ever smaller chunks while some difference stays."""

    def difference(candidate: list[Group]) -> Difference | None:
        text = as_text(candidate)
        return first_difference(text, run(text))

    kept, worst = groups, difference(groups)
    chunk = len(groups) - 1
    while worst and chunk and budget:
        start = 1
        while start < len(kept) and budget:
            candidate = kept[:start] + kept[start + chunk :]
            budget -= 1
            still = difference(candidate)
            kept, worst = (candidate, still) if still else (kept, worst)
            start += 0 if still else chunk
        chunk //= 2
    return kept, worst


def check(groups: list[Group], run: Run) -> None:
    """Raise with the first difference, and with the smallest file found that shows one."""
    text = as_text(groups)
    difference = first_difference(text, run(text))
    if difference is None:
        return
    ends = list(itertools.accumulate(len(group) for group in groups))
    until = next(n for n, end in enumerate(ends, 1) if end >= difference.line)
    kept, smallest = shrink(groups[:until], run)
    small = as_text(kept[1:])
    raise AssertionError(f"{difference}\nshrunk: {smallest}\nafter the declarations:\n{small}")
