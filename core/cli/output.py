"""What all commands share: the option -o, tables and JSON on standard output, words on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_NO_CORE = 3

EXIT_CODES = {
    EXIT_OK: "done, and all checks held",
    EXIT_FAILED: "a check failed, or the core said no",
    EXIT_BAD_INPUT: "wrong usage or bad input",
    EXIT_NO_CORE: "no core to talk to",
}
"""What a command's end means; docs/command.md says it at length."""

LONG = 6
"""A mapping in a mapping with more than so many entries has a table of its own."""

SINCE_NS = 10**18
"""A number of ns beyond it is a time (of 2001 and later), not how long something took."""

WIDTH = 100
"""Columns of a table where standard output is no terminal."""


class BadInput(click.ClickException):
    """What was given can't be used; the message says what, the exit code is 2."""

    exit_code = EXIT_BAD_INPUT


def output_option(*formats: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The option -o with the formats that a command can write; the first is the default."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="How to write the result.",
    )


def say(text: str) -> None:
    """One line of chatter, on standard error."""
    click.echo(text, err=True)


def write_json(value: object) -> None:
    """One JSON document on standard output, keys in their own order."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def banner(is_live: bool, words: str = "") -> str:
    """What stands above every table of a core's: LIVE in red or SIM in blue."""
    mode = "[bold white on red] LIVE [/]" if is_live else "[bold white on blue] SIM [/]"
    return f"{mode} {words}".rstrip()


def counted(count: int, what: str) -> str:
    """A count and its noun: counted(1, "order") is "1 order", counted(2000, "order") "2,000 orders"."""
    return f"{count:,} {what if count == 1 else f'{what}s'}"


def console() -> Console:
    """A console on standard output, as wide as the terminal, or WIDTH where there is none."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else WIDTH
    return Console(file=sys.stdout, width=width, highlight=False, soft_wrap=False, emoji=False)


def table(*columns: str, numbers: Sequence[str] = (), title: str | None = None) -> Table:
    """An empty table; the columns named in `numbers` stand to the right."""
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False)
    for column in columns:
        made.add_column(column, justify="right" if column in numbers else "left", overflow="fold")
    return made


def figure(value: int | str) -> str:
    """An integer or a decimal string with its thousands set apart; any other text as it is."""
    try:
        return f"{Decimal(value):,}"
    except InvalidOperation:
        return str(value)


def write_mapping(values: Mapping[str, Any], title: str) -> None:
    """A mapping, as `mapping_tables` draws it, on standard output."""
    out = console()
    for part in mapping_tables(values, title):
        out.print(part)


def mapping_tables(values: Mapping[str, Any], title: str) -> list[Table]:
    """A mapping as a table of two columns; a list of mappings, or a long mapping, in it as a table of its own
    below.
    """
    plain = table("", "", title=title)
    plain.show_header = False
    below: list[Table] = []
    for key, value in values.items():
        if _is_rows(value):
            below.append(rows_table(value, _words(key)))
        elif isinstance(value, Mapping) and len(value) > LONG:
            below += mapping_tables(value, _words(key))
        else:
            time = _time(key, value)
            plain.add_row(_words(key.removesuffix("_ns") if time else key), time or cell(value))
    return [plain, *below]


def rows_table(rows: Sequence[Mapping[str, Any]], title: str) -> Table:
    """Mappings as a table, a column for each key of any of them."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    numbers = [key for key in columns if all(_is_number(row.get(key) or 0) for row in rows)]
    made = table(*columns, numbers=numbers, title=title)
    if not columns:
        _title_alone(made, title)
    for row in rows:
        made.add_row(*(cell(row.get(key, "")) for key in columns))
    return made


def write_rows(rows: Sequence[Mapping[str, Any]], title: str, output: str) -> None:
    """Mappings as --output says: JSON, or a table; that there are none is said."""
    if output == "json":
        write_json(rows)
        return
    console().print(rows_table(rows, title))
    if not rows:
        say("none")


def _title_alone(made: Table, title: str) -> None:
    """Rich draws no title above a table without columns: one of the title's width, with nothing in it."""
    from rich.text import Text

    made.show_header = False
    made.add_column(min_width=Text.from_markup(title).cell_len)


def _is_rows(value: object) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(row, Mapping) for row in value)


def _time(key: str, value: object) -> str:
    """ISO 8601 of a time in ns since the epoch; "" of anything else."""
    if not key.endswith("_ns") or not isinstance(value, int) or value < SINCE_NS:
        return ""
    seconds, ns = divmod(value, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ns:09}Z"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def cell(value: object) -> str:
    """A value as plain text: markup in it means nothing."""
    from rich.markup import escape

    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, Mapping):
        return escape(", ".join(f"{key} {cell(part) or 'none'}" for key, part in value.items()) or "none")
    if isinstance(value, list | tuple):
        return escape(", ".join(map(str, value)) or "none")
    return escape(str(value))


def _float(value: float) -> str:
    """As it is where that is short, else six digits of it. No zero is negative."""
    value += 0.0
    if len(repr(value)) <= 7:
        return f"{value:,}"
    return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.2f}"


def _words(key: str) -> str:
    return key.replace("_", " ")
