"""`nacre strategy`: a strategy's file beside a running core, or in a container; signals for it."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.cli.lazy import load
from core.cli.output import EXIT_FAILED, BadInput, say
from periphery.cli.desk import CoreSaidNo, NoCoreThere

if TYPE_CHECKING:
    from periphery.client import Client
    from periphery.strategy import Strategy
    from periphery.strategy.live import LiveHost, Wait

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class StrategyRaised(click.ClickException):
    """A handler of a strategy raised something; the message has its lines, the exit code is 1."""

    exit_code = EXIT_FAILED


@click.group()
def command() -> None:
    """Run a strategy's file beside a core; send it signals, parameters, its end."""


def _connecting(run: Any) -> Any:
    for option in (
        click.option(
            "--token-file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
            help="Where the core's token is; NACRE_TOKEN is the token.  [default: beside the socket]",
        ),
        click.option(
            "--connect", "address", metavar="ADDRESS", envvar="NACRE_CONNECT",
            help="The core's socket, or tcp://HOST:PORT of a bridge.  [default: this user's core]",
        ),
    ):  # fmt: skip
        run = option(run)
    return run


@command.command(short_help="Run a strategy's file, live.")
@click.argument("file", type=_FILE, metavar="FILE.py")
@click.option("--strategy", "name", metavar="CLASS", help="Which one, where FILE.py has several.")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter of the strategy.")
@click.option("--name", "session", metavar="NAME", help="Of its session.  [default: the class's]")
@click.option(
    "--state", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Keep its state there."
)
@click.option(
    "--save-s", type=click.FloatRange(0), default=0.0, help="Keep it so often, too.  [default: at the end]"
)
@click.option(
    "--warm-up", "history", type=_FILE, multiple=True, metavar="FILE", help="A recording to be told first."
)
@click.option("--warm-up-journal", is_flag=True, help="The core's own journal is told first.")
@click.option("--symbol", help="Of a recording whose rows don't name it.")
@click.option("--cpu", type=click.IntRange(0), help="The processor that it is pinned to.")
@click.option(
    "--wait", type=click.Choice(["spin", "sleep"]), default="spin", show_default=True,
    help="Whether it looks on at once for a while after an event, or sleeps: for shared processors.",
)  # fmt: skip
@click.option(
    "--blocked-s", type=click.FloatRange(0), default=30.0, show_default=True,
    help="A handler that takes longer ends it; 0: never.",
)  # fmt: skip
@click.option("--http", metavar="HOST:PORT", help="Where it answers /live, /ready, /status, /metrics.")
@click.option(
    "--stale-after-s", type=click.FloatRange(0, min_open=True), default=5.0, show_default=True,
    help="A handler that takes longer makes it not live.",
)  # fmt: skip
@_connecting
def run(
    file: Path, name: str | None, params: tuple[str, ...], session: str | None, state: Path | None,
    save_s: float, history: tuple[Path, ...], warm_up_journal: bool, symbol: str | None,
    cpu: int | None, wait: Wait, blocked_s: float, http: str | None, stale_after_s: float,
    address: str | None, token_file: Path | None,
) -> None:  # fmt: skip
    """Run the strategy in FILE.py until SIGTERM, over the core's shared memory or over a bridge.

    Its log goes to standard error, a JSON object a line. What it raises ends it: exit 1; its orders are
    cancelled, and nobody else notices. Exit 3: the core is gone.
    """
    from periphery.strategy.live import LiveHost, Setting

    strategy = load_file(file, name, params)
    setting = Setting(state, save_s, blocked_s, cpu, wait)
    if history or warm_up_journal:
        load("periphery.strategy.warming", "UnknownHistory")  # before a bridge waits to hear from it
    with _client(address, token_file, session or type(strategy).__name__, hears_all=True) as client:
        host = LiveHost(strategy, client, setting, _log)
        with _probed(host, http, stale_after_s):
            _run(host, history, warm_up_journal, symbol)


@contextmanager
def _probed(host: LiveHost, http: str | None, stale_after_s: float) -> Iterator[None]:
    """Its health, where it is asked for over HTTP."""
    if http is None:
        yield
        return
    health = load("periphery.service.probes", "Health")("strategy", stale_after_s)
    try:
        probes = load("periphery.service.probes", "Probes")(health, http)
    except ValueError as error:
        raise BadInput(str(error)) from error
    host.beat = health.beat
    host.log("probes", {"port": probes.port})
    try:
        yield
    finally:
        probes.close()


def _run(host: LiveHost, history: tuple[Path, ...], by_journal: bool, symbol: str | None) -> None:
    from periphery.client import ClientError
    from periphery.strategy import BadState

    try:
        _warm(host, history, by_journal, symbol)
        click.echo(
            json.dumps(
                {"ready": True, "session": host.session.name, "strategy": type(host.strategy).__name__}
            )
        )
        click.echo(json.dumps(host.run()))
    except BadState as error:
        raise BadInput(str(error)) from error
    except ClientError as error:
        if host.client._control.is_hung_up:
            raise NoCoreThere(str(error)) from error
        _fail(host)
    except click.ClickException:
        raise
    except Exception:
        _fail(host)


def _fail(host: LiveHost) -> None:
    """What it raised, with the event's time; the core cancels its orders when this process hangs up."""
    host.log("raised", {"traceback": traceback.format_exc()})
    sys.exit(EXIT_FAILED)


def _warm(host: LiveHost, history: tuple[Path, ...], by_journal: bool, symbol: str | None) -> None:
    told = 0
    if history:
        options = load("core.data.recording", "Options")(symbol=symbol)
        told = _warmed("warm_by_recordings", host, history, options)
    elif by_journal:
        folder = Path(host.client.status()["journal"]["path"])
        if not folder.exists():
            raise BadInput(f"--warm-up-journal: {folder} isn't here: it is on the core's host")
        told = _warmed("warm_by_journal", host, folder)
    if history or by_journal:
        host.log("warmed up", {"rows": told})


def _warmed(how: str, *given: Any) -> int:
    refused = (
        load("core.data.recording", "BadRecording"), load("periphery.strategy.warming", "UnknownHistory"),
    )  # fmt: skip
    try:
        return int(load("periphery.strategy.warming", how)(*given))
    except refused as error:
        raise BadInput(f"--warm-up: {error}") from error


@command.command(name="signal", short_help="Send a value by its name to all strategies.")
@click.argument("signal")
@click.argument("value")
@click.option("--symbol", help="The instrument that it is about.")
@click.option("--to", metavar="SESSION", help="To that strategy alone.")
@_connecting
def send_signal(
    signal: str, value: str, symbol: str | None, to: str | None, address: str | None, token_file: Path | None
) -> None:
    """Send a value by its name: on_signal tells every strategy of the core, and its journal keeps it."""
    from decimal import Decimal, InvalidOperation

    try:
        number = Decimal(value)
    except InvalidOperation:
        raise BadInput(f"VALUE {value!r}: give a number") from None
    with _client(address, token_file, "signals") as client:
        client.signal(signal, number, symbol, **({} if to is None else {"to": _index(client, to)}))


@command.command(name="set", short_help="Change parameters of a running strategy.")
@click.argument("session")
@click.argument("params", nargs=-1, required=True, metavar="NAME=VALUE...")
@_connecting
def set_params(session: str, params: tuple[str, ...], address: str | None, token_file: Path | None) -> None:
    """Change parameters of the strategy that runs as SESSION; what it can't take is in its log."""
    from core.enums import SignalWhat

    pairs(params)
    with _client(address, token_file, "signals") as client:
        index = _connected(client, session)
        for param in params:
            client._session.signal(SignalWhat.PARAM, client.signal_index(param), index)
    say(f"{session}: {' '.join(params)} is sent; its log says what it makes of it")


@command.command(short_help="Stop a running strategy.")
@click.argument("session")
@_connecting
def stop(session: str, address: str | None, token_file: Path | None) -> None:
    """Stop the strategy that runs as SESSION, as SIGTERM does."""
    from core.enums import SignalWhat

    with _client(address, token_file, "signals") as client:
        client._session.signal(SignalWhat.STOP, to=_connected(client, session))
    say(f"{session}: asked to stop; its last line says what it came to")


def _index(client: Client, session: str) -> int:
    names = list(client.request("names", space="session")["names"])
    if session not in names:
        raise BadInput(f"session {session}: there is {', '.join(names)}")
    return names.index(session)


def _connected(client: Client, session: str) -> int:
    """As _index, of one that hears it: the core knows names of sessions that have ended, too. BadInput."""
    index = _index(client, session)
    there = [row["name"] for row in client.status()["sessions"]]
    if session not in there:
        raise BadInput(f"session {session} is not connected: there is {', '.join(there)}")
    return index


@contextmanager
def _client(
    address: str | None, token_file: Path | None, name: str, hears_all: bool = False
) -> Iterator[Client]:
    from periphery.client import BadRequest, ClientError, Refused, connect

    try:
        token = None if token_file is None else token_file.read_text().strip()
    except OSError as error:
        raise NoCoreThere(f"--token-file {token_file}: {error.strerror}: is the core there?") from error
    try:
        client = connect(address, token, name[:31], hears_all=hears_all)
    except BadRequest as error:
        raise BadInput(str(error)) from error
    except Refused as error:
        raise CoreSaidNo(str(error)) from error
    except ClientError as error:
        raise NoCoreThere(str(error)) from error
    with client:
        try:
            yield client
        except (BadRequest, Refused) as error:
            raise BadInput(str(error)) from error


def _log(line: dict[str, Any]) -> None:
    say(json.dumps(line, default=str))


def load_file(file: Path, name: str | None, params: tuple[str, ...]) -> Strategy:
    """The strategy of a file with its parameters. BadInput."""
    bad = load("periphery.strategy.loading", "BadStrategy"), load("periphery.strategy", "BadParams")
    try:
        with mistakes(file, BadInput):
            made: Strategy = load("periphery.strategy.loading", "load_strategy")(file, name)(pairs(params))
    except bad as error:
        raise BadInput(str(error)) from error
    return made


@contextmanager
def mistakes(file: Path, kind: type[click.ClickException] = StrategyRaised) -> Iterator[None]:
    """What the file's own lines raise becomes a message: these lines and the error. The rest goes on up."""
    try:
        yield
    except (click.ClickException, load("periphery.strategy", "BadParams")):
        raise
    except Exception as error:
        told = load("periphery.strategy.mistakes", "told_of")(error, file)
        if told is None:
            raise
        raise kind(
            f"{file} has a mistake:\n{told}\nMend it there: docs/strategies.md has handlers and verbs"
        ) from error


def pairs(params: tuple[str, ...], option: str = "--param") -> dict[str, str]:
    """NAME=VALUE, each. BadInput."""
    values = {}
    for each in params:
        key, equals, value = each.partition("=")
        if not equals:
            raise BadInput(f"{option} {each}: give NAME=VALUE")
        values[key] = value
    return values
