"""`nacre factor`: exposures to factors, what they earn, principal components, scores, covariances."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from core.cli.lazy import load
from core.cli.output import BadInput, output_option, rows_table, write_json
from periphery.cli.desk import print_table
from periphery.cli.tables import needs, table_of

_PATH = click.Path(path_type=Path, dir_okay=False)
_rows = click.option("--rows", type=click.IntRange(min=3), metavar="N", help="The last rows only.")
_symbols = click.option("--symbols", metavar="A,B", help="These columns only.")
_kind = click.option("--returns", "are_returns", is_flag=True, help="The file has returns, not prices.")
_lags = click.option(
    "--lags", type=click.IntRange(min=0), metavar="N", help="Of the errors.  [default: by n]"
)


@click.group()
def command() -> None:
    """Factors over files: CSV, a time and then a column a name; .gz, .bz2 and the like too."""


@command.command(short_help="Regressions on factors, with Newey-West errors.")
@click.argument("prices", type=_PATH)
@click.option("--factors", required=True, type=_PATH, metavar="FILE", help="A column a factor.")
@click.option("--factor-names", metavar="A,B", help="These factors only.")
@click.option("--factor-returns", is_flag=True, help="Its file has returns, not prices.")
@click.option("--risk-free", metavar="NAME", help="The factors' column to take from all returns.")
@click.option("--window", type=click.IntRange(min=3), metavar="N", help="Rolling, of so many periods.")
@_lags
@_kind
@_rows
@_symbols
@output_option("table", "json")
def exposures(
    prices: Path, factors: Path, factor_names: str | None, factor_returns: bool, risk_free: str | None,
    window: int | None, lags: int | None, are_returns: bool, rows: int | None, symbols: str | None,
    output: str,
) -> None:  # fmt: skip
    """How the returns of each column of PRICES go with factors.

    \b
    nacre factor exposures french.csv --returns --symbols S1V1,S5V5 --factors french.csv --factor-returns \\
      --factor-names MktRF,SMB,HML --risk-free RF
    """
    with needs("factor"), _refusals():
        own, others = _both(
            prices, factors, are_returns, factor_returns, rows, symbols, factor_names, risk_free
        )
        found = _exposed(own, others, window, lags)
    _tell(found, output, "exposures")


def _both(
    prices: Path, factors: Path, are_returns: bool, factor_returns: bool, rows: int | None,
    symbols: str | None, names: str | None, risk_free: str | None,
) -> tuple[Any, Any]:  # fmt: skip
    """Returns less the risk-free one, and factors, of the times that both have."""
    history = "periphery.history.tables"
    own = _returns(table_of(prices, None, symbols), are_returns)
    every = _returns(table_of(factors, None, None), factor_returns)
    own, every = load(history, "together")(own, every)
    if rows is not None:
        own, every = own.last(rows), every.last(rows)
    values = own.values - every.of([risk_free]).values if risk_free else own.values
    wanted = (
        [name.strip() for name in names.split(",")] if names else [n for n in every.names if n != risk_free]
    )
    return load(history, "Table")(own.times, own.names, values), every.of(wanted)


def _exposed(own: Any, others: Any, window: int | None, lags: int | None) -> list[dict[str, Any]]:
    of = "periphery.factor.exposures"
    used = load(of, "rule_of_thumb")(window or len(own.times)) if lags is None else lags
    found = []
    for i, name in enumerate(own.names):
        if window is None:
            fits = [load(of, "exposure")(own.values[:, i], others.values, used)]
        else:
            fits = load(of, "rolling")(own.values[:, i], others.values, window, used)
        for time, fit in zip(own.times[-len(fits) :], fits, strict=True):
            found.append({"name": name, "to": time, **fit.told(others.names), "lags": used})
    return found


@command.command(short_help="What factors earn, by portfolios.")
@click.argument("portfolios", type=_PATH)
@click.option("--factors", required=True, metavar="A,B", help="Columns that are factors.")
@click.option("--portfolios", "names", required=True, metavar="A,B", help="Columns that are portfolios.")
@click.option("--risk-free", metavar="NAME", help="The column to take from the portfolios' returns.")
@click.option(
    "--method",
    type=click.Choice(("two_step", "traded", "fama_macbeth")),
    default="two_step",
    show_default=True,
)
@_lags
@_rows
@output_option("table", "json")
def premia(
    portfolios: Path, factors: str, names: str, risk_free: str | None, method: str, lags: int | None,
    rows: int | None, output: str,
) -> None:  # fmt: skip
    """Risk premia a period from the returns in PORTFOLIOS.

    \b
    nacre factor premia french.csv --factors MktRF,SMB,HML --portfolios S1V1,S1V5,S5V1,S5V5 --risk-free RF
    """
    with needs("factor"), _refusals():
        whole = table_of(portfolios, rows, None)
        own, others = whole.of(_split(names)), whole.of(_split(factors))
        if risk_free:
            excess = own.values - whole.of([risk_free]).values
            own = load("periphery.history.tables", "Table")(own.times, own.names, excess)
        more = {} if method == "traded" else {"lags": lags}
        if method == "fama_macbeth" and lags is None:
            more = {"lags": load("periphery.factor.exposures", "rule_of_thumb")(len(own.times))}
        found = load("periphery.factor.premia", method)(own, others, **more)
    if output == "json":
        write_json({"method": method, **found})
        return
    rows_ = [
        {"factor": name, **{key: f"{found[key][name]:.6f}" for key in ("premia", "errors", "t")}}
        for name in others.names
    ]
    print_table(rows_table(rows_, f"{method}: {found['periods']:,} periods"))


@command.command(short_help="Principal components.")
@click.argument("prices", type=_PATH)
@click.option("--components", "count", type=click.IntRange(min=1), default=3, show_default=True, metavar="N")
@_kind
@_rows
@_symbols
@output_option("table", "json")
def pca(
    prices: Path, count: int, are_returns: bool, rows: int | None, symbols: str | None, output: str
) -> None:
    """The components of the returns of PRICES that explain most: loadings, and parts of the variance."""
    with needs("factor"), _refusals():
        returns = _returns(table_of(prices, rows, symbols), are_returns)
        found = load("periphery.factor.pca", "components")(returns.values, count)
    told = [
        {"component": i, "explained": float(part), **dict(zip(returns.names, map(float, row), strict=True))}
        for i, (part, row) in enumerate(zip(found.explained, found.loadings, strict=True), 1)
    ]
    _tell(told, output, "components")


@command.command(short_help="How well a score foretells returns.")
@click.argument("prices", type=_PATH)
@click.option("--scores", type=_PATH, metavar="FILE", help="A score a time and name, of the same names.")
@click.option(
    "--momentum", type=click.IntRange(min=1), metavar="N", help="The score: the return of N periods."
)
@click.option(
    "--groups", type=_PATH, metavar="FILE", help="JSON {name: group}: scores are made neutral to it."
)
@click.option("--ahead", default="1,5", show_default=True, metavar="N,M", help="Periods to foretell.")
@click.option("--quantiles", type=click.IntRange(min=2), default=5, show_default=True, metavar="N")
@_rows
@_symbols
@output_option("table", "json")
def information(
    prices: Path, scores: Path | None, momentum: int | None, groups: Path | None, ahead: str, quantiles: int,
    rows: int | None, symbols: str | None, output: str,
) -> None:  # fmt: skip
    """Rank correlations of scores with the returns that follow, and mean returns by quantile of the score."""
    if (scores is None) == (momentum is None):
        raise BadInput("give --scores FILE or --momentum N, one of them")
    with needs("factor"), _refusals():
        table = table_of(prices, rows, symbols)
        score = _score(table, scores, momentum)
        if score.names != table.names or score.times != table.times:
            table, score = load("periphery.history.tables", "together")(table, score.of(table.names))
        values = score.values
        if groups is not None:
            values = load("periphery.factor.scores", "neutral")(values, None, _groups(groups, table.names))
        found = [_information(table.values, values, _periods(each), quantiles) for each in ahead.split(",")]
    _tell(found, output, "information")


def _score(table: Any, scores: Path | None, momentum: int | None) -> Any:
    if scores is not None:
        return table_of(scores, None, None)
    values = load("periphery.factor.scores", "momentum")(table.values, momentum)
    return load("periphery.history.tables", "Table")(table.times, table.names, values)


def _information(prices: Any, scores: Any, ahead: int, quantiles: int) -> dict[str, Any]:
    import numpy as np

    of = "periphery.factor.scores"
    earned = load(of, "forward")(prices, ahead)
    found = load(of, "information")(scores, earned)
    parts = load(of, "by_quantile")(scores, earned, quantiles)
    columns = [column[np.isfinite(column)] for column in parts.T]
    means = [float(column.mean()) if len(column) else float("nan") for column in columns]
    told = {"ahead": ahead, "mean": found.mean, "deviation": found.deviation, "ratio": found.ratio}
    periods = int(np.isfinite(found.by_period).sum())
    return told | {"t": found.t, "periods": periods, "by_quantile": means}


@command.command(short_help="A covariance, shrunk.")
@click.argument("prices", type=_PATH)
@click.option(
    "--method",
    type=click.Choice(("ledoit_wolf", "oas", "empirical")),
    default="ledoit_wolf",
    show_default=True,
)
@_kind
@_rows
@_symbols
@output_option("table", "json")
def covariance(
    prices: Path, method: str, are_returns: bool, rows: int | None, symbols: str | None, output: str
) -> None:
    """The covariance of the returns of PRICES, a period."""
    with needs("factor"), _refusals():
        returns = _returns(table_of(prices, rows, symbols), are_returns)
        found = load("periphery.factor.covariance", "covariance")(returns.values, method)
    matrix = {
        name: dict(zip(returns.names, map(float, row), strict=True))
        for name, row in zip(returns.names, found.covariance, strict=True)
    }
    if output == "json":
        write_json({"method": method, "shrinkage": found.shrinkage, "covariance": matrix})
        return
    rows_ = [{"": name, **{k: f"{v:.3e}" for k, v in row.items()}} for name, row in matrix.items()]
    print_table(rows_table(rows_, f"{method}: shrunk by {found.shrinkage:.4f}"))


# ---- what they share ---------------------------------------------------------------------------------------


def _returns(table: Any, are_returns: bool) -> Any:
    return table if are_returns else table.returns()


def _split(names: str) -> list[str]:
    return [name.strip() for name in names.split(",")]


def _periods(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise BadInput(f"--ahead {text}: give whole numbers, as 1,5") from error


def _groups(path: Path, names: tuple[str, ...]) -> list[str]:
    import json

    try:
        told = json.loads(path.read_text())
        return [str(told[name]) for name in names]
    except (OSError, ValueError, TypeError) as error:
        raise BadInput(f'{path}: {error}: give JSON as {{"AAPL": "tech"}}') from error
    except KeyError as error:
        raise BadInput(f"{path}: {error} has no group") from error


def _tell(rows: list[dict[str, Any]], output: str, title: str) -> None:
    import math

    def plain(value: Any) -> Any:
        if isinstance(value, float):
            return value if math.isfinite(value) else None
        if isinstance(value, dict):
            return {key: plain(each) for key, each in value.items()}
        return [plain(each) for each in value] if isinstance(value, list) else value

    def short(value: Any) -> Any:
        if isinstance(value, float):
            return f"{value:.6g}"
        if isinstance(value, dict):
            return {key: short(each) for key, each in value.items()}
        return [short(each) for each in value] if isinstance(value, list) else value

    told = [plain(row) for row in rows]
    if output == "json":
        write_json(told)
    else:
        print_table(rows_table([short(row) for row in told], title))


@contextmanager
def _refusals() -> Iterator[None]:
    """What can't be done, as a command says it."""
    try:
        yield
    except ValueError as error:
        raise BadInput(str(error)) from error
