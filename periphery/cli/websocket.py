"""`nacre websocket`: what a core does, to browsers and programs; and who may see it."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from core.cli.lazy import load
from core.cli.output import BadInput, say

_PATH = click.Path(path_type=Path)
_account = click.option(
    "--account", "accounts", multiple=True, required=True, metavar="A", help="Or '*': all."
)
_topic = click.option(
    "--topic", "topics", multiple=True, default=("*",), metavar="KIND", help="Or '*': all (the default)."
)


@click.group()
def command() -> None:
    """Serve browsers and programs over websockets: snapshots, then each change. See docs/websocket.md."""


@command.command(short_help="Serve, in the foreground.")
@click.option("--config", "file", type=_PATH, help="A TOML file with a section [websocket].")
@click.option("--journal", metavar="DIR", help="The core's journal.")
@click.option("--connect", metavar="ADDRESS", help="Or its stream: tcp://HOST:7703. See nacre bridge.")
@click.option(
    "--key", metavar="FILE", help="With --connect: this service's NAME.secret, where there are keys."
)
@click.option("--server-key", metavar="FILE", help="With --key: the stream's server.public.")
@click.option("--listen", metavar="HOST:PORT", help="Where clients connect; or unix:PATH.")
@click.option("--http", metavar="HOST:PORT", help="Where it answers /live, /ready, /status, /metrics.")
@click.option("--secret", metavar="FILE", help="What tokens are signed with.")
@click.option("--keys", metavar="FILE", help="Keys of programs.")
@click.option("--origins", metavar="URL,...", help="Of pages that may connect.")
@click.option(
    "--outputs", multiple=True, metavar="NAME=DIR", help="What the engine NAME says, from its state's folder."
)
def run(file: Path | None, outputs: tuple[str, ...], **given: str | None) -> None:
    """Serve until SIGTERM.

    Settings: --config, then NACRE_WEBSOCKET_<SETTING>, then the options here; the last word counts.
    """
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: stopped.append(number))
    with _refusals():
        values: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
        if outputs:
            values["engines"] = dict(map(_output, outputs))
        settings = load("periphery.websocket.settings", "read")(file, values)
        service = load("periphery.websocket.server", "Service")(settings)
        probes = (
            load("periphery.service.probes", "Probes")(service.health, settings.http)
            if settings.http
            else None
        )
        try:
            asyncio.run(service.run(lambda: bool(stopped), lambda server: _begins(service, server, probes)))
        finally:
            if probes is not None:
                probes.close()
        service.lines.say("ends")


def _output(text: str) -> tuple[str, str]:
    name, equals, folder = text.partition("=")
    if not equals:
        raise BadInput(f"--outputs {text}: give NAME=DIR")
    return name, folder


def _begins(service: Any, server: Any, probes: Any) -> None:
    names = [each.getsockname() for each in server.sockets]
    port = names[0][1] if isinstance(names[0], tuple) else names[0]
    service.lines.say("begins", listen=port, port=probes.port if probes else None)


@command.command(short_help="Make a file that tokens are signed with.")
@click.argument("file", type=_PATH)
@click.option("--keep", is_flag=True, help="Leave one that is there.")
def secret(file: Path, keep: bool) -> None:
    """Make FILE, which only its owner may read. There must be none by that name, else with --keep."""
    if keep and file.exists():
        return
    try:
        made = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise BadInput(str(error)) from error
    with open(made, "w") as opened:
        opened.write(secrets.token_urlsafe(48) + "\n")


@command.command(short_help="Sign a token.")
@click.argument("name")
@click.option("--secret", "file", type=_PATH, required=True, metavar="FILE", help="What it is signed with.")
@_account
@_topic
@click.option(
    "--for", "for_s", type=click.FloatRange(1), default=3600.0, show_default=True, metavar="SECONDS"
)
def token(name: str, file: Path, accounts: tuple[str, ...], topics: tuple[str, ...], for_s: float) -> None:
    """Sign a token that lets NAME see these accounts and topics for a while, and print it."""
    with _refusals():
        signed = load("periphery.websocket.rights", "read_secret")(file)
        click.echo(load("periphery.websocket.rights", "make_token")(signed, name, accounts, topics, for_s))


@command.command(short_help="Make a key of a program.")
@click.argument("name")
@click.option("--keys", "file", type=_PATH, required=True, metavar="FILE", help="Its digest is added there.")
@_account
@_topic
def key(name: str, file: Path, accounts: tuple[str, ...], topics: tuple[str, ...]) -> None:
    """Make a key that lets the program NAME see these accounts and topics, and print it once."""
    with _refusals():
        made, section = load("periphery.websocket.rights", "make_key")(name, accounts, topics)
        known = file.read_text() if file.exists() else ""
        if section.splitlines()[0] in known:
            raise BadInput(f"{file}: there is a key of {name}: take its section out first")
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w") as opened:
            opened.write(("\n" if known else "") + section)
    click.echo(made)
    say("the service knows it once it is started again")


@contextmanager
def _refusals() -> Iterator[None]:
    """What is wrong with settings, rights or a journal, as a command says it."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise BadInput(f"{error}: it needs nacre[periphery]") from error
    except (ValueError, OSError) as error:
        raise BadInput(str(error)) from error
