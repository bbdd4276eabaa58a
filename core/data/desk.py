"""Our orders among a recording: a scenario's lines that are played with it, at their times.

The recording declares instruments and venues; the lines may set how a venue works (`venue`, without `mode`
and `symbols`: it is simulated), and have all else that a scenario has. A line at T comes before the
market's events at T.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from core import messages as m
from core.backtest.recorded import Recorded
from core.scenario.directory import Directory
from core.scenario.encoder import Encoder
from core.scenario.printer import Printer
from core.scenario.reader import Line, ScenarioError, read
from core.scenario.values import parse_object

type Declared = list[dict[str, Any]]
NEVER = (1 << 63) - 1
SOURCE_DESK = 0
_AT = int(m.HEADER.fields["kind"][1]) if m.HEADER.fields else 0
_KIND = slice(_AT, _AT + 2)
_SILENT = frozenset({m.Kind.QUOTE, m.Kind.DEPTH, m.Kind.TRADE, m.Kind.SIMULATE})
"""What a recording is made of: it prints nothing itself."""


def take(path: Path, declared: Declared) -> tuple[Declared, list[Line]]:
    """The recording's declarations with the file's settings of venues, and the file's other lines.

    ScenarioError: what is bad, by the file's own line.
    """
    settings: dict[str, dict[str, Any]] = {}
    kept: list[str] = []
    known = {line["venue"] for line in declared if line["type"] == "venue"}
    for number, text in enumerate(path.read_text().splitlines(), 1):
        found = _venue(path, number, text)
        if found is None:
            kept.append(text)
            continue
        kept.append("")
        if found.get("venue") not in known:
            told = f"venue {found.get('venue')!r}: not among the recording's: {', '.join(sorted(known))}"
            raise ScenarioError(str(path), number, told)
        settings[found["venue"]] = {key: found[key] for key in found if key not in ("mode", "symbols", "at")}
    made = [line | settings.get(line["venue"], {}) | {"mode": "match"} if line["type"] == "venue" else line
            for line in declared]  # fmt: skip
    return made, _read(path, made, kept)


def _venue(path: Path, number: int, text: str) -> dict[str, Any] | None:
    """The object of a venue's line, else None."""
    if '"venue"' not in text or text.lstrip().startswith("#"):
        return None
    try:
        found = parse_object(text)
    except ValueError as error:
        raise ScenarioError(str(path), number, str(error)) from None
    return found if found.get("type") == "venue" else None


def _read(path: Path, declared: Declared, kept: list[str]) -> list[Line]:
    """The file's lines, read behind the declarations that they refer to."""
    before = [json.dumps(line) for line in declared]
    try:
        lines = read(io.StringIO("\n".join([*before, *kept])), str(path))
    except ScenarioError as error:
        raise ScenarioError(str(path), max(error.line - len(before), 1), error.what) from None
    return [replace(line, number=line.number - len(before)) for line in lines if line.number > len(before)]


class Desk:
    """The lines that wait for their time, and what the core says to them."""

    def __init__(
        self, lines: list[Line], directory: Directory, encoder: Encoder, write: Callable[[Any], None]
    ) -> None:
        self.waiting = lines[::-1]
        self.encoder = encoder
        self.directory = directory
        self.write = write
        self.core: Recorded | None = None
        self.printer: Printer | None = None

    def begin(self, core: Recorded) -> None:
        self.core = core
        self.printer = Printer(self.directory, core.core.egress.id_bytes, self.write)

    def page(self, raw: bytes) -> None:
        """An event was handled: its lines, if it has any."""
        if self.printer is not None and int.from_bytes(raw[_KIND], "little") not in _SILENT:
            self.printer.page(raw)

    @property
    def due_ns(self) -> int:
        """When the next line is due."""
        return self.waiting[-1].at if self.waiting else NEVER

    def until(self, at: int) -> None:
        """Feeds the lines at or before that time."""
        while self.waiting and self.waiting[-1].at <= at:
            self._feed(self.waiting.pop())

    def end(self) -> None:
        """The recording is over: the lines that are left, and what was said last."""
        self.until(NEVER)
        if self.printer is not None:
            self.printer.flush()

    def _feed(self, line: Line) -> None:
        assert self.core is not None
        assert self.printer is not None
        self.printer.line = line.number
        for event in self.encoder.encode(line):
            self.core.feed(event.kind, line.at, event.request, event.session, SOURCE_DESK)
        self.printer.flush()
