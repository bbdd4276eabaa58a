"""Every `nacre` in the documentation is a command that there is, with options that it has, and every other
program of it is one of a short list. tests/integration/test_docs_run.py runs them, or says which test does.
"""

from __future__ import annotations

import itertools
import re
import shlex
from typing import Any

import click
import pytest

from core.cli import root
from tests.support_docs import PAGES, ROOT, blocks

_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
ENDS = ("&", "|", "&&", ";", ">", ">>", "<", ")")
OTHERS = {
    "make",
    "cd",
    "cp",
    "curl",
    "dd",
    "docker",
    "echo",
    "git",
    "grep",
    "kubectl",
    "mkdir",
    "printf",
    "prometheus",
    "python3",
    "sed",
    "touch",
    "tr",
    "truncate",
}
"""Programs that aren't ours."""

COMMANDS = [
    pytest.param(command, id=f"{block.page}:{block.line}:{command[:60]}")
    for block in blocks()
    for command in block.commands()
]


def calls(command: str) -> list[list[str]]:
    """The words after each `nacre` of a line."""
    found: list[list[str]] = []
    words = _words(command)
    for at, word in enumerate(words):
        if word in ("nacre", ".venv/bin/nacre") and (at == 0 or words[at - 1] in (*ENDS, "--", "$(")):
            rest = words[at + 1 :]
            end = next((n for n, each in enumerate(rest) if each in ENDS), len(rest))
            found.append(rest[:end])
    return found


def _words(command: str) -> list[str]:
    lexer = shlex.shlex(
        command.replace('"$(', "$( ").replace(')"', " ) "), posix=True, punctuation_chars="&|;<>"
    )
    lexer.whitespace_split = True
    lexer.commenters = ""
    return list(lexer)


def check(words: list[str]) -> None:
    """Follow the groups, then hold the words against the command's parameters. AssertionError."""
    command: click.Command = root
    context = click.Context(root, info_name="nacre")
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        name = rest.pop(0)
        found = command.get_command(context, name)
        assert found is not None, f"nacre has no {name!r}"
        command, context = found, click.Context(found, info_name=name, parent=context)
    if isinstance(command, click.Group) or "--help" in rest or "-h" in rest:
        return
    _hold(command, context, rest)


def _hold(command: click.Command, context: click.Context, words: list[str]) -> None:
    given, left, _ = command.make_parser(context).parse_args(_without_optional(words))
    assert not left, f"what does {left} mean here?"
    for param in command.get_params(context):
        value: Any = given.get(param.name or "")
        told = value is not None and "UNSET" not in repr(value)
        assert told or not param.required or param.envvar, f"{param.opts} is left out"
        if told and isinstance(param.type, click.Choice | click.IntRange | click.FloatRange):
            for each in value if isinstance(value, list | tuple) else (value,):
                param.type.convert(each, param, context)


def _without_optional(words: list[str]) -> list[str]:
    """`[-o json]` is what may be left out: it is held as if it weren't."""
    return [word.strip("[]") for word in words]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_one(command: str) -> None:
    found = calls(command)
    for words in found:
        try:
            check(words)
        except click.ClickException as wrong:
            raise AssertionError(f"{command}: {wrong.format_message()}") from wrong
    if not found:
        first = command.split()[0]
        assert first in OTHERS or "=" in first or (ROOT / first).exists(), f"what is {first}?"


def _spoken_of() -> set[str]:
    """Commands in the middle of a sentence or a table: `nacre kill all`."""
    text = "\n".join(_FENCED.sub("", page.read_text()) for page in PAGES)
    return {" ".join(words.split()) for words in re.findall(r"`(?:\.venv/bin/)?nacre ([a-z][^`]*)`", text)}


def spoken(words: list[str]) -> None:
    """It and its options are there; what else it takes may be left out in a sentence. AssertionError."""
    command: click.Command = root
    rest = [word.strip("[]") for word in words]
    while isinstance(command, click.Group) and rest and re.fullmatch(r"[a-z][a-z-]*", rest[0]):
        name = rest.pop(0)
        found = command.get_command(click.Context(command), name)
        assert found is not None, f"nacre has no {name!r}"
        command = found
    known = {option for param in command.params for option in (*param.opts, *param.secondary_opts)}
    for word in itertools.takewhile(lambda word: word not in ("--", "|", "\\|"), rest):
        name = word.partition("=")[0]
        assert not name.startswith("-") or name in {*known, "--help", "-h"}, f"{command.name} has no {name}"


@pytest.mark.parametrize("words", sorted(_spoken_of()))
def test_a_command_that_is_spoken_of_is_one(words: str) -> None:
    spoken(words.split())


@pytest.mark.parametrize("wrong", ["ordr buy", "order buyy AAPL", "kill all --bye NAME"])
def test_what_is_wrong_in_a_sentence_is_seen(wrong: str) -> None:
    with pytest.raises(AssertionError):
        spoken(wrong.split())


def test_what_is_wrong_is_seen() -> None:
    for wrong in ("order buyy AAPL", "order buy AAPL 1 --limitt 2", "nothing", "bench hop --wait never"):
        with pytest.raises((AssertionError, click.ClickException)):
            check(wrong.split())


def test_words_of_a_line() -> None:
    assert calls("nacre core run --x 1 &") == [["core", "run", "--x", "1"]]
    assert calls("nacre a b | head -3") == [["a", "b"]]
    assert calls('eval "$(nacre completion bash)"') == [["completion", "bash"]]
    assert calls("cp -r day bad") == []
