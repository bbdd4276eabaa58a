"""`nacre ml`: models of features: learned, kept, compared, promoted."""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from core.cli.data import made_options, read_progress, recording_options, refusals
from core.cli.lazy import load
from core.cli.output import BadInput, output_option, say, write_json, write_rows
from periphery.cli.features import FILE, bad_features, data_option

STAGES = ("shadow", "challenger", "champion", "retired")
registry_option = click.option(
    "--registry", type=click.Path(dir_okay=False, path_type=Path), default="models.db", show_default=True,
    envvar="NACRE_REGISTRY", metavar="FILE", help="The models, else $NACRE_REGISTRY.",
)  # fmt: skip
by_option = click.option("--by", metavar="NAME", help="Who does it.  [default: who is logged in]")
why_option = click.option("--why", default="", metavar="TEXT", help="Kept in the audit.")
version_argument = click.argument("version", type=click.IntRange(1))


@click.group()
def command() -> None:
    """Models of features. Beside a core they predict in `nacre engine run ml`."""


@command.command(short_help="Learn a model of recordings and keep it.")
@data_option
@click.option("--config", type=FILE, required=True, metavar="FILE", help="TOML with [training].")
@registry_option
@click.option("--parent", type=click.IntRange(1), metavar="VERSION", help="The version that it is to follow.")
@by_option
@recording_options
@output_option("table", "json")
def train(
    files: tuple[Path, ...], config: Path, registry: Path, parent: int | None, by: str | None, output: str,
    **given: Any,
) -> None:  # fmt: skip
    """Learn the model of the section [training] of --config from recordings; try it on rows that it hasn't
    seen, walking forward and by purged folds; keep it with its lineage as the next version, a shadow.
    """
    with _refusals(), bad_features(), refusals(), read_progress("features", files) as advance:
        training = _training(config)
        kept = load("periphery.ml.registry", "Registry")(registry, make=True)
        if parent is not None:
            kept.get(training.name, parent)
        recordings = load("periphery.features.offline", "Recordings")(files, made_options(given))
        rows = recordings.rows(training.definitions(), training.period_s, advance)
        frame = load("periphery.features.frame", "frame_of")(rows)
        sources = [load("periphery.ml.training", "source_of")(file) for file in files]
        manifest, blob = load("periphery.ml.training", "train")(training, frame, sources, parent)
        version = kept.add(manifest, blob, by or getpass.getuser())
    found = {"name": training.name, "version": version, "rows": manifest.rows}
    if output == "json":
        write_json(found | {"scores": manifest.scores})
        return
    _write([{"scheme": name, **scores["all"]} for name, scores in manifest.scores.items()], "scores", output)
    say(f"{registry}: {training.name} version {version}, learned of {manifest.rows:,} rows")


@command.command("list", short_help="The models that there are.")
@click.argument("name", required=False)
@registry_option
@output_option("table", "json")
def list_(name: str | None, registry: Path, output: str) -> None:
    """Every version, its stage, when and by whom it was added."""
    with _refusals():
        rows = load("periphery.ml.registry", "Registry")(registry).versions(name)
    if output == "table":
        rows = [row | {"time": _time(row.pop("time_ns")), "digest": row["digest"][:12]} for row in rows]
    _write(rows, "models", output)


@command.command(short_help="Where a version comes from.")
@click.argument("name")
@version_argument
@registry_option
@click.option("--model", "model_file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Write the model itself there.")  # fmt: skip
def show(name: str, version: int, registry: Path, model_file: Path | None) -> None:
    """All of a version's manifest, as JSON: settings, features, data, code, parent, scores."""
    with _refusals():
        found = load("periphery.ml.registry", "Registry")(registry).get(name, version)
    manifest = load("msgspec", "to_builtins")(found.manifest)
    told = {"name": name, "version": version, "stage": found.stage, "digest": found.digest}
    write_json(told | {"added": _time(found.time_ns), "by": found.by} | manifest)
    if model_file is not None:
        model_file.write_bytes(found.artefact)


@command.command(short_help="Put a version at a stage.")
@click.argument("name")
@version_argument
@click.option("--to", "stage", type=click.Choice(STAGES), default="champion", show_default=True)
@registry_option
@by_option
@why_option
@output_option("table", "json")
def promote(
    name: str, version: int, stage: str, registry: Path, by: str | None, why: str, output: str
) -> None:
    """Put a version at a stage. A champion before it becomes challenger. An engine that runs is told by the
    signal NAME.champion: `nacre strategy signal NAME.champion VERSION`.
    """
    with _refusals():
        kept = load("periphery.ml.registry", "Registry")(registry)
        moved = kept.move(name, version, stage, by or getpass.getuser(), why)
    _write(moved, "moved", output)


@command.command(short_help="The champion before is champion again.")
@click.argument("name")
@registry_option
@by_option
@why_option
@output_option("table", "json")
def rollback(name: str, registry: Path, by: str | None, why: str, output: str) -> None:
    """Retire the champion of NAME; the one before it is champion again."""
    with _refusals():
        moved = load("periphery.ml.registry", "Registry")(registry).rollback(
            name, by or getpass.getuser(), why
        )
    _write(moved, "moved", output)


@command.command(short_help="Who moved what.")
@click.argument("name", required=False)
@registry_option
@output_option("table", "json")
def audit(name: str | None, registry: Path, output: str) -> None:
    """Every version that was added or moved, by whom and why, the first one first."""
    with _refusals():
        rows = load("periphery.ml.registry", "Registry")(registry).audit(name)
    if output == "table":
        rows = [{"time": _time(row.pop("time_ns")), **row} for row in rows]
    _write(rows, "audit", output)


@command.command(short_help="The engine's settings for the stages as they are.")
@click.argument("name")
@registry_option
def settings(name: str, registry: Path) -> None:
    """Print the section [ml.params] for NAME's champion, challengers and shadows of now, to be kept in the
    file that `nacre engine run ml --config` is given.
    """
    with _refusals():
        kept = load("periphery.ml.registry", "Registry")(registry)
        if not kept.versions(name):
            raise BadInput(f"{registry}: no model {name!r}")
        at = {stage: kept.at(name, stage) for stage in STAGES}
    click.echo("[ml.params]")
    for key, value in (("registry", str(registry.resolve())), ("model", name)):
        click.echo(f"{key} = {json.dumps(value)}")
    click.echo(f"champion = {(at['champion'] or [0])[0]}")
    click.echo(f"challengers = {at['challenger']}\nshadows = {at['shadow']}")


@command.command(short_help="What came of each version's predictions.")
@click.argument("place")
@click.option(
    "--source", default="core/ml", show_default=True, help="What the store calls the engine's outputs."
)
@click.option("--against", type=click.IntRange(1), metavar="VERSION", help="[default: the champion]")
@output_option("table", "json")
def compare(place: str, source: str, against: int | None, output: str) -> None:
    """Scores of each version by the outcomes that an engine has seen, and on the rows that both have its
    losses less the champion's, with the test of Diebold and Mariano. PLACE: the engine's folder, or the store
    that keeps what it says.
    """
    with _refusals():
        found = load("periphery.ml.compare", "outcomes")(place, source)
        rows = load("periphery.ml.compare", "compare")(found, against)
    _write(rows, "versions", output)


def _training(file: Path) -> Any:
    """The section [training]."""
    import tomllib

    import msgspec

    try:
        section = tomllib.loads(file.read_text()).get("training")
        if section is None:
            raise BadInput(f"{file}: no section [training]")
        return msgspec.convert(section, load("periphery.ml.training", "Training"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{file}: {error}") from error
    except msgspec.ValidationError as error:
        raise BadInput(f"{file}, [training]: {error}") from error


def _shown(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else value


def _time(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns // 1_000_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S")


@contextmanager
def _refusals() -> Iterator[None]:
    """What is wrong with models, as a command says it."""
    bad = (
        load("periphery.ml.registry", "BadRegistry"), load("periphery.ml.models", "BadModel"),
        load("periphery.ml.splits", "BadSplit"), load("periphery.ml.compare", "BadOutcomes"),
        load("periphery.features.said", "NotSaid"),
    )  # fmt: skip
    try:
        yield
    except bad as error:
        raise BadInput(str(error)) from error


def _write(rows: list[dict[str, Any]], title: str, output: str) -> None:
    if output == "json":
        write_json(rows)
        return
    keys = list(dict.fromkeys(key for row in rows for key in row))
    shown = [{key: _shown(row.get(key)) for key in keys} for row in rows]
    write_rows(shown, title, output)
