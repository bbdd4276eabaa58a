"""Scenarios whose journal stays, as a core would have left it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.build import SCHEMA_VERSION, build_id
from core.scenario.reader import read
from core.scenario.runner import Scenario
from core_ext.journal import JournalWriter

type Lines = list[dict[str, Any]]


class Played:
    """A scenario that was run; more can be fed to its core before the journal is closed."""

    def __init__(self, folder: Path, lines: Lines) -> None:
        file = folder / "day.jsonl"
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        self.path = folder / "journal"
        self.path.mkdir()
        self.printed: Lines = []
        self.journal = JournalWriter(self.path, schema_version=SCHEMA_VERSION, build_id=build_id())
        read_lines = read(file, "day.jsonl")
        self.scenario = Scenario("day.jsonl", read_lines, self.printed.append, self.journal)
        self.core = self.scenario.recorded.core
        self.scenario.run([self.scenario.encoder.encode(line) for line in read_lines])

    def book(self, **fill: str) -> None:
        """A person books a fill."""
        for event in self.scenario.encoder.booking(fill):
            self.scenario.recorded.feed(event.kind, 0, event.request, event.session, 0)
        self.scenario.printer.flush()

    def line(self, **values: Any) -> None:
        """One more line of the scenario, an order or what happens to an instrument."""
        from core.scenario.reader import Line
        from core.scenario.values import convert

        kind, _, data = convert(values)
        for event in self.scenario.encoder.encode(Line(99, 0, kind, data)):
            self.scenario.recorded.feed(event.kind, 0, event.request, event.session, 0)
        self.scenario.printer.flush()

    def close(self) -> Path:
        """The journal's folder, complete."""
        self.journal.close()
        return self.path


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Lines], Played]:
    """Runs a scenario, its journal in the test's folder."""
    return lambda lines: Played(tmp_path, lines)
