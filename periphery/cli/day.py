"""`nacre day`: what a trading day begins with, and how it ends."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.cli.lazy import load
from core.cli.output import (
    EXIT_FAILED,
    BadInput,
    banner,
    counted,
    output_option,
    rows_table,
    say,
    write_json,
)
from periphery.cli.desk import CoreSaidNo, print_table, with_core

if TYPE_CHECKING:
    from periphery.client import Client

_FILES = "core.live.day_files"
_LOOK_S = 0.05
_folder = click.Path(path_type=Path, exists=True, file_okay=False)
_by = click.option("--by", required=True, metavar="NAME", help="Who does it.")


@click.group()
def command() -> None:
    """Begin and end a trading day."""


@command.command(short_help="Check a day's files.")
@click.argument("folder", type=_folder)
@click.option("--yesterday", type=_folder, help="What the day before ended with: it is compared.")
@output_option("table", "json")
@click.pass_context
def check(context: click.Context, folder: Path, yesterday: Path | None, output: str) -> None:
    """Check the files of FOLDER, without a core: exit 2 where one is bad, 1 where something is in doubt.

    FOLDER has symbols, accounts, positions, limits and restricted, each .jsonl: lines as in a scenario.
    """
    lines = _read(folder)
    before = None if yesterday is None else _read(yesterday)
    changes = [] if before is None else load(_FILES, "compare")(before, lines)
    doubts = load(_FILES, "doubts")(lines, before)
    if output == "json":
        write_json({"lines": len(lines), "changes": changes, "doubts": doubts})
    else:
        print_table(rows_table(changes, counted(len(changes), "change")), *_in_doubt(doubts))
    context.exit(EXIT_FAILED if doubts else 0)


def _read(folder: Path) -> list[Any]:
    try:
        lines: list[Any] = load(_FILES, "read_day")(folder)
        return lines
    except load("core.scenario.reader", "ScenarioError") as error:
        raise BadInput(str(error)) from error
    except OSError as error:
        raise BadInput(f"{error.filename}: {error.strerror}: an empty list is an empty file") from error


def _in_doubt(doubts: list[Mapping[str, Any]]) -> list[Any]:
    return [rows_table(doubts, f"{len(doubts)} in doubt")] if doubts else ["nothing is in doubt"]


@command.command(short_help="Say whether trading is open.")
@output_option("table", "json")
@with_core
def status(core: Client, output: str) -> None:
    """Say whether trading is open, how many orders work, and what of the day's files is in doubt."""
    _report(core, core.day_status(), output)


@command.command("open", short_help="Let trading begin.")
@_by
@click.option("--second", metavar="NAME", help="A second person: a LIVE core asks for one.")
@click.option("--accept", is_flag=True, help="Whatever is in doubt.")
@output_option("table", "json")
@with_core
def open_(core: Client, by: str, second: str | None, accept: bool, output: str) -> None:
    """Let trading begin. A core that was started with a day's files denies new orders until then."""
    _report(core, core.day_open(by, second, accept=accept), output)


@command.command(short_help="End it, write tomorrow's files.")
@_by
@click.option("--cancel", is_flag=True, help="Cancel what works.")
@click.option(
    "--to", type=click.Path(path_type=Path), help="Write what tomorrow begins with into this folder."
)
@click.option("--symbols", type=_folder, help="Whose symbols.jsonl to copy.  [default: the day's own]")
@click.option("--wait", default=10.0, show_default=True, help="Seconds to wait for the end of what works.")
@output_option("table", "json")
@with_core
def close(
    core: Client, by: str, cancel: bool, to: Path | None, symbols: Path | None, wait: float, output: str
) -> None:
    """End the day: what is new is denied from now on. With --to, tomorrow's files: cash, positions and limits
    as they are now. That needs a desk on which nothing works.
    """
    told = core.day_close(by, cancel=cancel)
    until = time.monotonic() + wait
    while told["working"] and (cancel or to is not None) and time.monotonic() < until:
        time.sleep(_LOOK_S)
        told = core.day_status()
    if to is not None:
        _write(core, to, symbols)
        say(f"tomorrow's files are in {to}")
    _report(core, told, output)


def _write(core: Client, to: Path, symbols: Path | None) -> None:
    rows = core.day_files()
    source = symbols or (Path(rows["day"]) if rows["day"] else None)
    if source is None:
        raise BadInput("the core wasn't started with a day's files: say whose symbols to copy with --symbols")
    try:
        load(_FILES, "write_day")(to, source, rows)
    except (ValueError, OSError, load("core.scenario.reader", "ScenarioError")) as error:
        raise CoreSaidNo(str(error)) from error


@command.command("next", short_help="A new day of a core that goes on.")
@click.argument("date", metavar="YYYY-MM-DD")
@_by
@output_option("table", "json")
@with_core
def next_(core: Client, date: str, by: str, output: str) -> None:
    """Begin the day YYYY-MM-DD of a core that goes on: daily counts and losses begin again."""
    _report(core, core.day_next(date, by), output)


def _report(core: Client, told: Mapping[str, Any], output: str) -> None:
    if output == "json":
        write_json({"live": core.is_live, **told})
        return
    words = "trading is open" if told["open"] else f"trading is closed by {told['closed_by']}"
    date = f", day {told['date']}" if told["date"] else ""
    head = f"{words}{date}; {counted(told['working'], 'working order')}"
    print_table(banner(core.is_live, head), *_in_doubt(told["doubts"]))
