"""`nacre backtest`: a strategy's file over recordings."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from core.cli.data import made_options, read_progress, recording_options, refusals
from core.cli.lazy import load
from core.cli.output import EXIT_FAILED, EXIT_OK, BadInput, output_option, say, write_json
from periphery.cli.strategy import load_file, mistakes, pairs

if TYPE_CHECKING:
    from periphery.strategy import Strategy
    from periphery.strategy.backtest import Backtest, Terms
    from periphery.strategy.sweep import Job

LOOK_AHEAD_ROWS = 7
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=_FILE, metavar="FILE.py")
@click.option(
    "--data", "files", type=_FILE, multiple=True, metavar="FILE",
    help="A recording; give it again for more, played in the order of their clocks.",
)  # fmt: skip
@click.option(
    "--from-journal", "from_journal", type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR", help="In place of recordings: a session that it had with a live core, once more.",
)  # fmt: skip
@click.option("--session", metavar="NAME", help="Which one of the journal's.  [default: the only one]")
@click.option("--state", type=_FILE, metavar="FILE", help="What that session went on from.")
@click.option("--strategy", "name", metavar="CLASS", help="Which one, where FILE.py has several.")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter of the strategy.")
@click.option("--account", default="A1", show_default=True, metavar="NAME")
@click.option("--cash", default="1000000", show_default=True, metavar="AMOUNT", help="To begin with.")
@click.option("--currency", metavar="CODE", help="Of the account.  [default: the first instrument's]")
@click.option("--taker-fee-bps", default="0", show_default=True, metavar="BPS", help="Of every venue.")
@click.option("--maker-fee-bps", default="0", show_default=True, metavar="BPS", help="Negative: a rebate.")
@click.option(
    "--fee-precision", type=click.IntRange(0, 16), default=8, show_default=True, help="Digits of a fee."
)
@click.option("--latency-us", default="0", show_default=True, metavar="US", help="To a venue, one way.")
@click.option(
    "--quote-qty", default="1000000000", show_default=True, metavar="QTY",
    help="What a quote shows a side, where the recording has no sizes.",
)  # fmt: skip
@click.option(
    "--max-orders", type=click.IntRange(1, 1 << 26), default=1 << 20, show_default=True, metavar="N",
    help="That the core has room for; beyond it denies more (table_full).",
)  # fmt: skip
@click.option(
    "--declare", type=click.File("r"), metavar="FILE",
    help="Lines of a scenario (instrument, venue, account, limit, fx), in place of those made up.",
)  # fmt: skip
@click.option(
    "--journal", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="New or empty folder: keep a journal of it there, and replay it.  [default: none is kept]",
)  # fmt: skip
@click.option(
    "--fills", "fills_file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.csv",
    help="Write every fill there.",
)  # fmt: skip
@click.option(
    "--signals", "signals_file", type=_FILE, metavar="FILE.csv",
    help="time,name,value[,symbol]: what other processes would send, for on_signal.",
)  # fmt: skip
@click.option(
    "--report", "report_file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.html",
    help="A page: equity, drawdown, fills, positions, figures, what the executions cost.",
)  # fmt: skip
@click.option(
    "--parquet", "parquet_folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
    help="Fills, orders, positions and equity there, as Parquet.",
)  # fmt: skip
@click.option(
    "--check-look-ahead", is_flag=True,
    help="Run a VectorStrategy again, batches cut elsewhere: exit 1 where the fills are others.",
)  # fmt: skip
@click.option(
    "--sweep", "swept", multiple=True, metavar="NAME=A,B,...",
    help="Values of a parameter; with several, every combination is run, on all processors.",
)  # fmt: skip
@click.option(
    "--walk-forward", "steps", type=click.IntRange(min=1), metavar="N",
    help="N times: the best of a sweep over one part of the time is run on the next part.",
)  # fmt: skip
@click.option(
    "--by", "measure", default="pnl", show_default=True,
    type=click.Choice(("pnl", "sharpe", "sortino", "total_return", "profit_factor", "hit_rate")),
    help="What is best.",
)  # fmt: skip
@click.option(
    "--sweep-dir", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
    help="Where results are kept; a sweep that was cut off goes on.  [default: FILE.sweep beside FILE.py]",
)  # fmt: skip
@click.option("--jobs", type=click.IntRange(min=1), help="Processes.  [default: one a processor]")
@click.option("--cluster", metavar="ADDRESS", help="In their place, the workers of a dask scheduler.")
@recording_options
@output_option("table", "json")
def command(
    file: Path, files: tuple[Path, ...], name: str | None, params: tuple[str, ...], output: str,
    from_journal: Path | None, session: str | None, state: Path | None, declare: Any,
    journal: Path | None, fills_file: Path | None, signals_file: Path | None, report_file: Path | None,
    parquet_folder: Path | None, check_look_ahead: bool, swept: tuple[str, ...], steps: int | None,
    measure: str,
    sweep_dir: Path | None, jobs: int | None, cluster: str | None, **given: Any,
) -> None:  # fmt: skip
    """Run the strategy in FILE.py over recordings, through the core's own engines and simulated venues.

    The market is played in the order of its clock; what the strategy asks for is done before the next row.
    Exit 1 where a row is malformed, a journal's replay differs, or the session of a journal asks for
    something else than it did.
    """
    if bool(files) == (from_journal is not None):
        raise BadInput("give recordings by --data, or a live core's journal by --from-journal")
    if from_journal is not None:
        _again(file, load_file(file, name, params), from_journal, session, state, output)
    keys = (
        "account",
        "cash",
        "currency",
        "taker_fee_bps",
        "maker_fee_bps",
        "fee_precision",
        "latency_us",
        "quote_qty",
        "max_orders",
    )
    terms = _terms({key: given.pop(key) for key in keys}, declare)
    strategy = load_file(file, name, params)
    if swept or steps:
        job = load("periphery.strategy.sweep", "Job")(
            file, name, (), files, made_options(given), terms, tuple(_signals(signals_file))
        )
        folder = sweep_dir or file.with_suffix(".sweep")
        with refusals(), _sweeping():
            _sweep(job, pairs(params), swept, steps, measure, folder, jobs, cluster, output)
        return
    with TemporaryDirectory() as kept, refusals(), read_progress("backtest", files, 2) as advance:
        if journal is None and (report_file or parquet_folder):
            journal = Path(kept)  # costs and orders are read out of it
        test = load("periphery.strategy.backtest", "Backtest")(
            strategy, files, made_options(given), terms, journal, advance, _signals(signals_file)
        )
        with mistakes(file):
            report = _results(test, journal, report_file, parquet_folder)
        if check_look_ahead:
            _check_look_ahead(test, report, load_file(file, name, params))
    if str(journal) == kept:
        report.pop("journal")
    if fills_file is not None:
        _write_fills(test, fills_file)
    for line in test.logged:
        say(json.dumps(line, default=str))
    _write(report, output)
    sys.exit(EXIT_OK if report["ok"] else EXIT_FAILED)


def _again(
    file: Path, strategy: Strategy, folder: Path, session: str | None, state: Path | None, output: str
) -> None:
    """A session of a live core's journal once more; ends the command."""
    refused = (
        load("periphery.strategy.journaled", "NotThere"), load("periphery.strategy", "BadState"),
        load("core_ext.journal", "JournalError"), load("core.errors", "CoreFault"),
    )  # fmt: skip
    try:
        test = load("periphery.strategy.journaled", "Journaled")(strategy, folder, session, state)
        with mistakes(file):
            report = test.run()
    except refused as error:
        raise BadInput(str(error)) from error
    for line in test.logged:
        say(json.dumps(line, default=str))
    _write(report, output)
    sys.exit(EXIT_OK if report["ok"] else EXIT_FAILED)


def _terms(values: dict[str, Any], declare: Any) -> Terms:
    lines = []
    for number, text in enumerate(declare or (), 1):
        if text.strip() and not text.startswith("#"):
            try:
                lines.append(json.loads(text))
            except ValueError as error:
                raise BadInput(f"--declare, line {number}: {error}") from error
    made: Terms = load("periphery.strategy.backtest", "Terms")(**values, declare=tuple(lines))
    return made


@contextmanager
def _sweeping() -> Iterator[None]:
    bad = (
        load("periphery.strategy.sweep", "BadSweep"), load("periphery.strategy", "BadParams"),
        load("periphery.strategy.loading", "BadStrategy"),
    )  # fmt: skip
    try:
        yield
    except bad as error:
        raise BadInput(str(error)) from error


def _sweep(
    job: Job, params: dict[str, str], swept: tuple[str, ...], steps: int | None, measure: str, folder: Path,
    count: int | None, cluster: str | None, output: str,
) -> None:  # fmt: skip
    """Every combination, or walking forward; a line each."""
    from core.cli.progress import progress
    from periphery.strategy import sweep as sweeps

    values = {key: value.split(",") for key, value in pairs(swept, "--sweep").items()}
    jobs = [
        replace(job, params=(*params.items(), *combination)) for combination in sweeps.combinations(values)
    ]
    with sweeps.processes(count, cluster) as executor, progress() as show:

        def advance(done: int, total: int) -> None:
            show("sweep", done, total)

        show("sweep", 0, len(jobs))
        if steps is None:
            found = sweeps.sweep(jobs, folder, executor, advance)
            told: dict[str, Any] = {"runs": found, "best": sweeps.best_of(found, measure)["params"]}
        else:
            told = {"steps": sweeps.walk_forward(jobs, steps, measure, folder, executor, advance)}
    if output == "json":
        write_json({"by": measure, **told})
    else:
        _draw(told, measure)


_FIGURES = ("orders", "fills", "pnl", "sharpe", "max drawdown")


def _draw(told: dict[str, Any], measure: str) -> None:
    """A run or step a row."""
    rows = [
        {"params": each["params"], **each.get("test", each)} for each in told.get("runs") or told["steps"]
    ]
    shown = load("core.cli.output", "table")("params", *_FIGURES, numbers=_FIGURES)
    for row in rows:
        figures = row["statistics"]
        said = " ".join(f"{key}={value}" for key, value in row["params"].items())
        cells = row["orders"], row["fills"], row["pnl"], figures["sharpe"], figures["max_drawdown"]
        shown.add_row(said, *map(load("core.cli.output", "cell"), cells))
    load("core.cli.output", "console")().print(shown)
    if "best" in told:
        say(f"best by {measure}: " + " ".join(f"{key}={value}" for key, value in told["best"].items()))


def _results(test: Backtest, journal: Path | None, page_file: Path | None, folder: Path | None) -> Any:
    """Runs it; its report with the figures, and the files that were asked for."""
    report = test.run()
    curve, report["statistics"] = load("periphery.strategy.results", "results")(test, report)
    if folder is not None:
        write = load("periphery.strategy.tables", "write_tables")
        write(folder, test.fills, report["positions"], curve, journal)
    if page_file is not None:
        cost = load("periphery.strategy.report", "costs")(journal)
        page_file.write_text(load("periphery.strategy.report", "page")(report, curve, test.fills, cost))
    return report


def _check_look_ahead(test: Backtest, report: dict[str, Any], strategy: Strategy) -> None:
    """The same once more, few rows at a time: who doesn't look ahead doesn't notice."""
    again = load("periphery.strategy.backtest", "Backtest")(
        strategy, test.paths, test.options, test.terms, signals=test.signals, batch_rows=LOOK_AHEAD_ROWS
    )
    again.run()
    pairs_of = zip_longest(test.fills, again.fills)
    other = next((i for i, (one, two) in enumerate(pairs_of) if one != two), None)
    report["looks_ahead"] = other is not None
    report["ok"] = report["ok"] and other is None
    if other is not None:
        say(f"it looks ahead: fill {other + 1} is another one where batches have {LOOK_AHEAD_ROWS} rows")


def _signals(file: Path | None) -> Any:
    if file is None:
        return ()
    try:
        return load("periphery.strategy.signals", "read_signals")(file)
    except load("periphery.strategy.signals", "BadSignals") as error:
        raise BadInput(f"--signals {error}") from error


def _write_fills(test: Backtest, target: Path) -> None:
    import csv

    fills = test.fills
    with target.open("w", newline="") as out:
        writer = csv.DictWriter(out, list(fills[0]) if fills else ["time_ns"])
        writer.writeheader()
        writer.writerows(fills)


def _write(report: dict[str, Any], output: str) -> None:
    if output == "json":
        write_json(report)
        return
    left_out = ("accounts", "run_ns", "ok")
    load("core.cli.output", "write_mapping")(
        {key: value for key, value in report.items() if key not in left_out}, "backtest"
    )
