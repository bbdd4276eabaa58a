"""`nacre core`: run a core in the foreground, ask how it is, watch it, stop it."""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from core.cli.lazy import load
from core.cli.output import EXIT_FAILED, EXIT_NO_CORE, EXIT_OK, BadInput, output_option, say
from core.cli.watch import repeat, watch_option

_CONFIG = "core.live.config"
_STATUS = "core.cli.status"
_STOP_S = 30.0
_ENGINES = (
    "sequencer", "resolve", "risk", "orders", "router", "execution", "positions", "journal", "egress",
    "gateways",
)  # fmt: skip
_REMOTES = ("resolve", "risk", "orders", "router", "execution", "positions")

_name = click.option("--name", help="The core's name; its default socket is named after it.  [default: core]")
_socket = click.option(
    "--socket", "socket", type=click.Path(dir_okay=False), help="The core's socket, else $NACRE_SOCKET."
)
_token = click.option(
    "--token-file", type=click.Path(dir_okay=False), help="The core's token, else the file beside its socket."
)


@click.group()
def command() -> None:
    """Run a core, ask how it is, watch it, stop it."""


@command.command(short_help="Run a core in the foreground.")
@_name
@_socket
@click.option(
    "--config", type=click.Path(dir_okay=False), help="A TOML file; options here go before its keys."
)
@click.option(
    "--declare",
    type=click.Path(dir_okay=False),
    help="A file of instruments, venues, accounts, limits, rates.",
)
@click.option(
    "--day", type=click.Path(exists=True, file_okay=False), help="The folder of a day's files, in its place."
)
@click.option(
    "--yesterday",
    type=click.Path(exists=True, file_okay=False),
    help="The folder that the day before ended with: it is compared.",
)
@click.option(
    "--journal", type=click.Path(file_okay=False), help="The journal's folder; one that is there goes on."
)
@click.option(
    "--wait", type=click.Choice(("auto", "spin", "yield", "sleep")), help="What the core does idle."
)
@click.option(
    "--placement",
    type=click.Choice(("auto", "fused", "pinned", "contained", "remote")),
    help="All stages on one thread, a process a stage, a container a stage, engines behind ZeroMQ; auto: "
    "fused or pinned, by the processors there are.",
)
@click.option("--durability", type=click.Choice(("async", "group")), help="When an event counts as recorded.")
@click.option(
    "--fenced/--no-fence", default=None, help="Send only while `nacre standby` holds the lease for this host."
)
def run(**options: Any) -> None:
    """Run a core in the foreground until SIGTERM, SIGINT or `nacre core stop`.

    A JSON line on standard output says when it is ready, another one what it had come to at its end.
    """
    config_file, declare = options.pop("config"), options.pop("declare")
    errors = (ValueError, load("core.scenario.reader", "ScenarioError"))
    try:
        config = load(_CONFIG, "load")(config_file, declare, **options)
    except errors as error:
        raise BadInput(str(error)) from error
    sys.exit(_run(config))


@command.command(short_help="Be one engine of a core, in its own container.")
@click.argument("engine", type=click.Choice(_ENGINES))
@_name
@_socket
@_token
def engine(engine: str, name: str | None, socket: str | None, token_file: str | None) -> None:
    """Be one engine of a core whose `placement` of it is `contained`, until SIGTERM.

    It waits for the core, takes its plan and memory from the socket `.engines` beside the core's, and works
    there; when the core goes, it waits for the next one. Exit 1: the worker died; start it again.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: a process that forks has one thread
    path = _path(name, socket)
    refused = load("core.live.engine_process", "EngineRefused")
    try:
        sys.exit(load("core.live.engine_process", "run")(engine, path, _token_path(path, token_file)))
    except refused as error:
        raise BadInput(f"{path}: the core refused the engine {engine}: {error}") from error


@command.command(short_help="Be one engine of a core, behind ZeroMQ.")
@click.argument("engine", type=click.Choice(_REMOTES))
@click.option("--listen", default="tcp://*:7700", show_default=True, help="The ZeroMQ address to bind.")
def remote(engine: str, listen: str) -> None:
    """Be one engine of a core whose `placement` of it is `remote`, until SIGTERM.

    The core's proxy tells it the past first; from then on it answers the pages that the proxy sends.
    """
    try:
        load("core.remote.host", "Host")(engine, listen).run()
    except ValueError as error:
        raise BadInput(str(error)) from error
    except ModuleNotFoundError as error:
        raise BadInput(f"{error}: remote engines need pyzmq: install nacre[periphery]") from error


@command.command(short_help="Say whether the core does its work.")
@click.argument("engine", required=False, type=click.Choice(_ENGINES))
@_name
@_socket
@click.option("--remote", metavar="ADDRESS", help="Ask the remote engine that listens there instead.")
def health(engine: str | None, name: str | None, socket: str | None, remote: str | None) -> None:
    """Say whether the core, or one ENGINE of it, does its work: exit 0, or 1 and what is wrong."""
    if remote is not None:
        ill = load("core.live.health", "remote_ill")(remote)
    else:
        ill = load("core.live.health", "core_ill")(_path(name, socket), engine)
    say(ill or "well")
    sys.exit(EXIT_FAILED if ill else EXIT_OK)


def _token_path(path: Path, given: str | None) -> Path:
    found: Path = Path(given) if given else load("core.live.places", "beside")(path, "token")
    return found


def _run(config: Any) -> int:
    """Opens, runs and closes the core; its exit code."""
    load("core.live.worker", "name_process")("server")
    core = load("core.live.server", "Core")(config)
    lost = load("core.live.supervisor", "WorkerLost")
    fault, start_error = load("core.errors", "CoreFault"), load("core.live.server", "StartError")
    journal_error = load("core_ext.journal", "JournalError")
    try:
        core.open()
    except load("core.live.supervisor", "ToldToEnd"):
        say(f"the core ends before it has started: {core.stopping}")
        return EXIT_OK
    except (start_error, journal_error, fault, lost, OSError) as error:
        raise BadInput(f"the core doesn't start: {error}") from error
    ready = core.ready()
    for kill in ready["kills"]:
        say(_inherited(kill))
    _line(ready)
    try:
        core.run()
        _line(core.close())
    except (fault, lost) as error:
        core.abandon()
        say(f"the core stopped: {type(error).__name__}: {error}")
        return EXIT_FAILED
    return EXIT_OK


def _inherited(kill: dict[str, Any]) -> str:
    """A kill that was in force before this start, and the way out of it."""
    whose = " ".join(filter(None, (kill["scope"], kill["key"])))
    since = datetime.fromtimestamp(kill["at_ns"] / 1e9, UTC)
    return (
        f"killed from before: {whose}, since {since:%Y-%m-%d %H:%M:%S} UTC, by {kill['by'] or 'unknown'}: "
        f"orders of it are denied until `{kill['rearm']}`"
    )


def _line(values: dict[str, Any]) -> None:
    click.echo(json.dumps(values))
    sys.stdout.flush()


@command.command(short_help="Print how the core is.")
@_name
@_socket
@output_option("table", "json")
@watch_option
def status(name: str | None, socket: str | None, output: str, watch: bool) -> None:
    """Print how the core is; exit 3 where none answers."""
    path = _path(name, socket)
    repeat(lambda: _ask(path, "status"), lambda told: load(_STATUS, "draw_status")(told), output, watch)


@command.command(short_help="Watch the core at work.")
@_name
@_socket
@click.option("--once", is_flag=True, help="One look, instead of one each second until Ctrl-C.")
@output_option("table", "json")
def top(name: str | None, socket: str | None, once: bool, output: str) -> None:
    """Watch the core: its engines, sequence and events a second, each session's request ring, kills in force.

    Exit 3 where none answers.
    """
    path = _path(name, socket)
    looks = load(_STATUS, "Looks")(lambda: _ask(path, "status"))
    repeat(looks.fetch, lambda told: load(_STATUS, "draw_top")(told), output, not once)


@command.command(short_help="Stop the core in order.")
@_name
@_socket
@click.option("--by", default="desk", show_default=True, help="Who stops it.")
def stop(name: str | None, socket: str | None, by: str) -> None:
    """Stop the core in order, and wait until it is gone; exit 3 where none answers.

    It doesn't ask: nothing is lost, `nacre core run` with the same journal goes on where it stopped. Orders
    of sessions that asked for it are cancelled, as at any hang-up.
    """
    path = _path(name, socket)
    _ask(path, "stop", by=by)
    until = time.monotonic() + _STOP_S
    while path.exists():
        if time.monotonic() > until:
            say(f"the core at {path} hasn't stopped after {_STOP_S:g} s: see its output")
            sys.exit(EXIT_FAILED)
        time.sleep(0.01)
    say(f"the core at {path} has stopped")


def _path(name: str | None, socket: str | None) -> Path:
    found: Path = Path(socket) if socket else load("core.live.places", "default_socket")(name or "core")
    return found


def _ask(path: Path, op: str, **values: Any) -> dict[str, Any]:
    no_core = load("core.live.ask", "NoCore")
    try:
        answer: dict[str, Any] = load("core.live.ask", "ask")(path, op, **values)
    except no_core as error:
        say(str(error))
        sys.exit(EXIT_NO_CORE)
    except RuntimeError as error:
        say(f"the core refused {op}: {error}")
        sys.exit(EXIT_FAILED)
    return {key: value for key, value in answer.items() if key not in ("id", "ok")}
