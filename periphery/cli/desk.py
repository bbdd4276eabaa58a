"""What the desk's commands share: the connection, tables of rows, exit codes, questions."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.cli.output import EXIT_FAILED, EXIT_NO_CORE, BadInput, console, figure, table

if TYPE_CHECKING:
    from rich.table import Table

    from periphery.client import Client

_HEADINGS = {"order_qty": "qty", "cum_qty": "cum", "leaves_qty": "leaves", "ord_status": "status"}
_WHOLE = ("cl_ord_id", "child_id", "symbol", "ord_status", "exec_type", "reason", "at")
"""Columns that are copied from: never broken over two lines."""

ANSWER_S = 10.0
"""How long the core's answer on its socket is waited for."""


class NoCoreThere(click.ClickException):
    """There is no core to talk to; the message says why, the exit code is 3."""

    exit_code = EXIT_NO_CORE


class CoreSaidNo(click.ClickException):
    """The core refused; the message is its own, the exit code is 1."""

    exit_code = EXIT_FAILED


def core_options(run: Callable[..., None]) -> Callable[..., None]:
    """The options that find the core: `socket` and `token_file`."""
    run = click.option(
        "--token-file",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Where the core's token is; NACRE_TOKEN is the token.  [default: beside the socket]",
    )(run)
    return click.option("--socket", metavar="PATH", help="Where the core listens.  [env var: NACRE_SOCKET]")(
        run
    )


def with_core(run: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the options that find the core, and as its first argument a session with it.

    The session ends with the command, and the orders it sent stay.
    """

    @core_options
    @wraps(run)
    def command(socket: str | None, token_file: Path | None, **values: Any) -> None:
        with session(socket, token_file) as core:
            run(core, **values)

    return command


@contextmanager
def session(socket: str | None, token_file: Path | None, timeout: float = ANSWER_S) -> Iterator[Client]:
    """A session named `desk`; what goes wrong in it becomes a message and an exit code."""
    from periphery.client import BadRequest, Busy, ClientError, Refused, connect

    try:
        with connect(
            socket, _token(token_file), name="desk", cancel_on_disconnect=False, timeout=timeout
        ) as core:
            yield core
    except BadRequest as error:
        raise BadInput(str(error)) from error
    except (Refused, Busy) as error:
        raise CoreSaidNo(str(error)) from error
    except ClientError as error:
        raise NoCoreThere(str(error)) from error


def _token(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        return file.read_text().strip()
    except OSError as error:
        raise BadInput(f"--token-file {file}: {error.strerror}") from error


def show_rows(
    title: str, columns: Sequence[str], numbers: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> Table:
    """A table of the named keys of each row; those in `numbers` stand to the right, thousands apart."""
    shown = table(*map(heading, columns), numbers=[heading(name) for name in numbers], title=title)
    for name, column in zip(columns, shown.columns, strict=True):
        column.no_wrap = name in _WHOLE or name in numbers
    for row in rows:
        shown.add_row(*(cell(row.get(name), name in numbers) for name in columns))
    return shown


def heading(name: str) -> str:
    """What stands above a column."""
    return _HEADINGS.get(name) or name.replace("_", " ")


def cell(value: object, number: bool = False) -> str:
    """A value as plain text: markup in it means nothing."""
    from rich.markup import escape

    if value is None:
        return ""
    return figure(str(value)) if number else escape(str(value))


def confirm(question: str, yes: bool) -> None:
    """Ask on standard error. BadInput where nobody can be asked and --yes wasn't given; aborts on a no."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise BadInput(f"{question} No terminal to ask on: say --yes")
    click.confirm(question, abort=True, err=True)


def print_table(*parts: Any) -> None:
    """Tables or lines of markup, on standard output."""
    console().print(*parts, sep="\n")
