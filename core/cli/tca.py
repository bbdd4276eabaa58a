"""`nacre tca`: what executions cost, from a journal, also of a core that runs."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.cli.lazy import load
from core.cli.output import console, table, write_json
from core.cli.readable import readable

if TYPE_CHECKING:
    from rich.table import Table

    from core.analytics.measure import Measured

KEYS = ("venue", "algo", "strategy", "account", "symbol")
_ABREAST = 5  # groups beside each other in a terminal's table
_path = click.argument("path", type=click.Path(exists=True))
_by = click.option(
    "--by", type=click.Choice(KEYS), multiple=True, help="One table only, or some.  [default: all]"
)


@click.group()
def command() -> None:
    """What executions cost: PATH is a journal's folder, of a core that has ended or that runs."""


@command.command(short_help="Slippage, shortfall, spreads, markouts, ratios.")
@_path
@_by
@click.option(
    "-o", "--output", type=click.Choice(("table", "json", "html")), default="table", show_default=True
)
@click.option("--to", type=click.Path(dir_okay=False, path_type=Path), help="Write to FILE.", metavar="FILE")
@click.option(
    "--follow", type=click.FloatRange(min=0.1), metavar="S", help="Again every S seconds, until SIGTERM."
)
def report(path: str, by: tuple[str, ...], output: str, to: Path | None, follow: float | None) -> None:
    """Report what the executions in the journal at PATH cost.

    Costs are positive, in basis points of the value at their benchmark; -o json has every figure.
    """
    with readable(path):
        observer = load("core.analytics.observer", "Observer")(path)
        if follow is None:
            _tell(observer.catch_up().measure(), by or KEYS, output, to, path)
            return
        stopped: list[int] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda signum, _: stopped.append(signum))
        told = load("core.analytics.observer", "follow")
        told(
            observer, follow, lambda found: _tell(found, by or KEYS, output, to, path), lambda: bool(stopped)
        )


@command.command(short_help="What the router may learn from it, as scenario lines.")
@_path
@click.option(
    "--least", type=click.IntRange(min=1), default=20, show_default=True, help="Children a fact needs."
)
def facts(path: str, least: int) -> None:
    """Write what is known of each venue as venue_facts lines: a core takes them as events."""
    with readable(path):
        measured = load("core.analytics.observer", "Observer")(path).catch_up().measure()
        for line in load("core.analytics.facts", "venue_facts")(measured, least):
            click.echo(json.dumps(line))


def _tell(measured: Measured, keys: tuple[str, ...], output: str, to: Path | None, path: str) -> None:
    found = load("core.analytics.report", "figures")(measured, keys)
    if output == "html":
        text = load("core.analytics.report", "html")(found, f"Executions: {Path(path).name}")
    elif to is not None:
        text = json.dumps(found, indent=2, ensure_ascii=False) + "\n"
    elif output == "json":
        write_json(found)
        return
    else:
        _draw(found, keys)
        return
    if to is None:
        sys.stdout.write(text)
    else:
        partly = to.with_name(f"{to.name}.part")
        partly.write_text(text)
        partly.replace(to)


def _draw(found: Mapping[str, Any], keys: tuple[str, ...]) -> None:
    """A table a key: a line a figure, a column a group."""
    out = console()
    for key in ("all", *keys):
        rows = found["total" if key == "all" else key]
        for first in range(0, len(rows), _ABREAST):
            out.print(_figures(key, rows[first : first + _ABREAST]))


def _figures(key: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    """Figures that none of the groups has are left out."""
    from rich.markup import escape

    names, shown = load("core.analytics.report", "FIGURES"), load("core.analytics.report", "shown")
    heads = [escape(f"{row[key]} {row['currency']}") for row in rows]
    made = table(f"by {key}" if key != "all" else "total", *heads, numbers=heads)
    for name, text in names.items():
        cells = [shown(row.get(name)) for row in rows]
        if any(cells):
            made.add_row(text, *cells)
    return made
