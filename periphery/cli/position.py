"""`nacre position`: what is held."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from core.cli.output import banner, output_option
from core.cli.watch import repeat, watch_option
from periphery.cli.desk import show_rows, with_core

if TYPE_CHECKING:
    from rich.table import Table

    from periphery.client import Client

_POSITION = ("qty", "avg_cost", "realized_pnl", "unrealized_pnl", "fees")
_ACCOUNT = ("equity", "realized_pnl", "unrealized_pnl", "fees")


@click.group()
def command() -> None:
    """Look at positions."""


@command.command("list")
@output_option("table", "json")
@watch_option
@with_core
def list_(core: Client, output: str, watch: bool) -> None:
    """Positions and accounts, as the position keeper has them."""

    def draw(value: Mapping[str, Any]) -> list[Table]:
        title = banner(value["live"], "positions")
        names = ("account", "symbol", *_POSITION, "currency")
        accounts = show_rows("accounts", ("account", *_ACCOUNT, "currency"), _ACCOUNT, value["accounts"])
        return [show_rows(title, names, _POSITION, value["positions"]), accounts]

    repeat(lambda: {"live": core.is_live, **core.positions()}, draw, output, watch)
