"""`nacre position`, the verbs that need no running core: on files of fills, on journals, on statements."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from core.cli.lazy import load
from core.cli.output import (
    EXIT_FAILED,
    BadInput,
    console,
    output_option,
    rows_table,
    say,
    write_json,
    write_mapping,
)

_PLACE = "core.positions"
_csv = click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
_journal = click.argument("journal", type=click.Path(exists=True))
_account = click.option("--account", default="", metavar="A", help="Of rows without an account column.")
_dates = click.option(
    "--dates",
    type=click.Choice(["dmy", "mdy"]),
    help="Order of day and month in 3/4/2020, where the file doesn't show it.",
)
_breaks = click.option(
    "--breaks",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where breaks are kept from day to day: without it none ages.",
)
_BREAK = ("id", "kind", "ours", "theirs", "difference", "age_days", "status")
_POSITIONS = ("history", "lots", "allocation", "daybook", "statement", "reconcile")


def _from(module: str, name: str) -> Any:
    assert module in _POSITIONS
    return load(f"{_PLACE}.{module}", name)


@contextmanager
def _usable(path: object) -> Iterator[None]:
    """Turns what can't be read into a message and exit code 2; a journal that doesn't hold into 1."""
    try:
        yield
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        text = str(error)
        raise BadInput(
            text if str(path) in text or Path(str(path)).name in text else f"{path}: {text}"
        ) from error
    except (load("core_ext.journal", "JournalError"), load("core.errors", "CoreFault")) as error:
        say(str(error))
        sys.exit(EXIT_FAILED)


def _fills(file: Path, order: str = "", needs: tuple[str, ...] | None = None) -> Any:
    """A CSV file's rows."""
    read = _from("history", "read_fills")
    with _from("history", "opened")(file) as stream:
        return read(stream, file.name, order=order, **({"needs": needs} if needs else {}))


# ---- files of fills ----------------------------------------------------------------------------------------


@click.command("import-fills")
@_csv
@click.option(
    "--cash", default="0", show_default=True, metavar="AMOUNT", help="What there was before the first fill."
)
@_dates
@output_option("table", "json")
def import_fills(file: Path, cash: str, dates: str | None, output: str) -> None:
    """Positions and cash by day of a history of fills.

    FILE: a CSV kept elsewhere (`-`: standard input). Columns: date, symbol, signed quantity, price, fee (may
    be missing). Names of columns and forms of dates are taken as they come; numbers exactly, or not at all.
    """
    with _usable(file):
        found = _from("history", "import_fills")(file, cash, dates or "")
    if output == "json":
        click.echo(_days_by_line(found))
        return
    days = [day | {"positions": f"{len(day['positions'])} open"} for day in found["days"]]
    console().print(rows_table(days, "days"), rows_table(found["positions"], "positions"), sep="\n")
    write_mapping({key: value for key, value in found.items() if key not in ("days", "positions")}, file.name)


def _days_by_line(found: Mapping[str, Any]) -> str:
    """One JSON document; a day, like every key, on a line of its own."""
    parts = []
    for key, value in found.items():
        if isinstance(value, list):
            rows = ",\n    ".join(json.dumps(row, ensure_ascii=False) for row in value)
            parts.append(f"  {json.dumps(key)}: [\n    {rows}\n  ]" if value else f"  {json.dumps(key)}: []")
        else:
            parts.append(f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}")
    return "{\n" + ",\n".join(parts) + "\n}"


@click.command()
@_csv
@click.option(
    "--method", type=click.Choice(["fifo", "lifo", "hifo", "specific"]), default="fifo", show_default=True
)
@_dates
@output_option("table", "json")
def lots(file: Path, method: str, dates: str | None, output: str) -> None:
    """Realised gains of the fills in FILE, lot by lot.

    specific: a fill that closes names its lots in the column `closes`, as `e1` or `e1:50;e2:30`, by the ids
    of the fills that opened them.
    """
    with _usable(file):
        found = _from("lots", "realized_gains")(_fills(file, dates or "").rows, method)
    if output == "json":
        write_json(found)
        return
    console().print(rows_table(found["closed"], "closed"), rows_table(found["open"], "open"), sep="\n")
    console().print(rows_table(found["symbols"], f"realised, {method}: {found['gain']}"))


@click.command()
@_csv
@click.option(
    "--to", "weights", multiple=True, required=True, metavar="ACCOUNT=WEIGHT", help="Again for each account."
)
@click.option(
    "--lot", default="1", show_default=True, metavar="QTY", help="What an account gets whole ones of."
)
@output_option("table", "json")
def allocate(file: Path, weights: tuple[str, ...], lot: str, output: str) -> None:
    """Allocate a block's fills to accounts.

    By weight, in whole lots, at the average price. Quantities, values and fees of the accounts sum to those
    of the fills in FILE.
    """
    with _usable(file):
        fills = _fills(file, needs=("symbol", "qty", "price")).rows
        rows = _from("allocation", "allocate")(fills, dict(map(_weight, weights)), _positive(lot, "--lot"))
    if output == "json":
        write_json({"allocations": rows})
    else:
        console().print(rows_table(rows, "allocations"))


def _weight(text: str) -> tuple[str, Fraction]:
    account, mark, weight = text.partition("=")
    if not account or not mark:
        raise ValueError(f"--to {text}: say ACCOUNT=WEIGHT")
    return account, _positive(weight, f"--to {account}", zero=True)


def _positive(text: str, what: str, zero: bool = False) -> Fraction:
    number = _from("history", "number")(text, what, "command line")
    if number.units < 0 or (number.units == 0 and not zero):
        raise ValueError(f"{what} {text}: must be positive")
    return Fraction(number.units, 10**number.digits)


# ---- the end of a day, and the next one's beginning --------------------------------------------------------


@click.command()
@_journal
@click.option(
    "--previous", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Yesterday's statement."
)
@click.option(
    "--venue-fills",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The venues' CSV of fills: symbol and side of what is in suspense.",
)
@output_option("table", "json")
def statement(journal: str, previous: Path | None, venue_fills: Path | None, output: str) -> None:
    """The books of JOURNAL at its end.

    Positions, accounts, fees, P&L, margin and what is in suspense, under one hash.
    """
    with _usable(journal):
        day = _from("daybook", "read_daybook")(journal)
        before = None
        if previous is not None:
            before = _from("statement", "parse_statement")(previous.read_text(), previous.name)
        fills = _fills(venue_fills).rows if venue_fills else []
        found = _from("statement", "statement")(day, before, fills)
    if output == "json":
        write_json(found)
    else:
        write_mapping({key: value for key, value in found.items() if value != []}, "statement")


@click.command("load")
@_csv
@_account
def load_(file: Path, account: str) -> None:
    """Print open positions as a day's first lines.

    FILE: yesterday's statement (its hash is checked), or a CSV with account, symbol, qty, price (the average
    cost). Append them to the declarations: nacre position load FILE >> desk.jsonl
    """
    with _usable(file):
        if file.suffix == ".json":
            told = _from("statement", "parse_statement")(file.read_text(), file.name)
            lines = list(_from("statement", "opening")(told))
        else:
            rows = _fills(file, needs=("symbol", "qty", "price")).rows
            lines = list(_from("statement", "opening_of_fills")(rows, account))
    for line in lines:
        click.echo(json.dumps(line, ensure_ascii=False))


@click.command()
@_journal
@click.option(
    "--venue-fills",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The venues' CSV of fills: their symbols and sides.",
)
@output_option("table", "json")
def suspense(journal: str, venue_fills: Path | None, output: str) -> None:
    """List fills of orders that nobody here knows.

    Of JOURNAL, with the exposure that they make. Exit 1 while one is open.
    """
    with _usable(journal):
        day = _from("daybook", "read_daybook")(journal)
        rows = _from("statement", "suspended")(day, _fills(venue_fills).rows if venue_fills else [])
        exposed = _from("statement", "exposure")(day, rows)
    if output == "json":
        write_json({"as_of": day.as_of, "suspense": rows, "exposure": exposed})
    else:
        console().print(rows_table(rows, "suspense"), rows_table(exposed, "exposure"), sep="\n")
    sys.exit(EXIT_FAILED if any(row["status"] == "open" for row in rows) else 0)


# ---- reconciliation ----------------------------------------------------------------------------------------


@click.command()
@_csv
@click.option("--journal", required=True, type=click.Path(exists=True), help="Our side: the core's journal.")
@_account
@_breaks
@click.option(
    "--date", "today", metavar="DATE", help="Of the file, ISO.  [default: of the journal's last event]"
)
@click.option(
    "--venue-fills",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The venues' CSV of fills: to explain breaks by what is in suspense.",
)
@output_option("table", "json")
def reconcile(
    file: Path,
    journal: str,
    account: str,
    breaks: Path | None,
    today: str | None,
    venue_fills: Path | None,
    output: str,
) -> None:
    """Compare our positions and cash with a venue's file.

    FILE: a CSV with account, symbol, qty; a row whose symbol is a currency is cash. Exit 1 while a break is
    open.
    """
    with _usable(file):
        rows = _fills(file, needs=("symbol", "qty")).rows
        day = _from("daybook", "read_daybook")(journal)
        today = date.fromisoformat(today or day.as_of[:10]).isoformat()
        kept = _from("reconcile", "Breaks")(breaks)
        found = kept.update(_differences(day, rows, account, today), today)
        waiting = _from("statement", "suspended")(day, _fills(venue_fills).rows if venue_fills else [])
        late = [fill for fill in day.fills() if fill["time"][:10] > today]
        for one in found:
            _from("reconcile", "hint")(one, waiting, late)
        kept.save()
    told = [one.told(today) for one in found]
    open_ = sum(one["status"] == "open" for one in told)
    if output == "json":
        write_json({"date": today, "breaks": told, "open": open_, "suspense": waiting})
    else:
        _print_breaks(told, f"breaks of {today}: {open_} open")
    sys.exit(EXIT_FAILED if open_ else 0)


def _print_breaks(told: list[dict[str, Any]], title: str) -> None:
    """The figures in a table, the words below it."""
    if not told:
        click.echo(f"{title}: none")
        return
    console().print(rows_table([{key: one[key] for key in _BREAK} for one in told], title))
    for one in told:
        said = [f"{one['status']} by {one['by']}: {one['explanation']}"] if one["by"] else []
        for line in said + one["hints"]:
            click.echo(f"{one['id']}  {line}")


def _differences(day: Any, rows: Any, account: str, today: str) -> Any:
    ours, currencies = _from("reconcile", "our_side")(day)
    theirs = _from("reconcile", "their_side")(rows, account)
    ours = _from("reconcile", "restrict")(ours, theirs, currencies)
    return _from("reconcile", "reconcile")(ours, theirs, currencies, today)


@click.command()
@click.argument("break_id", metavar="BREAK")
@click.option("--why", required=True, metavar="TEXT")
@click.option("--by", required=True, metavar="NAME", help="Who explains it.")
@click.option(
    "--breaks", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE"
)
def explain(break_id: str, why: str, by: str, breaks: Path) -> None:
    """Explain BREAK (account/symbol), by a name.

    In the file of breaks: it stays explained as long as it stays the same.
    """
    settle(breaks, break_id, "explained", why, by)


def settle(breaks: Path, break_id: str, status: str, why: str, by: str) -> None:
    """Says in the file of breaks what became of one."""
    with _usable(breaks):
        kept = _from("reconcile", "Breaks")(breaks)
        found = kept.settle(break_id, status, why, by)
        kept.save()
    say(f"{found.id}: {found.status} by {found.by}: {found.explanation}")


def find_break(breaks: Path, break_id: str) -> Any:
    """A break of the file. BadInput."""
    with _usable(breaks):
        return _from("reconcile", "Breaks")(breaks).get(break_id)


VERBS: tuple[click.Command, ...] = (
    import_fills,
    lots,
    allocate,
    statement,
    load_,
    suspense,
    reconcile,
    explain,
)


def add_to(group: click.Group) -> None:
    """Gives a group these verbs."""
    for verb in VERBS:
        group.add_command(verb)
