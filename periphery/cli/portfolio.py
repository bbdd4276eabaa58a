"""`nacre portfolio`: weights from past prices, the orders that bring them about, a second person's yes."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.cli.lazy import load
from core.cli.output import (
    EXIT_FAILED,
    EXIT_OK,
    BadInput,
    banner,
    counted,
    output_option,
    rows_table,
    say,
    write_json,
)
from periphery.cli.desk import confirm, print_table, with_core
from periphery.cli.tables import needs, table_of

if TYPE_CHECKING:
    from periphery.client import Client
    from periphery.portfolio.proposal import Proposal

METHODS = (
    "mean_variance", "minimum_variance", "risk_parity", "hrp", "black_litterman", "tracking_error", "equal",
)  # fmt: skip
_PATH = click.Path(path_type=Path, dir_okay=False)
_by = click.option("--by", metavar="NAME", help="Who does it.  [default: the user's name]")


@click.group()
def command() -> None:
    """Weights from past prices, and the orders that bring them about: preview, approve, send."""


def _wanted(run: Callable[..., None]) -> Callable[..., None]:
    """The options that say what is best."""
    for add in reversed(
        (
            click.option(
                "--method", type=click.Choice(METHODS), default="minimum_variance", show_default=True
            ),
            click.option(
                "--covariance",
                type=click.Choice(("ledoit_wolf", "oas", "empirical")),
                default="ledoit_wolf",
                show_default=True,
            ),
            click.option("--risk-aversion", type=float, default=1.0, show_default=True, metavar="X"),
            click.option("--min-weight", type=float, default=0.0, show_default=True, metavar="W"),
            click.option("--max-weight", type=float, default=1.0, show_default=True, metavar="W"),
            click.option("--budget", type=float, default=1.0, show_default=True, metavar="W", help="Of all."),
            click.option(
                "--max-turnover", type=float, default=0.0, metavar="W", help="Bought and sold; 0: any."
            ),
            click.option("--cost", type=float, default=0.0, metavar="X", help="Of a change, a part of it."),
            click.option(
                "--cost-periods", "periods", type=int, default=1, metavar="N", help="It is paid over."
            ),
            click.option(
                "--view", "views", multiple=True, metavar="VIEW", help='As "AAPL - MSFT == 0.0005".'
            ),
            click.option(
                "--confidence", "confidences", type=float, multiple=True, metavar="X", help="In each."
            ),
            click.option("--tau", type=float, default=0.05, show_default=True, metavar="X"),
        )
    ):
        run = add(run)
    return run


@command.command(short_help="Weights that are best by some measure.")
@click.argument("prices", type=_PATH)
@_wanted
@click.option("--rows", type=click.IntRange(min=3), metavar="N", help="The last rows only.")
@click.option("--symbols", metavar="A,B", help="These columns only.")
@click.option("--before", type=_PATH, metavar="FILE", help="The weights that there are, as JSON.")
@click.option("--market", type=_PATH, metavar="FILE", help="black_litterman: the market's weights, as JSON.")
@click.option("--benchmark", type=_PATH, metavar="FILE", help="tracking_error: its prices, in one column.")
@output_option("table", "json")
def optimise(
    prices: Path, rows: int | None, symbols: str | None, before: Path | None, market: Path | None,
    benchmark: Path | None, output: str, **wanted: Any,
) -> None:  # fmt: skip
    """Weights from the returns of PRICES, a CSV file: a time, then a price a column; .gz and the like too.

    \b
    nacre portfolio optimise prices.csv.gz --rows 500 --method hrp -o json > weights.json
    """
    with needs("portfolio"), _refusals():
        table = table_of(prices, rows, symbols)
        against = None
        if benchmark is not None:
            table, against = load("periphery.history.tables", "together")(
                table, table_of(benchmark, None, None)
            )
        returns = table.returns()
        values = {key: list(x) if isinstance(x, tuple) else x for key, x in wanted.items()}
        spec = load("periphery.portfolio.optimise", "Spec")(
            **values, market=_weights(market) if market else {}
        )
        found = load("periphery.portfolio.optimise", "optimise")(
            returns.names, returns.values, spec, _weights(before) if before else None,
            None if against is None else against.returns().values[:, 0],
        )  # fmt: skip
    _tell(found, returns, wanted["method"], output)


def _tell(found: dict[str, float], returns: Any, method: str, output: str) -> None:
    import numpy as np

    weights = np.array(list(found.values()))
    earned = returns.values @ weights
    told = {"method": method, "periods": len(earned), "from": returns.times[0], "to": returns.times[-1]}
    told |= {"mean": float(earned.mean()), "deviation": float(earned.std(ddof=1)), "weights": found}
    if output == "json":
        write_json(told)
        return
    rows = [{"symbol": name, "weight": f"{weight:.6f}"} for name, weight in found.items() if weight]
    title = (
        f"{method}: {told['periods']:,} periods, mean {told['mean']:.6f}, deviation {told['deviation']:.6f}"
    )
    print_table(rows_table(rows, title))


def _weights(path: Path) -> dict[str, float]:
    """Of a JSON file: {"weights": {name: number}}, or that map alone."""
    try:
        told = json.loads(path.read_text())
        told = told.get("weights", told)
        return {str(name): float(weight) for name, weight in told.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise BadInput(f'{path}: {error}: give JSON as {{"AAPL": 0.5, "MSFT": 0.5}}') from error


# ---- orders ------------------------------------------------------------------------------------------------


@command.command(short_help="The orders that weights need; nothing is sent.")
@click.argument("weights", type=_PATH)
@click.option("--account", required=True, metavar="A")
@click.option("--to", required=True, type=_PATH, metavar="FILE", help="Where the proposal is written.")
@click.option("--commission-bps", default="0", show_default=True, metavar="X", help="For the estimated cost.")
@click.option("--least-notional", default="0", show_default=True, metavar="X", help="Of an order.")
@click.option("--limit-bps", metavar="X", help="Limits so far beyond the market.  [default: market orders]")
@click.option("--strategy", metavar="S", help="On whose behalf; limits and kills may name it.")
@click.option("--tif", "time_in_force", type=click.Choice(("day", "gtc", "ioc", "fok")), default="day",
              show_default=True, help="How long they work.")  # fmt: skip
@click.option("--valid-s", type=click.FloatRange(min=1), default=900, show_default=True, metavar="S")
@click.option("--rate", "rates", multiple=True, metavar="EUR/USD=X", help="A rate that is needed.")
@_by
@output_option("table", "json")
@with_core
def preview(
    core: Client, weights: Path, account: str, to: Path, rates: tuple[str, ...], by: str | None, output: str,
    valid_s: float, strategy: str | None, time_in_force: str, **amounts: str | None,
) -> None:  # fmt: skip
    """Orders from WEIGHTS (JSON, as `optimise -o json` writes it) and from what the core has now.

    Each is put to the core's risk: what it would be denied for is told. Nothing is sent.
    """
    with _refusals():
        wish = load("periphery.portfolio.desk", "Wish")(
            by=by or getpass.getuser(), account=account, strategy=strategy, time_in_force=time_in_force,
            valid_s=valid_s, rates=dict(map(_rate, rates)),
            **{key: None if value is None else _fraction(key, value) for key, value in amounts.items()},
        )  # fmt: skip
        exact = {name: Fraction(repr(weight)) for name, weight in _weights(weights).items()}
        proposal = load("periphery.portfolio.desk", "propose")(core, exact, wish)
        load("periphery.portfolio.proposal", "write")(to, proposal)
    _show(proposal, core.is_live, output)
    sys.exit(EXIT_FAILED if proposal.denied else EXIT_OK)


@command.command(short_help="Say yes to a proposal, as a second person.")
@click.argument("file", type=_PATH)
@click.option("--by", required=True, metavar="NAME", help="Who says so: somebody else than who made it.")
@output_option("table", "json")
def approve(file: Path, by: str, output: str) -> None:
    """Approve the proposal in FILE. Changed afterwards it is another one, that nobody has approved."""
    with _refusals():
        proposal = load("periphery.portfolio.proposal", "read")(file)
        load("periphery.portfolio.proposal", "approve")(proposal, by)
        load("periphery.portfolio.proposal", "write")(file, proposal)
    if output == "json":
        write_json({"id": proposal.id, "orders": len(proposal.lines), "approved_by": by.strip()})
    else:
        say(f"{proposal.id}: {counted(len(proposal.lines), 'order')}, approved by {by.strip()}")


@command.command(short_help="Send what was approved.")
@click.argument("file", type=_PATH)
@click.option("--yes", is_flag=True, help="Don't ask.")
@output_option("table", "json")
@with_core
def send(core: Client, file: Path, yes: bool, output: str) -> None:
    """Send the orders of the approved proposal in FILE. Sent again, none of them is a second one.

    Exit codes: 0 the core has all of them, 1 one was denied or not answered in time.
    """
    with _refusals():
        proposal = load("periphery.portfolio.proposal", "read")(file)
        load("periphery.portfolio.proposal", "need_approved")(proposal)
        count = counted(len(proposal.lines), "order")
        confirm(f"Send {count} of {proposal.content.notional} {proposal.content.currency}?", yes)
        rows = load("periphery.portfolio.desk", "send")(core, proposal)
    if output == "json":
        write_json({"live": core.is_live, "id": proposal.id, "orders": rows})
    else:
        print_table(rows_table(rows, banner(core.is_live, f"{proposal.id}: {count}")))
    refused = [row for row in rows if row["became"].startswith(("denied", "no answer", "rejected"))]
    sys.exit(EXIT_FAILED if refused else EXIT_OK)


@command.command(short_help="Look at a proposal.")
@click.argument("file", type=_PATH)
@output_option("table", "json")
def show(file: Path, output: str) -> None:
    """The proposal in FILE: orders, what they come to, what speaks against them, who said yes."""
    with _refusals():
        proposal = load("periphery.portfolio.proposal", "read")(file)
    _show(proposal, None, output)


def _show(proposal: Proposal, is_live: bool | None, output: str) -> None:
    content = proposal.content
    sums = {key: getattr(content, key) for key in ("equity", "cash", "notional", "turnover", "cost")}
    if output == "json":
        live = {} if is_live is None else {"live": is_live}
        told = {"id": proposal.id, "account": content.account, "currency": content.currency, **sums}
        approvals = [{"by": a.by, "at": a.at} for a in proposal.approvals]
        more = {"orders": proposal.lines, "checks": content.checks, "denied": proposal.denied}
        write_json({**live, **told, **more, "concerns": content.concerns, "approvals": approvals})
        return
    rows = [
        {**{key: line.get(key, "") for key in ("symbol", "side", "order_qty", "ord_type", "price")}}
        | {"risk": check["denied"] or "passes"}
        for line, check in zip(proposal.lines, content.checks, strict=True)
    ]
    words = f"{proposal.id}: {content.account}, {counted(len(rows), 'order')}, by {content.by}"
    parts: list[Any] = [rows_table(rows, words if is_live is None else banner(is_live, words))]
    parts.append(rows_table([{"what": key, content.currency: value} for key, value in sums.items()], "sums"))
    print_table(*parts)
    for concern in [*content.concerns, *(f"would be denied: {words}" for words in proposal.denied)]:
        say(concern)
    for approval in proposal.approvals:
        say(f"approved by {approval.by}, {approval.at}")


def _rate(text: str) -> tuple[tuple[str, str], Fraction]:
    pair, equals, value = text.partition("=")
    one, slash, other = pair.partition("/")
    if not equals or not slash:
        raise BadInput(f"--rate {text}: give EUR/USD=1.1")
    return (one, other), _fraction("rate", value)


def _fraction(what: str, text: str) -> Fraction:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise BadInput(f"--{what.replace('_', '-')} {text}: give a number") from error


@contextmanager
def _refusals() -> Iterator[None]:
    """What can't be done, as a command says it."""
    try:
        yield
    except ValueError as error:
        raise BadInput(str(error)) from error
