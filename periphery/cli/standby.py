"""`nacre standby`: a second host that is ready to trade, and the lease that says which of the two may."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from core.cli.lazy import load
from core.cli.output import EXIT_FAILED, EXIT_NO_CORE, BadInput, output_option, say, write_json

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)
type _Command = Callable[..., None]

_socket = click.option("--socket", type=_FILE, help="The core's socket, else $NACRE_SOCKET.")


def _address(flag: str, name: str, what: str, **more: Any) -> Callable[[_Command], _Command]:
    return click.option(flag, name, metavar="ADDRESS", help=what, **more)


def _common(command: _Command) -> _Command:
    """What each host is told."""
    for option in (
        _socket,
        click.option("--name", required=True, help="This host's: no two have the same."),
        click.option("--journal", type=_FOLDER, required=True, help="The core's journal."),
        click.option("--secret", type=_FILE, required=True, help="The file that all of them share."),
        _address("--listen", "listen", "tcp:// or aeron://HOST:PORT, where a standby comes.", required=True),
        _address("--vote", "vote", "tcp://HOST:PORT, where this host's vote is asked for.", required=True),
        _address("--voter", "voters", "The vote of another host; once for each.", multiple=True),
        click.option(
            "--lease", "lease_s", type=click.FloatRange(0.5, 60), default=3.0, show_default=True,
            metavar="SECONDS", help="For how long a vote counts.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


@click.group()
def command() -> None:
    """A second host that keeps and replays what this one records, and takes its place: docs/standby.md."""


@command.command(short_help="Be the primary: beside a core that trades.")
@_common
@click.option("--take-over", is_flag=True, help="Though another host was the last to trade.")
def serve(**options: Any) -> None:
    """Stream the journal to a standby and hold the lease for a core that is `fenced`, until SIGTERM.

    The core sends only while a majority of votes is this host's. Exit 1: another host trades; the core is
    stopped.
    """
    with _refusals():
        load("periphery.standby.run", "serve")(_settings(options), say)


@command.command(short_help="Be the standby; when it may, the primary.")
@_common
@_address("--connect", "connect", "Where the primary listens.", required=True)
@click.option(
    "--own",
    default="",
    metavar="ADDRESS",
    help="aeron://HOST:PORT of this host, where answers come over Aeron.",
)
@click.option(
    "--promote-after", "promote_after_s", type=click.FloatRange(0), default=5.0, show_default=True,
    metavar="SECONDS", help="Take over when the primary is silent for so long; 0: by command alone.",
)  # fmt: skip
@click.option("--durability", type=click.Choice(("async", "group")), default="async", show_default=True)
@click.option("--segment-mb", type=click.IntRange(1, 1024), default=64, show_default=True)
@click.argument("core", nargs=-1)
def run(**options: Any) -> None:
    """Keep and replay what the primary records, until SIGTERM, and take its place when that is asked for or
    it is lost. Then a core runs here, with the options after `--`, as `nacre core run` has them.
    """
    with _refusals():
        load("periphery.standby.run", "follow")(_settings(options), say)


@command.command(short_help="Be a vote, on a third host.")
@click.option("--vote", required=True, metavar="ADDRESS", help="tcp://HOST:PORT: where it is asked for.")
@click.option("--secret", type=_FILE, required=True, help="The file that all of them share.")
@click.option("--state", type=_FILE, required=True, help="The file that keeps what the vote was given to.")
def witness(vote: str, secret: Path, state: Path) -> None:
    """Give a vote to one of two hosts, until SIGTERM. Without a third vote nobody takes over by himself."""
    settings = {"name": "witness", "socket": state, "journal": state, "secret": secret, "vote": vote}
    with _refusals():
        load("periphery.standby.run", "witness")(_settings(settings), say)


@command.command(short_help="How this host of a pair is.")
@_socket
@click.option(
    "--hash", "with_hash", is_flag=True, help="The state's hash after the last event, of a standby."
)
@output_option("table", "json")
def status(socket: Path | None, with_hash: bool, output: str) -> None:
    """The role, the lease or how far it is behind; exit 3 where no process of `nacre standby` answers."""
    told = _ask(socket, "status", hash=with_hash)
    if output == "json":
        write_json(told)
    else:
        load("core.cli.output", "console")().print(load("core.cli.output", "rows_table")([told], "standby"))


@command.command(short_help="Let this standby take over.")
@_socket
@click.option("--by", default="desk", show_default=True, help="Who wants it.")
@click.confirmation_option("--yes", prompt="Stop the primary in order, and trade from this host?")
def promote(socket: Path | None, by: str) -> None:
    """Let this standby trade: the primary's core is stopped in order first. Where the primary is silent, it
    takes a majority of votes, and its lease to be over.
    """
    _ask(socket, "promote", by=by)
    say("asked: see `nacre standby status`")


@command.command(short_help="Make the secret that the hosts share.")
@click.argument("path", type=_FILE)
def secret(path: Path) -> None:
    """A new secret in PATH, for both hosts and the witness."""
    with _refusals():
        load("periphery.standby.secret", "make")(path)
    say(f"{path}: carry it to the other hosts on a safe way")


def _settings(options: dict[str, Any]) -> Any:
    options["socket"] = _path(options.get("socket"))
    return load("periphery.standby.settings", "Settings")(**options)


def _path(socket: Path | None) -> Path:
    found: Path = socket or load("core.live.places", "default_socket")("core")
    return found


def _ask(socket: Path | None, op: str, **values: Any) -> dict[str, Any]:
    nobody = load("periphery.standby.control", "NobodyThere")
    try:
        told: dict[str, Any] = load("periphery.standby.control", "ask")(_path(socket), op, **values)
    except nobody as error:
        say(str(error))
        sys.exit(EXIT_NO_CORE)
    except ValueError as error:
        say(str(error))
        sys.exit(EXIT_FAILED)
    return told


@contextmanager
def _refusals() -> Iterator[None]:
    """What keeps a host from its part, as a command says it."""
    try:
        fenced, fault = load("periphery.standby.primary", "Fenced"), load("core.errors", "CoreFault")
        yield
    except ModuleNotFoundError as error:
        raise BadInput(f"{error}: it needs nacre[periphery], and nacre[aeron] for Aeron") from error
    except (fenced, fault, RuntimeError) as error:
        say(f"{type(error).__name__}: {error}")
        sys.exit(EXIT_FAILED)
    except (ValueError, OSError) as error:
        raise BadInput(str(error)) from error
