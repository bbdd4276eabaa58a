"""`nacre bench`: figures of this machine, each with what it was measured on. In a checkout only."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from core.cli.benches import BENCHES, Bench, find
from core.cli.lazy import load
from core.cli.output import (
    EXIT_FAILED,
    EXIT_OK,
    BadInput,
    counted,
    output_option,
    say,
    write_json,
    write_mapping,
    write_rows,
)

RESULTS = Path("build", "bench")
_results = click.option(
    "--results", "folder", type=click.Path(file_okay=False, path_type=Path), default=RESULTS,
    show_default=True, metavar="DIR", help="Where runs are kept, a file each.",
)  # fmt: skip


@click.group()
def command() -> None:
    """Measure this machine (from a checkout: wheels don't hold the bench).

    A figure is a ratio in one run, or it is printed beside its goal and nothing more; the final state is
    checked in the same run. Exit 1: that check failed, or, of `check`, a ratio.
    """


@command.command("list", short_help="The benches: what each asks.")
@output_option("table", "json")
def list_(output: str) -> None:
    """Every bench, what it asks, and how `run` asks it briefly."""
    rows = [{"bench": each.name, "question": each.question, "brief": each.brief} for each in BENCHES]
    write_rows(rows, "benches", output)


@command.command(short_help="Ask several, and keep what they found.")
@click.argument("names", nargs=-1, metavar="BENCH...")
@click.option("--all", "every", is_flag=True, help="Every one of them, briefly: meant for 15 minutes.")
@_results
@click.option(
    "--report", "report_to", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
    help="Write bench.html and bench.json there too, and a line of bench_history.jsonl.",
)  # fmt: skip
@output_option("table", "json")
def run(names: tuple[str, ...], every: bool, folder: Path, report_to: Path | None, output: str) -> None:
    """Run benches one after the other, each briefly and in a process of its own, and keep it in a file.

    One that can't be asked here (no container engine, no recordings) stands with its reason. Exit 1: the
    check of one failed.
    """
    if every == bool(names):
        raise BadInput("name the benches, or say --all: `nacre bench list` has them")
    chosen = BENCHES if every else tuple(_find(name) for name in names)
    for each in (folder, *([report_to] if report_to else [])):
        _must_take_files(each)
    path, found = load("bench.suite", "run")(chosen, folder, say)
    if report_to is not None:
        load("bench.suite", "keep")(found, report_to)
        say(f"{load('bench.report', 'write')(found, report_to)}")
    if output == "json":
        write_json(found)
    else:
        write_rows(load("bench.suite", "shown")(found), str(path), output)
    sys.exit(EXIT_OK if found["ok"] else EXIT_FAILED)


@command.command(short_help="Two checkouts, or two runs, figure by figure.")
@click.argument("first", type=click.Path(path_type=Path), metavar="A")
@click.argument("second", type=click.Path(path_type=Path), metavar="B")
@click.option(
    "--bench", "names", multiple=True, metavar="BENCH", help="Of checkouts: which; may be repeated."
)
@click.option(
    "--rounds",
    type=click.IntRange(2, 100),
    default=6,
    show_default=True,
    help="Of checkouts: runs of each. With fewer than 6 there is no interval.",
)
@click.option("--differing", is_flag=True, help="Only figures whose interval doesn't hold 1.")
@output_option("table", "json")
def compare(
    first: Path, second: Path, names: tuple[str, ...], rounds: int, differing: bool, output: str
) -> None:
    """What B's figures are of A's, with an interval that holds the ratio 95 of 100 times.

    A and B: files of `run` or folders of such files, compared as they are; or checkouts (git worktree, make
    env), in which the benches are run in turns now. Of twenty figures that are the same, one differs.
    """
    chosen = tuple(_find(name) for name in names)
    try:
        rows = load("bench.compare", "run")(first, second, chosen, rounds, say)
    except ValueError as wrong:
        raise BadInput(str(wrong)) from wrong
    told = [row for row in rows if row["differs"] or not differing]
    say(f"{sum(row['differs'] for row in rows)} of {counted(len(rows), 'figure')} differ")
    if output == "table":
        told = [row | {side: _short(row[side]) for side in "ab"} for row in told]
    write_rows(told, f"{second} of {first}", output)


def _short(value: float) -> float:
    """Four digits of it, so that a table's figures have room for their names."""
    return round(value) if value >= 1000 else float(f"{value:.4g}")


@command.command(short_help="A page of all runs that were kept.")
@_results
@click.option(
    "--to", type=click.Path(dir_okay=False, path_type=Path), default=RESULTS / "report.html",
    show_default=True, metavar="FILE", help="The page.",
)  # fmt: skip
def report(folder: Path, to: Path) -> None:
    """One page, which needs nothing else: the last run's figures and curves, and some over all runs."""
    try:
        page = load("bench.report", "page")(folder)
    except ValueError as wrong:
        raise BadInput(str(wrong)) from wrong
    _must_take_files(to.parent)
    to.write_text(page)
    say(f"{to}")


def _must_take_files(folder: Path) -> None:
    """It is made where there is none. BadInput: before minutes are spent on what couldn't be kept."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as wrong:
        raise BadInput(f"{folder}: no files can be written there: {wrong.strerror}") from wrong


def _find(name: str) -> Bench:
    try:
        return find(name)
    except KeyError as wrong:
        raise BadInput(str(wrong.args[0])) from wrong


def _command(bench: Bench) -> click.Command:
    """Its command: runs the module, prints its mapping, exits by its `ok`."""

    @output_option("table", "json")
    def run(output: str, **how: Any) -> None:
        found = _ask(bench, how)
        shown = load(*bench.shown.split(":"))(found) if bench.shown else found
        _tell(bench.name, output, found, shown)

    made = click.command(bench.name, short_help=bench.line, help=bench.question)(run)
    made.params = [*bench.options, *made.params]
    return made


for _bench in BENCHES:
    command.add_command(_command(_bench))


def _ask(bench: Bench, how: dict[str, Any]) -> Mapping[str, Any]:
    """What a module of the bench finds."""
    if bench.shape:
        apart = {key: how.pop(key) for key in bench.apart if key in how}
        how = {"shape": load(*bench.shape.split(":"))(**how), **apart}
    try:
        found: Mapping[str, Any] = load(f"bench.{bench.file}", "run")(**how)
    except tuple(load("bench.machine", name) for name in ("TooFewProcessors", "NoData", "NoEngine")) as error:
        raise BadInput(str(error)) from error
    if not found["ok"]:
        say(f"bench {bench.name}: a check failed, the figures mean nothing")
    return found


def _tell(name: str, output: str, found: Mapping[str, Any], shown: Mapping[str, Any]) -> None:
    """As JSON, or as tables of what is `shown`; exit by its `ok`."""
    if output == "json":
        write_json(found)
    else:
        write_mapping(shown, f"bench {name}")
    sys.exit(EXIT_OK if found["ok"] else EXIT_FAILED)
