"""`nacre nt`: works with NautilusTrader. Only here and in its own package anything knows of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from core.cli.output import EXIT_FAILED, BadInput, output_option, say, write_json

_version = click.option(
    "--version", default="1", show_default=True, metavar="V", help="1 for 1.231.0, 2 for 2.0.0rc7."
)
_python = click.option("--python", metavar="FILE", help="Of an environment that has it; else it is made.")


@click.group()
def command() -> None:
    """Works with NautilusTrader: its strategies on this core, its venues for it, its results beside ours."""


@command.command(short_help="Make an environment that has NautilusTrader.")
@_version
@click.option(
    "--to", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Where it is made."
)
def env(version: str, to: Path | None) -> None:
    """Make an environment that has NautilusTrader and sees nacre, from wheels that the lock names by their
    hashes.

    Its interpreter is printed. Without --to it is made under $XDG_CACHE_HOME/nacre/nt, or ~/.cache.
    """
    click.echo(_made(version, to))


def _made(version: str, to: Path | None) -> Path:
    from periphery.nautilus_trader import env as environments

    try:
        name = environments.version_of(version)
        folder = to or environments.default_folder(name)
        if environments.make(name, folder):
            say(f"NautilusTrader {name} is in {folder}")
    except environments.NoEnvironment as wrong:
        raise BadInput(str(wrong)) from None
    return environments.python_of(folder)


def _interpreter(version: str, python: str | None) -> str:
    return python or str(_made(version, None))


@command.command(short_help="The same data and strategy in both, fill by fill.")
@click.option(
    "--data",
    "files",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    metavar="FILE",
    help="A recording of EURUSD quotes; else those of the shared data.",
)
@click.option(
    "--seeds", type=click.IntRange(min=0), default=5, show_default=True, help="Runs with random orders."
)
@click.option(
    "--shared",
    "data",
    type=click.Path(path_type=Path),
    envvar="NACRE_DATA",
    default=Path("../shared/data"),
    hidden=True,
)
@_version
@_python
@output_option("table", "json")
def compare(
    files: tuple[Path, ...], seeds: int, data: Path, version: str, python: str | None, output: str
) -> None:
    """Run the EMA cross and random orders over recordings, here and in NautilusTrader's BacktestEngine.

    Exit 1: fills or balance differ, and no rule of the committed list accounts for it.
    """
    from periphery.nautilus_trader import compare as comparing

    chosen = list(files) or [data / "fx" / f"{name}_eurusd_tick_20140502.zip" for name in ("oanda", "fxcm")]
    if missing := [each for each in chosen if not each.exists()]:
        raise BadInput(
            f"{missing[0]}: there is no such recording; --data FILE names one, NACRE_DATA the shared data"
        )
    try:
        rows = [
            _row(each, output) for each in comparing.compare(_interpreter(version, python), chosen, seeds)
        ]
    except comparing.NoPeer as wrong:
        raise BadInput(str(wrong)) from None
    if output == "json":
        write_json({"runs": rows, "listed": comparing.listed()})
    if not all(row["equal"] for row in rows):
        sys.exit(EXIT_FAILED)


def _row(outcome: Any, output: str) -> dict[str, Any]:
    found = [each._asdict() for each in outcome.differences]
    if output != "json":
        said = "; ".join(
            f"{d.what} ({'listed: ' + d.known if d.known else 'NOT LISTED'})" for d in outcome.differences
        )
        click.echo(f"{outcome.file}, {outcome.run}: {outcome.fills} fills: {said or 'equal'}")
    return {
        "file": outcome.file, "run": outcome.run, "fills": outcome.fills, "equal": outcome.is_equal,
        "differences": found,
    }  # fmt: skip


@command.command(short_help="Its Parquet catalogue as a recording.")
@click.argument("catalogue", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--to", type=click.Path(dir_okay=False, path_type=Path), required=True, metavar="FILE.csv")
@click.option(
    "--instrument", "instruments", multiple=True, metavar="ID", help="Only this one, as BTCUSDT.BINANCE."
)
@output_option("table", "json")
def convert(catalogue: Path, to: Path, instruments: tuple[str, ...], output: str) -> None:
    """Write quotes, trades and levels of a CATALOGUE as one CSV, in order of time, every digit kept.

    `nacre data check`, `nacre data convert` and `nacre backtest --data` read it.
    """
    from core.data.parquet import NoParquet
    from periphery.nautilus_trader import catalogue as catalogues

    try:
        told = catalogues.convert(catalogue, to, instruments)
    except (catalogues.NoCatalogue, NoParquet) as wrong:
        raise BadInput(str(wrong)) from None
    if told["left_out"]:
        say(f"left out: {', '.join(told['left_out'])}: only quotes, trades and levels are converted")
    if output == "json":
        write_json(told)
    else:
        click.echo(f"{to}: {', '.join(f'{count} {kind}' for kind, count in told['rows'].items())}")
