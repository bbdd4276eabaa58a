"""The shell commands of the README and of docs/, as they stand in their blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
_BLOCK = re.compile(r"^```(sh|console|bash)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """Of a page, the line after its fence, and its text."""

    page: str
    line: int
    text: str

    def commands(self) -> Iterator[str]:
        """A command each: continued lines are one, comments and blank lines none."""
        for line in self.text.replace("\\\n", " ").splitlines():
            command = _without_comment(line).strip()
            if command:
                yield command


def blocks() -> list[Block]:
    found = []
    for page in PAGES:
        text = page.read_text()
        for match in _BLOCK.finditer(text):
            line = text.count("\n", 0, match.start(2)) + 1
            found.append(Block(str(page.relative_to(ROOT)), line, match[2]))
    return found


def _without_comment(line: str) -> str:
    """A # begins one where it stands at a word's beginning, outside of quotes."""
    quote = ""
    for at, letter in enumerate(line):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter == "#" and (at == 0 or line[at - 1] in " \t"):
            return line[:at]
    return line
