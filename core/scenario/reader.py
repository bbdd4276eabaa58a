"""Read a scenario file whole and check it, before any of it is run.

    for line in read("day.jsonl"): ...

The first error of the file raises ScenarioError, whose text is `FILE:LINE: what`.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from core.scenario.declared import Declared
from core.scenario.schema import Data
from core.scenario.values import convert, parse_object

type Source = str | os.PathLike[str] | IO[bytes] | IO[str]


@dataclass(slots=True, frozen=True)
class Line:
    """One event of a file.

    number: the physical line, from 1. at: ns since the epoch, carried forward from the line before, first 0.
    data: every key of the type but `type` and `at`, defaults filled in; None where a key has no default.
    """

    number: int
    at: int
    type: str
    data: Data


class ScenarioError(Exception):
    """What is wrong with a file, and where; as text `FILE:LINE: what`."""

    def __init__(self, file: str, line: int, what: str) -> None:
        super().__init__(file, line, what)
        self.file = file
        self.line = line
        self.what = what

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


def read(source: Source, name: str | None = None) -> list[Line]:
    """All events of a file, in order. `source` is a path, "-" for standard input, or an open stream.

    `name` is what errors call the file; without it, the path, or "-". Raises ScenarioError for the first
    error of the file, OSError where it can't be read.
    """
    raw, known_as = _bytes(source)
    file = known_as if name is None else name
    lines: list[Line] = []
    declared = Declared()
    at = 0
    for number, physical in enumerate(raw.split(b"\n"), 1):
        try:
            for text in content(physical):
                lines.append(_line(number, text, at if lines else None, declared))
                at = lines[-1].at
        except ValueError as error:
            raise ScenarioError(file, number, str(error)) from None
    return lines


def _bytes(source: Source) -> tuple[bytes, str]:
    """The bytes of the source, and what it is called."""
    if isinstance(source, str) and source == "-":
        return sys.stdin.buffer.read(), "-"
    if isinstance(source, str | os.PathLike):
        return Path(source).read_bytes(), os.fspath(source)
    content = source.read()
    name = getattr(source, "name", "-")
    known_as = name if isinstance(name, str) else "-"
    return (content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content), known_as


def content(physical: bytes) -> Iterator[str]:
    """The text of a physical line; nothing for a blank line and a comment. ValueError if it isn't UTF-8."""
    try:
        text = physical.decode()
    except UnicodeDecodeError as error:
        byte = physical[error.start]
        raise ValueError(f"not UTF-8: byte 0x{byte:02x} at column {error.start + 1}") from None
    if text.startswith("\ufeff"):
        raise ValueError("not JSON: begins with a byte order mark; save the file without it")
    text = text.strip(" \t\r")
    if text and not text.startswith("#"):
        yield text


def _line(number: int, text: str, before: int | None, declared: Declared) -> Line:
    """One event, checked; `before` is the time of the line before, in ns, None at the first."""
    line_type, at, data = convert(parse_object(text))
    if at is None:
        at = before or 0
    elif before is not None and at < before:
        raise ValueError(f"at: time goes back, from {before} to {at} ns")
    declared.check(line_type, data)
    declared.add(line_type, data)
    return Line(number, at, line_type, data)
