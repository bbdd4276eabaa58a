"""`nacre kill`: the switch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.cli.lazy import load
from core.cli.output import BadInput, banner, counted, output_option, say, write_json
from periphery.cli.desk import NoCoreThere, confirm, core_options, print_table, session

if TYPE_CHECKING:
    from periphery.client import Client

PATIENCE_S = 1.0
"""How long the core may take before the kill goes on its page without it."""

SCOPES = ("all", "account", "strategy", "symbol", "venue", "session")


@click.command()
@click.argument("scope", type=click.Choice(SCOPES))
@click.argument("key", required=False, default="")
@click.option("--by", required=True, metavar="NAME", help="Who does it.")
@click.option("--yes", is_flag=True, help="Don't ask.")
@output_option("table", "json")
@core_options
def command(
    socket: str | None, token_file: Path | None, scope: str, key: str, by: str, yes: bool, output: str
) -> None:
    """Stop all trading in SCOPE: new orders are denied, working ones cancelled; cancels always pass.

    SCOPE is all, or account, strategy, symbol, venue or session with the KEY it has. It asks first; without a
    terminal it needs --yes. `nacre rearm` is the way back. Where the core doesn't answer, the kill is put on
    its kill page, which gateways read before each send.
    """
    check_key(scope, key)
    try:
        with session(socket, token_file, PATIENCE_S) as core:
            _by_core(core, scope, key, by, yes, output)
    except NoCoreThere as error:
        _by_page(str(error), socket, scope, key, by, yes, output)


def _by_core(core: Client, scope: str, key: str, by: str, yes: bool, output: str) -> None:
    if not yes:
        count = sum(in_scope(row, scope, key) for row in core.orders())
        mode = "LIVE" if core.is_live else "SIM"
        confirm(f"{mode}: kill {words(scope, key)} and cancel {counted(count, 'working order')}?", yes)
    report(core.is_live, "killed", scope, key, core.kill(scope, key, by), output)


def _by_page(why: str, socket: str | None, scope: str, key: str, by: str, yes: bool, output: str) -> None:
    """The kill without the core: on the page that gateways read themselves."""
    from periphery.client.control import socket_path

    say(f"{why}.")
    confirm(f"The core doesn't answer. Put a kill of {words(scope, key)} on its kill page?", yes)
    kill_directly = load("core.live.killing", "kill_directly")
    try:
        epoch = kill_directly(socket_path(socket), scope, key or None, by)
    except ValueError as error:
        raise BadInput(str(error)) from error
    except OSError as error:
        raise NoCoreThere(
            f"no kill page there ({error.strerror}): no core ever ran at {socket_path(socket)}"
        ) from error
    if output == "json":
        write_json({"live": None, "scope": scope, "key": key, "orders": None, "epochs": [epoch]})
        return
    say(f"killed {words(scope, key)} on the kill page (epoch {epoch}): gateways send nothing more of it")


def check_key(scope: str, key: str) -> None:
    """BadInput where a key is missing, or one too many."""
    if scope == "all" and key:
        raise BadInput(f"scope all has no key: leave {key} out")
    if scope != "all" and not key:
        raise BadInput(f"which {scope}? nacre kill {scope} KEY")


def words(scope: str, key: str) -> str:
    """The scope as it is said."""
    return "ALL trading" if scope == "all" else f"{scope} {key}"


def in_scope(row: Mapping[str, Any], scope: str, key: str) -> bool:
    """Whether a working order is of the scope; of a venue, if one of its children works there."""
    if scope == "all":
        return True
    if scope == "venue":
        return row.get("venue") == key or any(child["venue"] == key for child in row["children"])
    return bool(row.get(scope) == key)


def report(is_live: bool, done: str, scope: str, key: str, answer: Mapping[str, Any], output: str) -> None:
    """What the core did."""
    if output == "json":
        write_json({"live": is_live, "scope": scope, "key": key, **answer})
        return
    epochs: Sequence[int] = answer.get("epochs") or ()
    cancelled = f", {counted(answer['orders'], 'order')} cancelled" if done == "killed" else ""
    shown = ", ".join(map(str, epochs)) or "none"
    print_table(banner(is_live, f"{done} {words(scope, key)}{cancelled} (epochs {shown})"))
