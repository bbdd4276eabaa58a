"""Whether a file runs a command of the documentation, as docs_pages.py says that it does.

It must be a test, or what a make target runs, and it must have the command's words: `nacre standby serve ...`
wants `standby serve`, in one string or as words of a list.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click

from core.cli import root
from tests.support_docs import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()
_NOT_WORDS = re.compile(r"[\"'`,()\[\]{}|&;=\s]+")


def what_is_wrong(command: str, place: str) -> str:
    """Why that place doesn't run the command; empty: it does."""
    name, _, function = place.partition("::")
    path = ROOT / name
    if not path.is_file():
        return f"there is no {name}"
    if not _is_run(path):
        return f"neither pytest nor a make target runs {name}"
    text = path.read_text()
    if function and not re.search(rf"^def {re.escape(function)}\b", text, re.MULTILINE):
        return f"{name} has no {function}"
    said = f" {_NOT_WORDS.sub(' ', text)} "
    ways = _ways(command)
    if any(all(f" {words} " in said for words in way) for way in ways):
        return ""
    return f"{name} doesn't say {' or '.join(', '.join(way) for way in ways)}"


def _is_run(path: Path) -> bool:
    """By pytest; by a make target, or by a script that one runs."""
    told = path.relative_to(ROOT)
    if told.parts[0] == "tests" and told.name.startswith("test_"):
        return True
    module = ".".join(told.with_suffix("").parts)
    helps = any(
        re.search(rf"\b{re.escape(told.stem)}\b", test.read_text()) for test in path.parent.rglob("test_*.py")
    )
    return helps or str(told) in MAKEFILE or module in MAKEFILE or f" {told.name}\n" in MAKEFILE


def _ways(command: str) -> list[tuple[str, ...]]:
    """How a test may say it, any of them: words in a row each, which must all be there."""
    words = [word for word in shlex.split(command.strip("& ")) if not re.match(r"[A-Z_]+=", word)]
    program = words[0].rpartition("/")[2]
    if program == "nacre":
        group, *rest = _command_path(words[1:])
        if not rest:  # a word alone says little: its first option, too
            return [(group, *[word for word in words[2:] if word.startswith("--")][:1])]
        return [(" ".join((group, *rest)),), (group, " ".join(rest))]  # a helper may have the group
    if program == "make":
        return [(way,) for way in _of_target(words[1])]
    if (ROOT / words[0]).is_file():
        return [(program,)]
    return [(f"{program} {words[1].partition('=')[0]}",)] if len(words) > 1 else [(program,)]


def _command_path(words: list[str]) -> list[str]:
    """The groups and the command that the words begin with."""
    found: list[str] = []
    at: click.Command | None = root
    for word in words:
        if not isinstance(at, click.Group):
            break
        at = at.get_command(click.Context(at), word)
        found.append(word)
    return found


def _of_target(target: str) -> list[str]:
    """A target's name, or the programs that its recipe runs."""
    recipe = re.search(rf"^{re.escape(target)}:.*\n((?:\t.*\n)*)", MAKEFILE, re.MULTILINE)
    assert recipe is not None, f"there is no target {target}"
    files = re.findall(r"[\w.-]+(?:/[\w.-]+)+\.\w+", recipe[1])
    modules = re.findall(r"-m (\w+(?:\.\w+)+)", recipe[1])
    return [f"make {target}", target, *files, *modules]
