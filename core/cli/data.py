"""`nacre data`: recorded market data: what it is, whether it is whole, as other files, through the core."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import click

from core.cli.lazy import load
from core.cli.output import EXIT_FAILED, EXIT_OK, BadInput, output_option, write_json

_RECORDING = "core.data.recording"
_SHOWN = 10

_files = click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE...",
)


def recording_options(command: Callable[..., None]) -> Callable[..., None]:
    """What all of them take of files that don't say it themselves."""
    for option in reversed(
        (
            click.option(
                "--format", "format_", metavar="NAME", help="The format, instead of what the content tells."
            ),
            click.option(
                "--map",
                "mapping",
                metavar="ROLE=COLUMN,...",
                help="The columns of a CSV or Parquet file: ts, exchange_ts, symbol, kind, side, px, "
                "qty, bid_px, bid_qty, ask_px, ask_qty, last; ts=COLUMN:UNIT, one of iso, s, ms, us, ns, "
                "ms_of_day.",
            ),
            click.option(
                "--kind", type=click.Choice(("quote", "trade", "depth")), help="What a row of such a file is."
            ),
            click.option("--symbol", help="The symbol, where the rows don't name it."),
            click.option("--venue", help="The venue's name."),
            click.option(
                "--utc-offset",
                type=click.FloatRange(-14, 14),
                help="Clock of a Lean file, hours east of UTC.",
            ),
        )
    ):
        command = option(command)
    return command


@click.group()
def command() -> None:
    """Recorded market data: info, check, convert, replay.

    Formats are told by content: LOBSTER, ITCH 5.0, DBN, Binance and cryptofeed lines, Bitstamp orders, Lean
    and TrueFX quotes, CSV and Parquet with --map; packed with gzip, xz, zstd, bzip2 or zip. Rows are
    streamed: memory doesn't grow with them.
    """


@command.command(short_help="What each file is.")
@_files
@recording_options
@output_option("table", "json")
def info(files: tuple[Path, ...], output: str, **given: Any) -> None:
    """Say what each FILE is: format, venue, symbols, rows by kind, first and last time."""
    report = _check(files, given, None)
    if output == "json":
        write_json({"files": [_as_info(file) for file in report["files"]]})
        return
    load("core.cli.data_report", "print_info")(report)


@command.command(short_help="Whether each file is whole: rows, gaps, checksums, books.")
@_files
@recording_options
@click.option(
    "--errors",
    "errors_file",
    type=click.File("w", lazy=False),
    help="Write the place of each malformed row there, a JSON line each; the report has the first 100.",
)
@output_option("table", "json")
def check(files: tuple[Path, ...], output: str, errors_file: IO[str] | None, **given: Any) -> None:
    """Check that each FILE is whole: rows, sequences, checksums, books.

    Exit 1 where a row is malformed, a sequence has a gap, a checksum or a book's row doesn't hold. Crossed
    rows are counted and no failure.
    """

    def on_place(place: dict[str, Any]) -> None:
        if errors_file is not None:
            errors_file.write(json.dumps(place) + "\n")

    report = _check(files, given, on_place)
    if output == "json":
        write_json(report)
    else:
        load("core.cli.data_report", "print_check")(report)
    sys.exit(EXIT_OK if report["ok"] else EXIT_FAILED)


@command.command(short_help="Write files as one CSV, Parquet or scenario.")
@_files
@recording_options
@click.option(
    "--to",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The file to write: .csv, .parquet, or .jsonl (a scenario's lines).",
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@output_option("table", "json")
def convert(files: tuple[Path, ...], output: str, target: Path, force: bool, **given: Any) -> None:
    """Write the quotes, trades and levels of all FILEs, in the order of their clock, as one file.

    Exit 1 where a row is malformed or a sequence has a gap: what is good is written all the same.
    """
    if target.exists() and not force:
        raise BadInput(f"--to {target}: it is there; --force writes over it")
    with refusals(), read_progress("convert", files) as advance:
        report = load("core.data.convert", "convert")(files, made_options(given), target, advance)
    _write(report, output, "data convert")


@command.command(short_help="Play files through a core.")
@_files
@recording_options
@click.option(
    "--journal",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="New or empty folder: keep a journal of it there.  [default: none is kept]",
)
@click.option(
    "--orders",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="A scenario's lines to be played with it: accounts, limits, orders, how its venues work.",
)
@output_option("table", "json")
def replay(
    files: tuple[Path, ...], output: str, journal: Path | None, orders: Path | None, **given: Any
) -> None:
    """Play all FILEs through a core, in the order of their clock, and tell the market that it has at the end.

    Each file is read twice: first for its symbols and the digits of their prices, which a core must know
    before. With --orders the venues are simulated, and our orders stand among the recorded ones: what the
    core says to them comes first, a JSON object a line, as of a scenario.
    """
    with refusals(), read_progress("replay", files, passes=2) as advance:
        report = load("core.data.replay", "replay")(
            files, made_options(given), journal, advance, orders, _say_line
        )
    _write(report, output, "data replay")


def _say_line(line: dict[str, Any]) -> None:
    click.echo(json.dumps(line, ensure_ascii=False, separators=(",", ":")))


def _write(report: dict[str, Any], output: str, title: str) -> None:
    if output == "json":
        write_json(report)
    else:
        load("core.cli.output", "write_mapping")(
            {key: value for key, value in report.items() if key not in ("first", "last")}, title
        )
    sys.exit(EXIT_OK if report["ok"] else EXIT_FAILED)


def _check(files: tuple[Path, ...], given: dict[str, Any], on_place: Any) -> dict[str, Any]:
    with refusals(), read_progress("check", files) as advance:
        recordings, _ = load(_RECORDING, "open_all")(files, made_options(given), None, on_place, advance)
        report: dict[str, Any] = load("core.data.check", "check")(recordings)
    return report


def made_options(given: dict[str, Any]) -> Any:
    return load(_RECORDING, "Options")(format=given.pop("format_"), **given)


@contextmanager
def refusals() -> Iterator[None]:
    """What can't be read as bad input: the message names the file."""
    refused = (
        load(_RECORDING, "BadRecording"),
        load("core.data.parquet", "NoParquet"),
        load("core.scenario.reader", "ScenarioError"),
        OSError,
        OverflowError,
    )
    try:
        yield
    except refused as error:
        raise BadInput(str(error)) from error


@contextmanager
def read_progress(stage: str, files: tuple[Path, ...], passes: int = 1) -> Iterator[Callable[[int], None]]:
    """Shows the bytes read of those that there are; yields what a reader is to call with bytes more."""
    from core.cli.progress import progress

    total = passes * sum(file.stat().st_size for file in files)
    done = 0
    with progress() as show:
        show(stage, 0, total)

        def advance(size: int) -> None:
            nonlocal done
            done = min(done + size, total)
            show(stage, max(done, 1), max(total, done + 1))

        yield advance
        show(stage, total, total)


def _as_info(file: dict[str, Any]) -> dict[str, Any]:
    """Of a file's report what says what it is."""
    keys = ("file", "format", "packing", "venue", "rows", "errors", "kinds", "first", "last", "clock")
    found = {key: file[key] for key in (*keys, "first_time", "last_time")}
    counted = ("quotes", "trades", "volume", "deltas", "snapshots")
    found["symbols"] = {
        name: {key: symbol[key] for key in counted if key in symbol}
        for name, symbol in file["symbols"].items()
    }
    return found | {key: file[key] for key in ("metadata", "levels", "types") if key in file}
