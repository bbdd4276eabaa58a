"""`nacre algo`: what an algorithm's order is told, computed outside of the core: curves of whole numbers."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from core.cli.lazy import load
from core.cli.output import BadInput, say

NS = 10**9
DAY_S = 86_400
_slices = click.option("--slices", type=click.IntRange(1, 44), default=20, show_default=True)


@click.group()
def command() -> None:
    """Params for orders with an algorithm: printed as JSON, to stand under an order's "params"."""


@command.command(short_help="A day's volume curve from recordings, for vwap and close.")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--symbol", metavar="S", help="Of files with several symbols.")
@click.option(
    "--from", "begin", default="00:00", show_default=True, metavar="HH:MM", help="Of each day, UTC."
)
@click.option("--to", "end", default="24:00", show_default=True, metavar="HH:MM")
@_slices
def volume(files: tuple[Path, ...], symbol: str | None, begin: str, end: str, slices: int) -> None:
    """Find how the volume of the FILEs spreads over the time of day.

    The trades of all days are laid over each other. Times of recordings are ns since the epoch.
    """
    begin_s, end_s = _seconds(begin), _seconds(end)
    try:
        time_ns, qty = load("core.execution.recorded_volume", "trades")(files, symbol)
        curve = load("core.execution.schedules", "volume_curve")(
            time_ns, qty, begin_s * NS, end_s * NS, slices, DAY_S * NS
        )
    except (OSError, ValueError) as error:
        raise BadInput(str(error)) from error
    say(f"{len(time_ns):,} trades")
    _tell({"horizon_s": str(end_s - begin_s), "curve": [str(weight) for weight in curve]})


@command.command(short_help="An Almgren-Chriss schedule, for is.")
@click.option("--horizon-s", type=click.FloatRange(min=0, min_open=True), required=True, metavar="S")
@click.option("--risk-aversion", type=click.FloatRange(min=0), required=True, help="1 / money.", metavar="X")
@click.option("--volatility", type=click.FloatRange(min=0), required=True, help="Money / √s.", metavar="X")
@click.option(
    "--impact", type=click.FloatRange(min=0, min_open=True), required=True, metavar="X",
    help="Temporary: money s / quantity.",
)  # fmt: skip
@click.option("--permanent", type=click.FloatRange(min=0), default=0.0, help="Money / quantity.", metavar="X")
@_slices
def shortfall(horizon_s: float, slices: int, **market: float) -> None:
    """Find the trajectory between the market's risk and the order's impact, and its urgency k T."""
    schedules = "core.execution.schedules"
    try:
        urgency = load(schedules, "urgency_of")(horizon_s=horizon_s, slices=slices, **market)
        curve = load(schedules, "almgren_chriss")(Decimal(str(urgency)), slices)
    except ValueError as error:
        raise BadInput(str(error)) from error
    say(f"urgency {urgency:.6g}")
    _tell(
        {"horizon_s": f"{horizon_s:.9f}".rstrip("0").rstrip("."), "curve": [str(weight) for weight in curve]}
    )


def _seconds(text: str) -> int:
    """Since midnight."""
    hours, _, minutes = text.partition(":")
    if (
        not (hours.isdigit() and minutes.isdigit())
        or int(minutes) > 59
        or int(hours) * 60 + int(minutes) > 1440
    ):
        raise BadInput(f"{text}: give a time of day as 09:30, up to 24:00")
    return (int(hours) * 60 + int(minutes)) * 60


def _tell(params: dict[str, Any]) -> None:
    click.echo(json.dumps(params))
