"""`nacre analytics`: how accounts do. What executions cost is `nacre tca`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.cli.lazy import load
from core.cli.output import output_option, rows_table, say, write_json
from core.cli.readable import readable
from periphery.cli.desk import print_table
from periphery.cli.tables import needs, table_of

if TYPE_CHECKING:
    from periphery.analytics.history import History

_DIGITS = 6
_a_year = click.option("--a-year", type=click.FloatRange(min=0), metavar="N", help="Periods a year.")
_risk_free = click.option("--risk-free", type=float, default=0.0, show_default=True, help="Of a period.")
_to = click.option(
    "--to", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write there."
)


@click.group()
def command() -> None:
    """How accounts do: returns, risk, drawdowns, and what they come from."""


@command.command(short_help="Of the accounts in a journal.")
@click.argument("journal", type=click.Path(exists=True, file_okay=False))
@click.option("--account", metavar="A", help="Of this account only.")
@click.option("--period-s", type=click.FloatRange(min=0, min_open=True), default=60.0, show_default=True)
@click.option("--benchmark", default="", metavar="SYMBOL", help="Against its returns.")
@click.option("--factors", default="", metavar="A,B", help="Symbols whose returns explain the account's.")
@_a_year
@_risk_free
@click.option(
    "-o", "--output", type=click.Choice(("table", "json", "html")), default="table", show_default=True
)
@_to
def report(
    journal: str, account: str | None, period_s: float, benchmark: str, factors: str, a_year: float | None,
    risk_free: float, output: str, to: Path | None,
) -> None:  # fmt: skip
    """How each account in the JOURNAL of a core has done, also of a core that runs; html is a tear sheet.

    The same figures as the engine `analytics` says live.
    """
    with needs("analytics"), readable(journal):
        params = load("periphery.analytics.engine", "AnalyticsParams")(
            period_s=period_s, periods=10**9, a_year=a_year or 0.0, risk_free=risk_free, benchmark=benchmark,
            factors=[name.strip() for name in factors.split(",") if name.strip()],
        )  # fmt: skip
        found = _of(load("periphery.analytics.history", "histories")(journal, params), account)
        if output == "html":
            cost = load("periphery.strategy.report", "costs")(Path(journal))
            year = a_year or load("periphery.analytics.measures", "YEAR_S") / period_s
            _write(load("periphery.analytics.report", "page")(found, cost, year), to)
            return
    told = [history.told() for history in found]
    if output == "json":
        _write_json(told, to)
    else:
        _draw(told)


def _of(found: Sequence[History], account: str | None) -> list[History]:
    chosen = [history for history in found if account in (None, history.account)]
    if account is not None and not chosen:
        known = ", ".join(history.account for history in found) or "none"
        raise ValueError(f"account {account}: those that held something are {known}")
    return chosen


@command.command(short_help="Of past prices or returns in a file.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--returns", "are_returns", is_flag=True, help="The file has returns, not prices.")
@click.option("--benchmark", metavar="NAME", help="The column to compare the others with.")
@click.option("--factors", default="", metavar="A,B", help="Columns that explain the others.")
@click.option("--symbols", metavar="A,B", help="These columns only.")
@click.option("--rows", type=click.IntRange(min=4), metavar="N", help="The last rows only.")
@click.option(
    "--a-year", type=click.FloatRange(min=0, min_open=True), default=252, show_default=True, metavar="N"
)
@_risk_free
@output_option("table", "json")
def returns(
    file: Path, are_returns: bool, benchmark: str | None, factors: str, symbols: str | None, rows: int | None,
    a_year: float, risk_free: float, output: str,
) -> None:  # fmt: skip
    """Figures of each column of FILE, a CSV: a time, then a column a name; .gz and the like too."""
    of = "periphery.analytics.measures"
    with needs("analytics"), readable(str(file)):
        table = table_of(file, rows, None)
        table = table if are_returns else table.returns()
        named = [name.strip() for name in factors.split(",") if name.strip()]
        others = {*named, benchmark} if benchmark else set(named)
        names = [name.strip() for name in symbols.split(",")] if symbols else list(table.names)
        told = []
        for name in [name for name in names if name not in others]:
            own = table.of([name]).values[:, 0]
            one: dict[str, Any] = {"name": name, "periods": len(own)}
            one |= load(of, "performance")(own, a_year, risk_free)
            if benchmark:
                against = table.of([benchmark]).values[:, 0]
                one["relative"] = load(of, "relative")(own, against, a_year, risk_free)
            if named:
                one["by_factor"] = load(of, "by_factor")(own, table.of(named).values, named)
            told.append(one)
    if output == "json":
        write_json(told)
    else:
        _draw(told)


def _draw(told: Sequence[Mapping[str, Any]]) -> None:
    """A table an account: what is alone, then what has names."""
    for one in told:
        title = str(one.get("account") or one.get("name"))
        alone = [
            {"figure": key.replace("_", " "), title: _short(value)}
            for key, value in one.items()
            if not isinstance(value, dict | list) and key not in ("account", "name") and value is not None
        ]
        print_table(rows_table(alone, title))
        for key in ("relative", "by_strategy", "by_instrument"):
            if one.get(key):
                lines = [{"": name or "none", title: _short(value)} for name, value in one[key].items()]
                print_table(rows_table(lines, key.replace("_", " ")))
        if "by_factor" in one:
            of = one["by_factor"]
            lines = [
                {"factor": name, "beta": _short(of["betas"][name]), "of the sum": _short(part)}
                for name, part in [*of["contributions"].items()]
            ]
            lines.append({"factor": "specific", "beta": "", "of the sum": _short(of["specific"])})
            print_table(rows_table(lines, "by factor"))
        if one.get("unpriced"):
            say(f"{title}: no price or rate of {', '.join(one['unpriced'])}")
    if not told:
        say("no account held anything")


def _short(value: object) -> str:
    return f"{value:,.{_DIGITS}f}" if isinstance(value, float) else str(value)


def _write_json(told: object, to: Path | None) -> None:
    import json

    if to is None:
        write_json(told)
    else:
        _write(json.dumps(told, indent=2, ensure_ascii=False) + "\n", to)


def _write(text: str, to: Path | None) -> None:
    if to is None:
        sys.stdout.write(text)
        return
    draft = to.with_name(f"{to.name}.part")
    draft.write_text(text)
    draft.replace(to)
