"""`nacre risk`: limits."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from core.cli.output import banner, counted, output_option, rows_table, say, write_json
from core.cli.watch import repeat, watch_option
from periphery.cli.desk import with_core

if TYPE_CHECKING:
    from rich.table import Table

    from periphery.client import Client

_SCOPES = ("account", "symbol", "venue", "strategy", "session", "sector")


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
@click.option("--by", metavar="NAME", help="Who sets it.  [default: the user's name]")
@output_option("table", "json")
@with_core
def set_(core: Client, check: str, value: str, output: str, by: str | None, **given: str | None) -> None:
    """Set the limit CHECK to VALUE (a number, or `off`), for everything or the scope given.

    \b
    nacre risk set max_order_qty 5000 --account A1
    nacre risk set order_rate 100 --window 1 --each session
    """
    limit = {key: word for key, word in given.items() if word is not None}
    line = {"check": check, "value": value, **limit, "by": by or getpass.getuser()}
    core.risk_set(line)
    if output == "json":
        write_json({"live": core.is_live, "limit": line})
        return
    scope = ", ".join(f"{key} {limit[key]}" for key in _SCOPES if key in limit) or "everything"
    say(f"{check} of {scope} is {value}")
