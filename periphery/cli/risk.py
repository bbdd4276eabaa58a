"""`nacre risk`: limits."""

from __future__ import annotations

import getpass
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from core.cli.output import BadInput, banner, counted, output_option, rows_table, say, write_json
from core.cli.watch import repeat, watch_option
from periphery.cli.desk import print_table, with_core

if TYPE_CHECKING:
    from rich.table import Table

    from periphery.client import Client

_SCOPES = ("account", "group", "symbol", "venue", "strategy", "session", "sector")


def parsed(text: str, what: str) -> dict[str, Any]:
    """A JSON object. BadInput: it isn't one."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise BadInput(f"{what} isn't JSON: {error}") from error
    if not isinstance(value, dict):
        raise BadInput(f"{what} isn't JSON of an object, as a line of a scenario")
    return value


@click.group()
def command() -> None:
    """Look at risk limits and set them."""


@command.command()
@output_option("table", "json")
@watch_option
@with_core
def limits(core: Client, output: str, watch: bool) -> None:
    """The limits in force, as declared."""

    def draw(value: Mapping[str, Any]) -> list[Table]:
        rows = value["limits"]
        return [rows_table(rows, banner(value["live"], counted(len(rows), "limit")))]

    repeat(lambda: {"live": core.is_live, "limits": core.limits()}, draw, output, watch)


@command.command("set", short_help="Set one.")
@click.argument("check")
@click.argument("value")
@click.option("--account", metavar="A", help="Of this account only; so with those below.")
@click.option("--symbol", metavar="SYMBOL")
@click.option("--venue", metavar="V")
@click.option("--strategy", metavar="S")
@click.option("--session", metavar="NAME")
@click.option("--sector", metavar="NAME")
@click.option("--each", metavar="SCOPE", help="One limit each: account, symbol, venue, strategy or session.")
@click.option("--currency", metavar="CCY", help="Of a limit in money that isn't on one account.")
@click.option("--window", "window_s", metavar="SECONDS", help="Of a rate.")
@click.option("--group", metavar="NAME", help="Of a group of accounts, together.")
@click.option("--soft", is_flag=True, help="An override may lift it for a while.")
@click.option(
    "--action", type=click.Choice(["halted", "reducing"]), help="What a limit on losses makes of its scope."
)
@click.option("--by", metavar="NAME", help="Who sets it.  [default: the user's name]")
@click.option("--second", metavar="NAME", help="A second person, where it loosens what is set.")
@output_option("table", "json")
@with_core
def set_(
    core: Client, check: str, value: str, output: str, by: str | None, soft: bool, **given: str | None
) -> None:
    """Set the limit CHECK to VALUE (a number, or `off`), for everything or the scope given.

    \b
    nacre risk set max_order_qty 5000 --account A1
    nacre risk set order_rate 100 --window 1 --each session
    """
    limit = {key: word for key, word in given.items() if word is not None}
    line: dict[str, Any] = {"check": check, "value": value, **limit, "by": by or getpass.getuser()}
    if soft:
        line["soft"] = True
    core.risk_set(line)
    if output == "json":
        write_json({"live": core.is_live, "limit": line})
        return
    scope = ", ".join(f"{key} {limit[key]}" for key in _SCOPES if key in limit) or "everything"
    say(f"{check} of {scope} is {value}")


@command.command("override", short_help="Lift a soft one for a while.")
@click.argument("check")
@click.argument("value")
@click.option("--until", required=True, metavar="TIME", help="ISO 8601 with Z or an offset: it ends then.")
@click.option("--account", metavar="A")
@click.option("--group", metavar="NAME")
@click.option("--symbol", metavar="SYMBOL")
@click.option("--venue", metavar="V")
@click.option("--strategy", metavar="S")
@click.option("--session", metavar="NAME")
@click.option("--sector", metavar="NAME")
@click.option("--by", required=True, metavar="NAME", help="Who lifts it.")
@click.option("--second", metavar="NAME", help="A second person.")
@output_option("table", "json")
@with_core
def override(core: Client, check: str, value: str, output: str, **given: str | None) -> None:
    """Lift the soft limit CHECK to VALUE (or `off`) until a time."""
    line = {"check": check, "value": value, **{key: word for key, word in given.items() if word is not None}}
    answer = core.risk_override(line)
    if output == "json":
        write_json({"live": core.is_live, **answer})
        return
    say(f"{check} is {value} until {given['until']}")


@command.command(short_help="Set those of a file.")
@click.argument("file", type=click.File("r"))
@click.option("--by", metavar="NAME", help="Who sets them.  [default: the user's name]")
@click.option("--second", metavar="NAME", help="A second person, where one is loosened.")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@output_option("table", "json")
@with_core
def load(core: Client, file: Any, by: str | None, second: str | None, dry_run: bool, output: str) -> None:
    """Set the limits of FILE, `limit` lines as in a scenario: all of them or none; says what they change."""
    rows = [
        parsed(text, f"line {number}")
        for number, text in enumerate(file, 1)
        if text.strip() and not text.startswith("#")
    ]
    who = by or getpass.getuser()
    limits = [{key: value for key, value in row.items() if key not in ("type", "at")} for row in rows]
    diff = core.risk_load(limits, who, second, apply=not dry_run)
    if output == "json":
        write_json({"live": core.is_live, "applied": not dry_run, **diff})
        return
    for what in ("new", "changed", "missing"):
        for row in diff[what]:
            words = ", ".join(f"{key} {value}" for key, value in row.items() if value is not None)
            say(f"{what}: {words}")
    say(f"{counted(len(limits), 'limit')} {'would be' if dry_run else 'are'} set")


@command.command(short_help="What of each limit is used.")
@output_option("table", "json")
@watch_option
@with_core
def status(core: Client, output: str, watch: bool) -> None:
    """Scopes that aren't active, and how much of each limit is used."""

    def draw(value: Mapping[str, Any]) -> list[Table]:
        states, rows = value["states"], value["limits"]
        return [
            rows_table(states, banner(value["live"], counted(len(states), "scope") + " not active")),
            rows_table(rows, counted(len(rows), "limit")),
        ]

    repeat(lambda: {"live": core.is_live, **core.risk_status()}, draw, output, watch)


@command.command(short_help="What an order would be denied for.")
@click.argument("line")
@output_option("table", "json")
@with_core
def explain(core: Client, line: str, output: str) -> None:
    """What the order LINE (as in a scenario file, without a cl_ord_id) would be denied for, and the room
    left.

    \b
    nacre risk explain '{"account":"A1","symbol":"AAPL","side":"buy","order_qty":"100","ord_type":"market"}'
    """
    answer = core.risk_explain(parsed(line, "LINE"))
    if output == "json":
        write_json({"live": core.is_live, **answer})
        return
    rows = answer["limits"]
    head = f"denied: {answer['denied']}" if answer["denied"] else "it would pass"
    print_table(rows_table(rows, banner(core.is_live, head)))
