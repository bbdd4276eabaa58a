"""`nacre backend`: the HTTP side of a core, and who may use it."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.cli.lazy import load
from core.cli.output import EXIT_FAILED, BadInput, say

if TYPE_CHECKING:
    from periphery.backend.config import Config
    from periphery.backend.users import Users

SCOPES = ("view", "trade", "risk", "admin")
_config = click.option(
    "--config", "file", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE", help="TOML: docs/backend.md has each setting.",
)  # fmt: skip


@click.group()
def command() -> None:
    """Serve orders, positions, risk and the rest over HTTP; add its users."""


@command.command(short_help="Serve until SIGTERM.")
@_config
@click.option("--listen", metavar="HOST:PORT", help="In place of the file's, as all of these.")
@click.option("--http", metavar="HOST:PORT", help="Where it answers /live, /ready, /status, /metrics.")
@click.option("--core", metavar="SOCKET", help="The core's socket.")
@click.option("--state", metavar="DIR", help="Its own folder.")
@click.option("--store", metavar="ADDRESS", help="The recorder's.")
@click.option("--local", metavar="DIR", help="The folder of `nacre up --local`.")
@click.option("--read-only", is_flag=True, help="Nothing is changed, but for a kill.")
def run(file: Path, read_only: bool, **given: str | None) -> None:
    """Serve in the foreground until SIGTERM. A line of JSON says when it listens, and where."""
    import msgspec

    config = _read(file, {key: _absolute(key, value) for key, value in given.items() if value})
    config = msgspec.structs.replace(config, read_only=config.read_only or read_only)
    bad = (
        load("periphery.backend.config", "BadConfig"),
        load("periphery.backend.problems", "Refusal"),
        OSError,
        ValueError,
    )

    def listening(port: int) -> None:
        click.echo(json.dumps({"ready": True, "port": port, "read_only": config.read_only, **probes}))
        sys.stdout.flush()

    stopping = _Stopping()
    try:
        server = load("periphery.backend.serve", "make_server")(config, listening)
        metrics = server.config.app.state.backend.metrics
        probes = {"probes": metrics.begin(config.http)} if config.http else {}
    except bad as error:
        raise BadInput(f"{file}: {error}") from error
    stopping.ends(server)
    server.run()
    if not server.started and not stopping.told:
        sys.exit(EXIT_FAILED)


class _Stopping:
    """SIGTERM and SIGINT before uvicorn has its own handlers, and after: they hand on what they were told."""

    def __init__(self) -> None:
        self.told = False
        self._server: Any = None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._tell)

    def ends(self, server: Any) -> None:
        self._server = server
        server.should_exit = self.told

    def _tell(self, _number: int, _frame: object) -> None:
        self.told = True
        if self._server is not None:
            self._server.should_exit = True


@command.group()
def user() -> None:
    """Who may use the backend. Passwords are read from standard input."""


@user.command(short_help="Add a user.")
@_config
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice(SCOPES))
@click.option(
    "--account", "accounts", multiple=True, metavar="NAME", help="Of these alone.  [default: of all]"
)
def add(file: Path, name: str, scopes: tuple[str, ...], accounts: tuple[str, ...]) -> None:
    """Add NAME, with a password read from standard input (asked for twice on a terminal).

    The first admin is made this way: nacre backend user add anna --scope view --scope admin --config FILE
    """
    _change(file, lambda users: users.add(name, _password(), scopes, accounts or ("*",)))
    say(f"{name}: {', '.join(scopes)}")


@user.command(short_help="Give a user another password.")
@_config
@click.argument("name")
def password(file: Path, name: str) -> None:
    """Give NAME another password, read from standard input; tokens that are out are over."""
    _change(file, lambda users: users.change(name, password=_password()))
    say(f"{name}: another password")


@user.command(short_help="Which accounts a user may see and act on.")
@_config
@click.argument("name")
@click.option("--account", "accounts", multiple=True, metavar="NAME", help="[default: all]")
def accounts(file: Path, name: str, accounts: tuple[str, ...]) -> None:
    """Give NAME these accounts and no others; tokens that are out are over."""
    _change(file, lambda users: users.change(name, accounts=accounts or ("*",)))
    say(f"{name}: accounts {', '.join(accounts or ('*',))}")


@user.command("list", short_help="List the users.")
@_config
def list_(file: Path) -> None:
    """Print a line of JSON a user."""
    for each in _change(file, lambda users: users.all()):
        told = {
            "name": each.name,
            "scopes": list(each.scopes),
            "enabled": each.enabled,
            "totp": each.has_totp,
            "accounts": list(each.accounts),
        }
        click.echo(json.dumps(told))


def _password() -> str:
    """From standard input, one line; never from an argument, which other users of the machine can read."""
    if sys.stdin.isatty():
        typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return typed
    return sys.stdin.readline().rstrip("\n")


def _change(file: Path, change: Any) -> Any:
    config = _read(file)
    refused = load("periphery.backend.problems", "Refusal"), ValueError
    try:
        db = load("periphery.backend.database", "Database")(Path(config.state))
        users: Users = load("periphery.backend.users", "Users")(db)
        try:
            return change(users)
        finally:
            db.close()
    except refused as error:
        raise BadInput(str(error)) from error


def _absolute(key: str, value: str) -> str:
    """Paths of a command are relative to where it is given, not to the file."""
    start = "sqlite:///" if key == "store" and value.startswith("sqlite:///") else ""
    is_path = start or key in ("core", "state", "local")
    return start + str(Path(value.removeprefix(start)).absolute()) if is_path else value


def _read(file: Path, given: Mapping[str, str] | None = None) -> Config:
    try:
        found: Config = load("periphery.backend.config", "read_config")(file, given)
    except load("periphery.backend.config", "BadConfig") as error:
        raise BadInput(str(error)) from error
    return found
