"""`nacre backtest`: a strategy's file over recordings."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.cli.data import made_options, read_progress, recording_options, refusals
from core.cli.lazy import load
from core.cli.output import EXIT_FAILED, EXIT_OK, BadInput, output_option, say, write_json

if TYPE_CHECKING:
    from periphery.strategy.backtest import Backtest, Terms

SHOWN_FIRST = ("account", "symbol", "qty", "avg_cost", "realized_pnl", "unrealized_pnl", "fees", "currency")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=_FILE, metavar="FILE.py")
@click.option(
    "--data", "files", type=_FILE, multiple=True, required=True, metavar="FILE",
    help="A recording; give it again for more, played in the order of their clocks.",
)  # fmt: skip
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
@recording_options
@output_option("table", "json")
def command(
    file: Path, files: tuple[Path, ...], name: str | None, params: tuple[str, ...], output: str,
    declare: Any, journal: Path | None, fills_file: Path | None, **given: Any,
) -> None:  # fmt: skip
    """Run the strategy in FILE.py over recordings, through the core's own engines and simulated venues.

    The market is played in the order of its clock; what the strategy asks for is done before the next row.
    Exit 1 where a row is malformed, or a journal's replay differs.
    """
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
    strategy = _strategy(file, name, params)
    with refusals(), read_progress("backtest", files) as advance:
        test = load("periphery.strategy.backtest", "Backtest")(
            strategy, files, made_options(given), terms, journal, advance
        )
        report = test.run()
    if fills_file is not None:
        _write_fills(test, fills_file)
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


def _strategy(file: Path, name: str | None, params: tuple[str, ...]) -> Any:
    values = {}
    for each in params:
        key, equals, value = each.partition("=")
        if not equals:
            raise BadInput(f"--param {each}: give NAME=VALUE")
        values[key] = value
    bad = load("periphery.strategy.loading", "BadStrategy"), load("periphery.strategy", "BadParams")
    try:
        return load("periphery.strategy.loading", "load_strategy")(file, name)(values)
    except bad as error:
        raise BadInput(str(error)) from error


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
