"""`nacre features`: features of markets over recordings, and what was known of them at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from core.cli.data import made_options, read_progress, recording_options, refusals
from core.cli.lazy import load
from core.cli.output import BadInput, output_option, say, write_json, write_rows

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
data_option = click.option(
    "--data", "files", type=FILE, multiple=True, required=True, metavar="FILE",
    help="A recording; give it again for more, played in the order of their clocks.",
)  # fmt: skip


@click.group()
def command() -> None:
    """Features of markets. Beside a core they are said by `nacre engine run features`."""


@command.command("list", short_help="The kinds of features that there are.")
@output_option("table", "json")
def list_(output: str) -> None:
    """The kinds of features that there are, with their parameters."""
    import msgspec

    rows = []
    for kind in load("periphery.features.definitions", "AnyDefinition").__value__.__args__:
        about = re.split(r"[.:;] ", " ".join((kind.__doc__ or "").split()))[0]
        own = [each for each in msgspec.structs.fields(kind) if each.name not in ("symbols", "venue", "name")]
        params = ", ".join(each.name if each.required else f"[{each.name}]" for each in own)
        rows.append({"kind": kind.__struct_config__.tag, "params": params, "does": about.rstrip(".")})
    write_rows(rows, "features", output)


@command.command(short_help="Compute features over recordings.")
@data_option
@click.option("--config", type=FILE, required=True, metavar="FILE", help="TOML with [features.params].")
@click.option(
    "--to", "target", required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.parquet"
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@recording_options
@output_option("table", "json")
def compute(
    files: tuple[Path, ...], config: Path, target: Path, force: bool, output: str, **given: Any
) -> None:
    """The features of the section [features.params] of --config over recordings, as the engine says them of
    the same events, as Parquet: a row a symbol and period, with the time at which it was known.
    """
    if target.suffix != ".parquet":
        raise BadInput(f"--to {target}: a name that ends with .parquet is expected")
    if target.exists() and not force:
        raise BadInput(f"--to {target}: it is there; --force writes over it")
    with bad_features(), refusals(), read_progress("features", files) as advance:
        params = _params(config)
        recordings = load("periphery.features.offline", "Recordings")(files, made_options(given))
        rows = recordings.rows(params.features, params.period_s, advance)
        meta = load("msgspec", "to_builtins")(params)
        frame = load("periphery.features.frame", "frame_of")(rows, meta)
        load("periphery.features.frame", "write_parquet")(frame, target)
    write_rows(load("periphery.features.offline", "stats")(rows), str(target), output)


@command.command(short_help="What was known at a time.")
@click.argument("time")
@click.option(
    "--from", "place", required=True, metavar="PLACE",
    help="A file of `nacre features compute`, the engine's folder, or the store that keeps what it says.",
)  # fmt: skip
@click.option(
    "--source", default="core/features", show_default=True, help="What the store calls the engine's outputs."
)
@click.option("--symbol", "symbols", multiple=True, metavar="NAME", help="[default: all]")
@output_option("table", "json")
def at(time: str, place: str, source: str, symbols: tuple[str, ...], output: str) -> None:
    """The last features of each symbol that were known at TIME: ns since 1970, or ISO 8601 with offset."""
    time_ns = _time_ns(time)
    with bad_features():
        frame = load("periphery.features.frame", "read_frame")(place, source)
    asked = symbols or tuple(dict.fromkeys(frame.symbols.tolist()))
    found = [row for symbol in asked if (row := frame.as_of(time_ns, symbol)) is not None]
    if output == "json":
        write_json(found)
        return
    for row in found:
        times = {key: row[key] for key in ("symbol", "at_ns", "known_ns")}
        write_rows(
            [times | {"feature": name, "value": v} for name, v in row["values"].items()], "known", output
        )
    if not found:
        say("nothing was known then")


def _params(file: Path) -> Any:
    """Of the engine's section."""
    import msgspec

    section = load("periphery.service.config", "replay_config")("features", file, {"state": ""})
    try:
        return msgspec.convert(section.params, load("periphery.features.engine", "FeaturesParams"))
    except msgspec.ValidationError as error:
        raise BadInput(f"{file}, [features.params]: {error}") from error


def _time_ns(text: str) -> int:
    try:
        found: int = load("periphery.strategy.signals", "read_time")(text)
    except ValueError as error:
        raise BadInput(f"TIME {text}: {error}") from error
    return found


@contextmanager
def bad_features() -> Iterator[None]:
    """What is wrong with features, as a command says it."""
    bad = (
        load("periphery.features.feature", "BadDefinition"), load("periphery.features.frame", "BadFrame"),
        load("periphery.features.said", "NotSaid"), load("periphery.service.config", "BadConfig"),
        load("core.data.parquet", "NoParquet"),
    )  # fmt: skip
    try:
        yield
    except bad as error:
        raise BadInput(str(error)) from error
