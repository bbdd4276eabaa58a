"""`nacre position`: what is held, and what a person books. The verbs on files and journals are
core.cli.books."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.cli import books
from core.cli.output import BadInput, banner, output_option, say, write_json
from core.cli.watch import repeat, watch_option
from periphery.cli.desk import show_rows, with_core

if TYPE_CHECKING:
    from rich.table import Table

    from periphery.client import Client

_POSITION = ("qty", "avg_cost", "realized_pnl", "unrealized_pnl", "fees")
_ACCOUNT = ("equity", "realized_pnl", "unrealized_pnl", "fees")


@click.group()
def command() -> None:
    """Look at positions, keep their books, reconcile them."""


books.add_to(command)


@command.command("list")
@output_option("table", "json")
@watch_option
@with_core
def list_(core: Client, output: str, watch: bool) -> None:
    """Positions and accounts, as the position keeper has them."""

    def draw(value: Mapping[str, Any]) -> list[Table]:
        title = banner(value["live"], "positions")
        names = ("account", "symbol", *_POSITION, "currency")
        accounts = show_rows("accounts", ("account", *_ACCOUNT, "currency"), _ACCOUNT, value["accounts"])
        return [show_rows(title, names, _POSITION, value["positions"]), accounts]

    repeat(lambda: {"live": core.is_live, **core.positions()}, draw, output, watch)


# ---- what a person books -----------------------------------------------------------------------------------


def _fill_options(run: Callable[..., None]) -> Callable[..., None]:
    for add in reversed(
        (
            click.option("--price", required=True, metavar="PX"),
            click.option("--fee", default="0", show_default=True, metavar="AMOUNT"),
            click.option("--by", required=True, metavar="NAME", help="Who books it."),
            output_option("table", "json"),
            with_core,
        )
    ):
        run = add(run)
    return run


@command.command()
@click.argument("venue")
@click.argument("exec_id")
@click.option("--account", required=True, metavar="A", help="Whose fill it is.")
@click.option(
    "--from",
    "source",
    metavar="A",
    help="The account that it was booked to until now: it is taken out there.",
)
@click.option("--symbol", required=True)
@click.option("--qty", required=True, help="Signed: a sale is negative.")
@_fill_options
def assign(core: Client, venue: str, exec_id: str, source: str | None, output: str, **fill: str) -> None:
    """Book a fill that nobody here knew to its account.

    EXEC_ID of VENUE, as `nacre position suspense` lists it.

    \b
    nacre position assign XNAS e17 --account A1 --symbol AAPL --qty -100 --price 190.02 --by anna
    Held in an account of suspense first, it counts in the limits at once; --from SUSPENSE moves it on later.
    """
    made = [fill | {"venue": venue, "exec_id": exec_id}]
    if source is not None:
        out = fill | {"account": source, "qty": _opposite(fill["qty"]), "fee": _opposite(fill["fee"])}
        made = [out | {"venue": venue, "exec_id": f"{exec_id}/out"}, made[0] | {"exec_id": f"{exec_id}/in"}]
    _book(core, made, output)


def _opposite(number: str) -> str:
    return number[1:] if number.startswith("-") else f"-{number}"


@command.command()
@click.argument("break_id", metavar="BREAK")
@click.option(
    "--breaks", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE"
)
@click.option("--venue", required=True, help="Whose file it was.")
@click.option("--why", default="booked to agree with the file", show_default=True, metavar="TEXT")
@_fill_options
def book(core: Client, break_id: str, breaks: Path, venue: str, why: str, output: str, **fill: str) -> None:
    """Book the difference of BREAK, so that we agree.

    BREAK: account/symbol, as the file of breaks has it. The next file shows whether it agrees.
    """
    found = books.find_break(breaks, break_id)
    if found.kind == "cash":
        raise BadInput(f"{break_id} is cash, which no fill books: explain it (nacre position explain)")
    if found.status in ("booked", "closed"):
        raise BadInput(f"{break_id} is {found.status}")
    exec_id = f"{found.last_seen.replace('-', '')}-{found.what}"[:31]
    line = fill | {"account": found.account, "symbol": found.what, "qty": found.difference}
    _book(core, [line | {"venue": venue, "exec_id": exec_id}], output)
    books.settle(breaks, break_id, "booked", why, fill["by"])


@command.command()
@click.argument("what", type=click.Choice(["funding", "dividend", "split", "settlement"]))
@click.argument("symbol")
@click.argument("value", metavar="VALUE")
@with_core
def adjust(core: Client, what: str, symbol: str, value: str) -> None:
    """What happens to all positions in SYMBOL.

    \b
    nacre position adjust funding BTCUSDT 0.0001      long pays rate x value
    nacre position adjust dividend AAPL 0.24          long receives it a share
    nacre position adjust split AAPL 4/1              quantity x 4, the cost stays
    nacre position adjust settlement ESZ6 5010.25     closes at that price
    """
    line = {"type": what, "symbol": symbol}
    if what == "split":
        num, mark, den = value.partition("/")
        if not mark:
            raise BadInput(f"split {value}: say NUM/DEN, as 4/1")
        line |= {"num": num, "den": den}
    else:
        line |= {{"funding": "rate", "dividend": "amount", "settlement": "px"}[what]: value}
    core.adjust(line)
    say(f"{what} of {symbol}: {value}")


def _book(core: Client, fills: list[dict[str, str]], output: str) -> None:
    told = [fill | core.book(fill) for fill in fills]
    if output == "json":
        write_json({"live": core.is_live, "booked": told})
        return
    for fill in told:
        say(f"booked {fill['qty']} {fill['symbol']} at {fill['price']} to {fill['account']} by {fill['by']}")
