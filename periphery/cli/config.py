"""`nacre config`: what a part is run with, where each word came from, what is wrong, and what may change
while it runs.
"""

from __future__ import annotations

import getpass
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.cli.lazy import load
from core.cli.output import EXIT_BAD_INPUT, BadInput, counted, output_option, say, write_json, write_rows
from periphery.cli.desk import with_core

if TYPE_CHECKING:
    from periphery.client import Client

_SHOWN = "periphery.cli.config_shown"
_FILE = click.Path(dir_okay=False, path_type=Path)
_RUNNING = ("name", "placement", "wait", "live", "durability")
"""Keys of which a core tells what it runs with."""


@click.group()
def command() -> None:
    """Look at configurations: an option goes before the environment, that before a file, that before the
    default.
    """


@command.command(short_help="What a part is run with.")
@click.argument("part")
@click.option("--config", "file", type=_FILE, help="Its TOML file.")
@click.option("--set", "said", multiple=True, metavar="KEY=VALUE", help="As an option of its command would.")
@click.option("--origin", is_flag=True, help="Where each word came from, too.")
@output_option("table", "json")
def show(part: str, file: Path | None, said: tuple[str, ...], origin: bool, output: str) -> None:
    """What PART is run with: core, backend, fix, act, websocket, market_data, or an engine's name.

    Passwords in addresses are left out.
    """
    errors = (ValueError, load("core.scenario.reader", "ScenarioError"), OSError)
    try:
        rows = load(_SHOWN, "rows")(part, file, dict(map(_pair, said)))
    except errors as error:
        raise BadInput(str(error)) from error
    if not origin:
        rows = [{key: row[key] for key in ("key", "value")} for row in rows]
    write_rows(rows, part, output)


@command.command(short_help="Whether files are right.")
@click.argument("files", nargs=-1, required=True, metavar="PART=FILE...")
@output_option("table", "json")
def check(files: tuple[str, ...], output: str) -> None:
    """Check files with what the environment adds: exit 2 where one is wrong; each mistake by file, line, key,
    value.

    \b
    nacre config check core=core.toml engines=engines.toml backend=backend.toml fix=fix.toml act=act.toml
    """
    checked = load(_SHOWN, "check")
    problems = [problem for part, file in map(_pair, files) for problem in checked(part, Path(file))]
    if output == "json":
        write_json({"files": len(files), "problems": problems})
    for problem in problems:
        say(problem)
    if not problems and output != "json":
        click.echo(f"{counted(len(files), 'file')}: all is right")
    sys.exit(EXIT_BAD_INPUT if problems else 0)


@command.command(short_help="Bring a core to its file's limits.")
@click.option(
    "--config", "file", type=_FILE, required=True, help="The core's TOML file, changed since it began."
)
@click.option("--by", metavar="NAME", help="Who does it.  [default: the user's name]")
@click.option("--second", metavar="NAME", help="A second person, where a limit is loosened.")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@output_option("table", "json")
@with_core
def reload(core: Client, file: Path, by: str | None, second: str | None, dry_run: bool, output: str) -> None:
    """Set the file's limits in the running core, as events in somebody's name; say what needs a new start.

    All limits or none. One that is in force and not in the file stays: set it to `off` there.
    """
    config = _core_config(file)
    limits = [line for line in config.lines if line.type == "limit"]
    plain = load("core.live.loosening", "plain")
    rows = [_named(plain(line.data)) for line in limits]
    diff = core.risk_load(rows, by or getpass.getuser(), second, apply=not dry_run)
    restart = _differs(config, core.status())
    if output == "json":
        write_json({"live": core.is_live, "applied": not dry_run, **diff, "restart": restart})
        return
    for what in ("new", "changed", "missing"):
        for row in diff[what]:
            say(f"{what}: " + ", ".join(f"{key} {value}" for key, value in row.items() if value is not None))
    for row in restart:
        say(f"{row['key']}: runs with {row['running']}, the file says {row['file']}: needs a new start")
    say(f"{counted(len(rows), 'limit')} {'would be' if dry_run else 'is' if len(rows) == 1 else 'are'} set")


def _named(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in ("by", "approver")}


def _core_config(file: Path) -> Any:
    errors = (ValueError, load("core.scenario.reader", "ScenarioError"))
    try:
        return load("core.live.config", "load")(str(file))
    except errors as error:
        raise BadInput(str(error)) from error


def _differs(config: Any, running: dict[str, Any]) -> list[dict[str, Any]]:
    """`auto` is whatever the core chose."""
    return [
        {"key": key, "running": running[key], "file": getattr(config, key)}
        for key in _RUNNING
        if key in running and getattr(config, key) not in ("auto", running[key])
    ]


def _pair(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals:
        raise BadInput(f"{text}: give it as NAME=VALUE")
    try:
        return key, tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key, value
