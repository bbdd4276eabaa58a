"""`nacre metrics`: what Prometheus asks, and alerts that act."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from core.cli.lazy import load
from core.cli.output import BadInput

_FILE = click.Path(dir_okay=False, path_type=Path)
_socket = click.option(
    "--socket", type=click.Path(dir_okay=False), help="The core's socket, else $NACRE_SOCKET."
)


@click.group()
def command() -> None:
    """A core's counters and times for Prometheus, and alerts that act in the core."""


@command.command(short_help="Answer Prometheus, in the foreground.")
@_socket
@click.option(
    "--http", default="127.0.0.1:9464", show_default=True, metavar="HOST:PORT", help="Where it answers."
)
@click.option(
    "--journal", default="", metavar="DIR", help="The core's journal; else the core says where it is."
)
@click.option("--breaks", type=_FILE, help="The file of breaks that `nacre position reconcile` keeps.")
@click.option(
    "--disk",
    "disks",
    multiple=True,
    metavar="NAME=PATH",
    help="A disk that is watched, besides the journal's.",
)
@click.option("--targets", type=_FILE, help="Write the services' addresses there, for file_sd_configs.")
@click.option(
    "--service", "services", multiple=True, metavar="NAME=HOST:PORT", help="A service that answers."
)
@click.option(
    "--local", type=click.Path(file_okay=False, path_type=Path), help="The folder of a `nacre up --local`."
)
def run(
    socket: str | None,
    http: str,
    journal: str,
    breaks: Path | None,
    disks: tuple[str, ...],
    targets: Path | None,
    services: tuple[str, ...],
    local: Path | None,
) -> None:
    """Answer Prometheus at /metrics until SIGTERM.

    It reads the core's shared memory and its journal: the core's path neither waits for it nor notices it.
    The core may come, go and begin anew meanwhile.
    """
    stopped = _on_signals()
    log = _log(lambda: 0)
    with _refusals():
        path = load("periphery.client.control", "socket_path")(socket)
        collector = load("periphery.monitoring.collector", "CoreCollector")(
            path, journal, breaks, _places(disks), lambda why: log.say("can't be read", why=why)
        )
        file = None
        if targets is not None:
            file = load("periphery.monitoring.targets", "TargetsFile")(targets, _named(services), local)
        exporter = load("periphery.monitoring.exporter", "Exporter")(collector, http, file)
        log.say("begins", port=exporter.port, core=str(path))
        exporter.run(stopped)
        log.say("ends")


@command.command(short_help="Act upon alerts, in the foreground.")
@_socket
@click.option("--rules", required=True, type=_FILE, help="A TOML file: see docs/monitoring.md.")
@click.option(
    "--http", default="127.0.0.1:9465", show_default=True, metavar="HOST:PORT", help="Where it listens."
)
def act(socket: str | None, rules: Path, http: str) -> None:
    """Do what the rules say when Alertmanager posts an alert: a kill, or a tighter limit, in the rules' name.

    Unless the file says `enabled = true`, it only tells what it would do.
    """
    stopped = _on_signals()
    log = _log(lambda: 0)
    with _refusals():
        found, token = load("periphery.monitoring.acting", "read_rules")(rules)
        path = load("periphery.client.control", "socket_path")(socket)
        actor = load("periphery.monitoring.acting", "Actor")(found, token, path, log.say)
        hook = load("periphery.monitoring.hook", "Hook")(actor, http)
    log.say("begins", port=hook.port, enabled=found.enabled, rules=len(found.rule))
    while not stopped():
        time.sleep(0.05)
    hook.close()
    log.say("ends")


def _places(disks: tuple[str, ...]) -> dict[str, Path]:
    found = {}
    for each in disks:
        name, equals, path = each.partition("=")
        if not equals or not Path(path).exists():
            raise BadInput(f"--disk {each}: give NAME=PATH of what is there")
        found[name] = Path(path)
    return found


def _named(services: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for each in services:
        name, equals, address = each.partition("=")
        if not equals or ":" not in address:
            raise BadInput(f"--service {each}: give NAME=HOST:PORT")
        found[name] = address
    return found


def _on_signals() -> Callable[[], bool]:
    """Whether it was told to end."""
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: stopped.append(number))
    return lambda: bool(stopped)


def _log(seq: Callable[[], int]) -> Any:
    return load("periphery.service.log", "Log")("metrics", seq)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise BadInput(f"{error}: metrics need nacre[periphery]") from error
    except ValueError as error:
        raise BadInput(str(error)) from error
