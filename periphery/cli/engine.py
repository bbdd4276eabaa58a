"""`nacre engine`: the periphery's engines as services."""

from __future__ import annotations

import json
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click

from core.cli.lazy import load
from core.cli.output import EXIT_FAILED, EXIT_OK, BadInput, output_option, say, write_rows

_PATH = click.Path(path_type=Path)
HEALTH_S = 5.0


@click.group()
def command() -> None:
    """Run the engines that work beside a core: each follows its journal, and goes on where it was."""


@command.command("list", short_help="The engines that there are.")
@output_option("table", "json")
def list_(output: str) -> None:
    """The engines that there are, and their parameters."""
    import msgspec

    find = load("periphery.service.registry", "find")
    rows = []
    for name in load("periphery.service.registry", "PLACES"):
        kind = find(name)
        params = ", ".join(field.name for field in msgspec.structs.fields(kind.Params))
        rows.append({"engine": name, "does": kind.line, "params": params})
    write_rows(rows, "engine", output)


@command.command(short_help="Run one, in the foreground; or several in one process.")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--config", "file", type=_PATH, help="A TOML file with a section [NAME].")
@click.option("--journal", metavar="DIR", help="The core's journal.")
@click.option("--connect", metavar="ADDRESS", help="Or its stream: tcp://HOST:7703. See nacre bridge.")
@click.option(
    "--key", metavar="FILE", help="With --connect: this engine's NAME.secret, where there are keys."
)
@click.option("--server-key", metavar="FILE", help="With --key: the stream's server.public.")
@click.option("--state", metavar="DIR", help="Its own folder: its state, and what it said.")
@click.option(
    "--core", metavar="ADDRESS", help="Where signals and limits go that it asks for: a core, a bridge."
)
@click.option("--part", metavar="I/N", help="The I-th of N that share the work.")
@click.option("--http", metavar="HOST:PORT", help="Where it answers /live, /ready, /status, /metrics.")
@click.option("--publish", metavar="ADDRESS", help="Publish what it says there.")
@click.option("--keys", metavar="DIR", help="With --publish: server.secret and clients.toml.")
@click.option(
    "--plain", is_flag=True, default=None, help="With --publish: without keys beyond this host too."
)
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter of the engine.")
def run(names: tuple[str, ...], file: Path | None, params: tuple[str, ...], **given: Any) -> None:
    """Run the engine NAME until SIGTERM; its state is saved then.

    Settings: --config, then NACRE_<NAME>_<SETTING>, then the options here; the last word counts. Several
    NAMEs are fused: one process, in turns, over one journal or stream that is received once.
    """
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: stopped.append(number))
    with _refusals(), ExitStack() as stack:
        read = load("periphery.service.config", "read_config")
        values = _given(_of_all(given, len(names)), params if len(names) == 1 else _none_of(params))
        engines = [(_find(name), read(name, file, values)) for name in names]
        if len(engines) == 1:
            whole = load("periphery.service.runner", "Runner")(*engines[0])
            runners = [whole]
        else:
            whole = load("periphery.service.together", "Together")(engines)
            runners = whole.runners
        for runner in runners:
            _begin(runner, stack)
        whole.run(lambda: bool(stopped))
        for runner in runners:
            runner.log.say("ends")


def _begin(runner: Any, stack: ExitStack) -> None:
    """Its probes, and what it says of itself."""
    config, probes = runner.config, None
    if config.http:
        probes = load("periphery.service.probes", "Probes")(runner.health, config.http)
        stack.callback(probes.close)
    outlet = runner.outlet.address if runner.outlet else None
    port, source = probes.port if probes else None, config.journal or config.connect
    runner.log.say("begins", source=source, port=port, publish=outlet)


def _of_all(given: dict[str, Any], count: int) -> dict[str, Any]:
    """What an option says is of each engine: not what each must have of its own."""
    own = [f"--{key}" for key in ("state", "http", "publish", "part") if given.get(key) is not None]
    if count > 1 and own:
        raise BadInput(
            f"{', '.join(own)}: of several engines, each has its own: give it in its section of --config"
        )
    return given


def _none_of(params: tuple[str, ...]) -> tuple[str, ...]:
    if params:
        raise BadInput("--param: of which engine? give it in its section of --config")
    return params


@command.command(short_help="Run one over a whole journal, and tell what it comes to.")
@click.argument("name")
@click.option("--config", "file", type=_PATH, help="A TOML file: parameters and part of its section [NAME].")
@click.option("--journal", required=True, metavar="DIR", help="The core's journal.")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter of the engine.")
@click.option("--part", metavar="I/N", help="The I-th of N that share the work.")
@click.option("--against", metavar="DIR", type=_PATH, help="As far as that state; exit 1 if it differs.")
@click.option("--outputs", is_flag=True, help="Print what it said, a line of JSON each, before the figures.")
@output_option("table", "json")
def replay(
    name: str,
    file: Path | None,
    journal: str,
    params: tuple[str, ...],
    part: str | None,
    against: Path | None,
    outputs: bool,
    output: str,
) -> None:
    """Run the engine NAME over a journal from its first event to its last, with a state of its own that is
    thrown away: counts, the last event, and a digest of all that it said.
    """
    with _refusals(), tempfile.TemporaryDirectory(prefix="nacre-engine-") as place:
        given = _given({"journal": journal, "state": place, "part": part}, params)
        config = load("periphery.service.config", "replay_config")(name, file, given)
        runner = load("periphery.service.runner", "Runner")(_find(name), config)
        saved = None
        if against is not None:
            saved = load("periphery.service.state", "read_saved")(against / "state", name, runner.told_params)
        runner.catch_up(saved.mark.seq if saved else 0)
        status = runner.health.status
        told = {key: status[key] for key in ("engine", "inputs", "outputs", "last_seq", "digest")}
        if outputs:
            runner.said.sync()
            for seq, time_ns, topic, values in load("periphery.service.state", "read_said")(runner.said.path):
                click.echo(json.dumps({"seq": seq, "time_ns": time_ns, "topic": topic, **values}))
        if against is not None:
            told["equal"] = saved is not None and _same(told, saved)
        runner.close()
    write_rows([told], "engine", output)
    sys.exit(EXIT_OK if told.get("equal", True) else EXIT_FAILED)


@command.command(short_help="Whether a service is live: exit 0 or 1.")
@click.argument("address", metavar="HOST:PORT")
@click.option("--ready", is_flag=True, help="Ready too: it has caught up.")
def health(address: str, ready: bool) -> None:
    """Ask the probes at HOST:PORT: exit 1 where the service isn't live, or doesn't answer within 5 s."""
    import urllib.error
    import urllib.request

    url = f"http://{address}/{'ready' if ready else 'live'}"
    try:
        with urllib.request.urlopen(url, timeout=HEALTH_S) as answer:
            click.echo(answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            say(error.read().decode())
        sys.exit(EXIT_FAILED)
    except (OSError, ValueError) as error:
        say(f"{url}: {error}")
        sys.exit(EXIT_FAILED)


def _same(told: dict[str, Any], saved: Any) -> bool:
    kept = (saved.inputs, saved.outputs, saved.mark.seq, saved.digest.hex())
    return kept == tuple(told[key] for key in ("inputs", "outputs", "last_seq", "digest"))


def _find(name: str) -> Any:
    try:
        return load("periphery.service.registry", "find")(name)
    except KeyError as error:
        known = ", ".join(load("periphery.service.registry", "PLACES"))
        raise BadInput(f"engine {name}: there is {known}") from error


def _given(values: dict[str, Any], params: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {key: value for key, value in values.items() if value is not None}
    for each in params:
        key, equals, value = each.partition("=")
        if not equals:
            raise BadInput(f"--param {each}: give NAME=VALUE")
        found.setdefault("params", {})[key] = value
    return found


@contextmanager
def _refusals() -> Iterator[None]:
    """What is wrong with an engine's settings, journal or state, as a command says it."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise BadInput(
            f"{error}: engines need nacre[periphery], some nacre[NAME] of their own name too"
        ) from error
    except ValueError as error:
        raise BadInput(str(error)) from error
