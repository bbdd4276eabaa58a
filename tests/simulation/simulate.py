"""Runs seeds: each writes its file under the checkers; run twice again it must print the same bytes."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from core.errors import CoreFault
from core.scenario.runner import run

from .generate import Generator
from .reduce import keep
from .violation import Violation, require

ARTEFACTS = Path(".nacre/simulation")


@dataclass(slots=True)
class Result:
    """What a number of seeds came to."""

    seeds: int = 0
    lines: int = 0
    events: int = 0
    printed: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def add(self, generator: Generator) -> None:
        self.seeds += 1
        self.lines += len(generator.texts)
        self.events += generator.run.checker.events
        for name, count in generator.run.checker.seen.items():
            self.printed[name] = self.printed.get(name, 0) + count

    def __str__(self) -> str:
        printed = ", ".join(f"{name} {count}" for name, count in sorted(self.printed.items()))
        figures = f"{self.seeds} seeds, {self.lines} lines, {self.events} events; printed: {printed}"
        return "\n".join([figures, *self.failures, f"{len(self.failures)} failures"])


def simulate(seed: int, steps: int) -> tuple[Generator, str]:
    """One seed; the generator as far as it came, and what broke, "" if nothing did."""
    generator = Generator(seed)
    try:
        generator.generate(steps)
        check_again(generator.texts, generator.run.printed)
    except (Violation, CoreFault) as wrong:
        return generator, f"{type(wrong).__name__}: {wrong}"
    return generator, ""


def check_again(texts: list[str], printed: list[dict[str, Any]]) -> None:
    """The file is valid, prints the same bytes twice, and the lines that the generator's own run printed."""
    first, second = run_text(texts), run_text(texts)
    require(first == second, "same_bytes", "two runs of one file print different bytes")
    lines = [json.loads(line) for line in first.splitlines()]
    require(lines[-1]["type"] == "end", "same_bytes", "no end line")
    for number, (told, again) in enumerate(zip(printed, lines[:-1], strict=False), start=1):
        require(told == again, "same_lines", f"line {number}: {told}, in the whole file {again}")
    alerts = [line for line in lines[len(printed) : -1] if line["type"] != "alert"]
    require(not alerts, "same_lines", f"printed only by the whole file: {alerts}")


def run_text(texts: list[str]) -> str:
    """What `nacre scenario run` prints for the lines."""
    source = io.StringIO("\n".join(texts) + "\n")
    out, err = io.StringIO(), io.StringIO()
    code = run(cast(Any, source), out, err)  # a stream is read like a file
    require(code == 0, "valid_file", err.getvalue())
    return out.getvalue()


def simulate_many(first: int, seeds: int, steps: int, folder: Path = ARTEFACTS) -> Result:
    """Seeds from `first` on; the file of each that fails is reduced and kept in the folder."""
    result = Result()
    for seed in range(first, first + seeds):
        generator, wrong = simulate(seed, steps)
        result.add(generator)
        if wrong:
            path = keep(folder, seed, generator.texts, wrong)
            result.failures.append(f"seed {seed}, {steps} steps: {wrong[:400]}; reduced: {path}")
    return result
