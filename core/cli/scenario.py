"""`nacre scenario`: the core, spoken to in text."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import click

from core.cli.lazy import load
from core.cli.output import BadInput, console, output_option, table

_IN_COLUMNS = ("line", "at", "seq", "type")


@click.group()
def command() -> None:
    """Feed a file of events to the core and print what it does."""


@command.command(short_help="Run a file of events.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@output_option("jsonl", "table")
def run(file: str, output: str) -> None:
    """Run FILE (`-`: standard input) and print what the core does, in the order in which it happened.

    The same file gives the same bytes, always. A file that breaks the rules is refused as a whole: exit 2,
    FILE:LINE and what is wrong on standard error, nothing on standard output. A denied order is no failure.
    """
    play = load("core.scenario", "run")
    try:
        if output == "jsonl":
            sys.exit(play(file, sys.stdout, sys.stderr))
        lines = io.StringIO()
        code = play(file, lines, sys.stderr)
    except OSError as error:
        raise BadInput(f"{Path(file).name}: {error.strerror or error}") from error
    _print_table([json.loads(line) for line in lines.getvalue().splitlines()])
    sys.exit(code)


def _print_table(events: list[dict[str, Any]]) -> None:
    """A row for each printed line: where, when and what, then its other keys in their order."""
    if not events:
        return
    shown = table(*_IN_COLUMNS, "what", numbers=("line", "at", "seq"))
    for event in events:
        rest = {key: value for key, value in event.items() if key not in _IN_COLUMNS}
        shown.add_row(*(str(event.get(key, "")) for key in _IN_COLUMNS), _what(rest))
    console().print(shown)


def _what(values: dict[str, Any]) -> str:
    from rich.markup import escape

    texts = ((key, value if isinstance(value, str) else json.dumps(value)) for key, value in values.items())
    return escape("  ".join(f"{key}={text}" for key, text in texts if text != ""))
