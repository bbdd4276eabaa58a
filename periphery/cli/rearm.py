"""`nacre rearm`: the way back from `nacre kill`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from core.cli.output import banner, output_option
from periphery.cli.desk import confirm, print_table, with_core
from periphery.cli.kill import SCOPES, check_key, report, words

if TYPE_CHECKING:
    from periphery.client import Client


@click.command()
@click.argument("scope", type=click.Choice((*SCOPES, "group")))
@click.argument("key", required=False, default="")
@click.option("--by", required=True, metavar="NAME", help="Who does it.")
@click.option("--second", metavar="NAME", help="A second person: the core asks for one.")
@click.option("--yes", is_flag=True, help="Don't ask.")
@output_option("table", "json")
@with_core
def command(core: Client, scope: str, key: str, by: str, second: str | None, yes: bool, output: str) -> None:
    """Let what was killed, or halted by a limit, in SCOPE trade again.

    It asks first; without a terminal it needs --yes.
    """
    check_key(scope, key)
    mode = "LIVE" if core.is_live else "SIM"
    confirm(f"{mode}: let {words(scope, key)} trade again?", yes)
    answer = core.rearm(scope, key, by, second)
    if output == "table" and not answer.get("epochs"):
        print_table(banner(core.is_live, f"{words(scope, key)} was not killed: nothing to re-arm"))
        return
    report(core.is_live, "re-armed", scope, key, answer, output)
