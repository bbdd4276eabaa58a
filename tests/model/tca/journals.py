"""Journals of random desks, and of what a core printed while it lived through one."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from core.build import SCHEMA_VERSION, build_id
from core.live.book import Book
from core.recovery import export
from core.recovery.journal import capacity_of
from core.recovery.replay import Replay
from core.scenario.printer import Printer
from core.scenario.reader import read
from core.scenario.runner import Scenario
from core_ext.journal import JournalReader, JournalWriter


def record(text: str, folder: Path) -> None:
    """The journal of a scenario file."""
    with JournalWriter(folder, schema_version=SCHEMA_VERSION, build_id=build_id()) as journal:
        scenario = Scenario("day", read(io.StringIO(text), "day"), lambda line: None, journal)
        scenario.run([scenario.encoder.encode(line) for line in scenario.lines])


def exported(folder: Path) -> list[dict[str, Any]]:
    """Its events, as text has them."""
    out = io.StringIO()
    export(folder, out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def printed(folder: Path) -> list[dict[str, Any]]:
    """The lines of every event of a journal, played again."""
    book = Book()
    book.restore(JournalReader(folder))
    lines: list[dict[str, Any]] = []
    played = Replay(capacity_of(folder))
    printer = Printer(book.directory, played.core.egress.id_bytes, lines.append)
    played.on_page = printer.page
    played.play(JournalReader(folder))
    printer.flush()
    return lines
