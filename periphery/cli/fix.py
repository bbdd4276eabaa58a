"""`nacre fix`: order entry for an OMS, and drop copies, over FIX."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from typing import Any

import click

from core.cli.output import EXIT_FAILED, EXIT_OK, BadInput, output_option, say, write_json

STALE_S = 5.0
_SHOWN = ("name", "role", "target", "logged_on", "next_out", "next_in", "running", "why")
_config = click.option(
    "--config", "path", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE", help="The gateway's TOML file: docs/fix.md.",
)  # fmt: skip


@click.group()
def command() -> None:
    """Let an OMS trade over FIX 4.4 or 4.2, and copy executions to others."""


@command.command(short_help="Take calls for order entry and drop copies.")
@_config
def accept(path: Path) -> None:
    """Take calls of the sessions in FILE for orders and drop copies, in the foreground, until SIGTERM; then
    everybody is logged out.

    It waits for the core where there is none, and for the next one when it goes: meanwhile orders are
    refused. Killed, it goes on where it was: sequence numbers agree, and what it had not yet told is told.
    """
    _run(path, "accept", ("orders", "drop-copy"))


@command.command("drop-copy", short_help="Take calls for drop copies alone.")
@_config
def drop_copy(path: Path) -> None:
    """Take calls of the sessions in FILE whose role is drop-copy, as `accept` does.

    It reads the journal: every execution, denial and cancel reject of the core, of whatever session.
    """
    _run(path, "drop-copy", ("drop-copy",))


@command.command(short_help="Call brokers and venues: orders out, reports in.")
@_config
def initiate(path: Path) -> None:
    """Call the brokers of the sessions in FILE whose role is broker, until SIGTERM.

    What the core sends to their venues (declared with mode manual) goes out, reports come back. No order is
    ever sent twice: of what is unknown the venue is asked.
    """
    _run(path, "initiate", ("broker",))


@command.command(short_help="Make a password's hash, for the file.")
def password() -> None:
    """Ask for a password and print what `password_hash` of a session is: its argon2 hash. Without a terminal
    it is the first line of the input.
    """
    from periphery.backend.passwords import PASSWORD_LEAST, PASSWORD_MOST, hashed

    if sys.stdin.isatty():
        secret = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        secret = sys.stdin.readline().rstrip("\r\n")
    if not PASSWORD_LEAST <= len(secret) <= PASSWORD_MOST or not secret.isprintable():
        raise BadInput(f"give {PASSWORD_LEAST} to {PASSWORD_MOST} characters that can be printed")
    click.echo(hashed(secret))


@command.command(short_help="How the sessions are.")
@_config
@output_option("table", "json")
def status(path: Path, output: str) -> None:
    """How the sessions of the gateways with FILE are. Exit 1: none runs, or one doesn't say so any more."""
    import msgspec

    config = _read(path)
    told = [msgspec.json.decode(file.read_bytes()) for file in config.store.glob("*.status")]
    found: dict[
        str, dict[str, Any]
    ] = {}  # a session is where it was seen last: in `accept`, or in `drop-copy`
    for gateway in sorted(told, key=lambda gateway: gateway["at_ns"]):
        fresh = time.time_ns() - gateway["at_ns"] < STALE_S * 1e9 and not gateway["ended"]
        listen = ":".join(map(str, gateway["listen"]))
        found |= {row["name"]: {**row, "running": fresh, "listen": listen} for row in gateway["sessions"]}
    rows = [found[name] for name in sorted(found)]
    if output == "json":
        write_json({"sessions": rows})
    else:
        from core.cli.output import console, rows_table

        shown = [{key: row[key] for key in _SHOWN} for row in rows]
        console().print(rows_table(shown, "FIX sessions"))
    sys.exit(EXIT_OK if rows and all(row["running"] for row in rows) else EXIT_FAILED)


def _read(path: Path) -> Any:
    from periphery.fix.config import BadConfig, read

    try:
        return read(path)
    except BadConfig as wrong:
        raise BadInput(str(wrong)) from wrong


def _run(path: Path, name: str, roles: tuple[str, ...]) -> None:
    from core.venues.fix.store import Corrupt
    from periphery.fix.config import BadConfig
    from periphery.fix.gateway import Gateway

    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: stopped.append(number))
    try:
        gateway = Gateway(_read(path), say, name, roles)
    except (BadConfig, Corrupt, ValueError, OSError) as wrong:
        raise BadInput(str(wrong)) from wrong
    host, port = gateway.address
    names = ", ".join(app.config.name for app in gateway.apps)
    say(f"FIX at {host}:{port}: {names}" if port else f"FIX, calling: {names}")
    gateway.run(lambda: bool(stopped))
