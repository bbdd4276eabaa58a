"""Where each setting's word came from: an option, the environment, a line of a file, or nowhere (the
default).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

DEFAULT = "default"
_TABLE = re.compile(r"\s*\[(\[?)\s*([^\]]+?)\s*\]")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")


class Origins:
    """Of one configuration. given: the environment's words by key; said: the options'. prefix: of the names
    in the environment. section: of the file, where it has several.
    """

    def __init__(
        self,
        file: str | None,
        given: Mapping[str, Any],
        said: Mapping[str, Any],
        prefix: str = "NACRE_CORE_",
        section: str = "",
    ) -> None:
        self.file = file
        self._given, self._said, self._prefix = given, said, prefix
        self._section = f"{section}." if section else ""
        self._lines = lines_of(file) if file else {}

    def of(self, key: str) -> str:
        """The place of a key, or of what it is in: `capacity.orders` may be told of by `[capacity]`."""
        top = key.partition(".")[0]
        if top in self._said:
            return f"--{top.replace('_', '-')}"
        if top in self._given:
            return f"{self._prefix}{key.replace('.', '_').upper()}"
        for name in _ever_wider(self._section + key):
            if name in self._lines:
                return f"{self.file}:{self._lines[name]}"
        return self.file or "options"

    def is_set(self, key: str) -> bool:
        """Whether anybody said it."""
        top = key.partition(".")[0]
        return top in self._said or top in self._given or self._section + key in self._lines

    def shown(self, key: str) -> str:
        """The same; `default` where nobody said it."""
        return self.of(key) if self.is_set(key) else DEFAULT


def _ever_wider(key: str) -> Iterator[str]:
    while key:
        yield key
        key = key.rpartition(".")[0]


def lines_of(file: str) -> dict[str, int]:
    """The line of each key and table of a TOML file, by its dotted name; of arrays of tables `name[n]`, from
    1. Empty where the file can't be read or isn't TOML.
    """
    try:
        text = Path(file).read_text()
        tomllib.loads(text)
    except (OSError, ValueError):
        return {}
    found: dict[str, int] = {}
    counts: dict[str, int] = {}
    table = ""
    for number, line in _beginnings(text):
        if (head := _TABLE.match(line)) is not None:
            name = _plain(head[2])
            if head[1]:
                counts[name] = counts.get(name, 0) + 1
                found.setdefault(name, number)
                name = f"{name}[{counts[name]}]"
            table = f"{name}."
            found.setdefault(name, number)
        elif (key := _KEY.match(line)) is not None:
            found.setdefault(table + _plain(key[1]), number)
    return found


def _plain(name: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in name.split("."))


def _beginnings(text: str) -> Iterator[tuple[int, str]]:
    """Each line on which a table or key can begin: not those within a value of several lines."""
    waiting = ""
    for number, line in enumerate(text.splitlines(), 1):
        if not waiting and (not line.strip() or line.lstrip().startswith("#")):
            continue
        if not waiting:
            yield number, line
        waiting += line + "\n"
        if _is_whole(waiting):
            waiting = ""


def _is_whole(text: str) -> bool:
    """Whether a statement ends here: of a file that is TOML, what can be read alone is whole."""
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True
