"""`nacre order`: send, change and look at orders."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from core.cli.output import (
    EXIT_FAILED,
    EXIT_OK,
    BadInput,
    banner,
    counted,
    output_option,
    say,
    table,
    write_json,
)
from core.cli.watch import repeat, watch_option
from periphery.cli.desk import cell, confirm, heading, print_table, show_rows, with_core

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from periphery.client import Client, Event

ANSWER_S = 1.0
"""How long the first answer of a request is waited for."""

LINGER_S = 0.05
"""How long another answer may follow the first one: a fill often does, at once."""

POLL_S = 0.01
SIDES = ("buy", "sell", "sell_short")
TIMES_IN_FORCE = ("day", "gtc", "ioc", "fok", "gtd", "opg", "cls")
_QUANTITIES = ("order_qty", "cum_qty", "leaves_qty")
_LIST = (
    "cl_ord_id",
    "account",
    "symbol",
    "side",
    "order_qty",
    "cum_qty",
    "price",
    "avg_px",
    "ord_status",
    "venue",
)
_EVENT = ("exec_type", "ord_status", *_QUANTITIES, "last_qty", "last_px", "avg_px", "reason")
_CHILD = ("child_id", "venue", "ord_status", *_QUANTITIES, "price")
_CHANGE = ("at", "cause", "what", "child_id", "ord_status", *_QUANTITIES, "last_qty", "last_px", "reason")
_NUMBERS = (*_QUANTITIES, "price", "avg_px", "last_qty", "last_px")
_BEFORE_ACCEPTED = "pending_new"


@click.group()
def command() -> None:
    """Send, change and look at orders."""


# ---- requests ----------------------------------------------------------------------------------------------


def _submitting(run: Callable[..., None]) -> Callable[..., None]:
    """The arguments and options of an order."""
    for add in reversed(
        (
            click.argument("symbol"),
            click.argument("qty"),
            click.option("--limit", metavar="PX", help="A limit order at PX; a market order without it."),
            click.option("--venue", metavar="V", help="Straight to V; without it the router chooses."),
            click.option(
                "--tif",
                "time_in_force",
                type=click.Choice(TIMES_IN_FORCE),
                default="day",
                show_default=True,
                help="How long it works.",
            ),
            click.option("--account", metavar="A", help="For which account.  [default: the only one]"),
            click.option("--strategy", metavar="S", help="On whose behalf; limits and kills may name it."),
            click.option("--post-only", is_flag=True, help="Never take: rejected if it would."),
            click.option(
                "--id", "cl_ord_id", metavar="ID", help="The cl_ord_id, unique.  [default: made up]"
            ),
            _wait_option,
            output_option("table", "json"),
            with_core,
        )
    ):
        run = add(run)
    return run


def _wait_option(run: Callable[..., None]) -> Callable[..., None]:
    return click.option(
        "--wait",
        type=click.FloatRange(min=0),
        metavar="SECONDS",
        help="Wait until the order has ended, at most so long.  [default: for the first answer, at most 1]",
    )(run)


@command.command()
@_submitting
def buy(core: Client, **given: Any) -> None:
    """Buy QTY of SYMBOL and print the answers.

    Exit codes: 0 accepted, 1 denied by our risk, rejected by the venue, or no answer in time.
    """
    _submit(core, "buy", **given)


@command.command()
@click.option("--short", is_flag=True, help="A short sale.")
@_submitting
def sell(core: Client, short: bool, **given: Any) -> None:
    """Sell QTY of SYMBOL and print the answers.

    Exit codes: 0 accepted, 1 denied by our risk, rejected by the venue, or no answer in time.
    """
    _submit(core, "sell_short" if short else "sell", **given)


def _submit(
    core: Client,
    side: str,
    symbol: str,
    qty: str,
    limit: str | None,
    wait: float | None,
    output: str,
    **given: Any,
) -> None:
    ord_type = "market" if limit is None else "limit"
    sent = core.submit(symbol, side, qty, ord_type, limit, **given)
    at = "" if limit is None else f" at {limit}"
    events = list(_answers(core, sent, wait))
    accepted = any(event["type"] == "order" for event in events) and not _refusals(events)
    if output == "json":
        write_json({"live": core.is_live, "cl_ord_id": sent, "accepted": accepted, "events": events})
    else:
        title = banner(core.is_live, f"{side} {qty} {symbol}{at}: {sent}")
        print_table(show_rows(title, _EVENT, _NUMBERS, events))
    _explain(sent, events)
    reason = next((str(event["reason"]) for event in events if event["type"] == "deny"), None)
    if reason is not None:
        asked = {"symbol": symbol, "side": side, "order_qty": qty, "ord_type": ord_type, "price": limit}
        _say_bound(core, reason, asked | given)
    sys.exit(EXIT_OK if accepted else EXIT_FAILED)


def _say_bound(core: Client, reason: str, asked: Mapping[str, Any]) -> None:
    """The number behind a denial: lot or tick, or the limit and what the order comes to, as they are now."""
    from periphery.client import ClientError
    from periphery.client.units import from_units

    symbol = core.directory.symbol(asked["symbol"])
    if reason == "lot":
        say(f"the quantity is to be a multiple of {from_units(symbol.lot, symbol.qty_precision)}")
    elif reason == "tick":
        say(f"the price is to be a multiple of {from_units(symbol.tick, symbol.price_precision)}")
    else:
        account = asked["account"] or core.directory.only_account()
        line = {key: value for key, value in asked.items() if value is not None and key != "cl_ord_id"}
        try:
            rows = core.risk_explain(line | {"account": account})["limits"]
        except ClientError:
            return  # over a bridge nobody answers this
        for row in rows:
            if not row["passes"] and (row.get("reason") or row["check"]) == reason:
                say(f"the limit is {row['limit']}, the order comes to {row['value']}")
                return


def _answers(core: Client, sent: str, wait: float | None) -> Iterator[dict[str, Any]]:
    """The answers to one order, until it has ended or time is over; without `wait`, LINGER_S after one."""
    ends = time.monotonic() + (ANSWER_S if wait is None else wait)
    while (left := ends - time.monotonic()) > 0:
        event = next(core.events(timeout=left), None)
        if event is None or (row := _row(event)).get("cl_ord_id") not in (sent, None):
            continue
        yield row
        if _is_over(row):
            return
        if wait is None and row.get("ord_status") not in (None, _BEFORE_ACCEPTED):
            ends = time.monotonic() + LINGER_S


def _row(event: Event) -> dict[str, Any]:
    """An event as JSON values: {type, then its fields; decimals as text}."""
    from periphery.client.events import OrderEvent, as_dict

    values = {key: value if isinstance(value, int) else _text(value) for key, value in as_dict(event).items()}
    kind = "order" if isinstance(event, OrderEvent) else type(event).__name__.removesuffix("Event").lower()
    if kind == "deny":
        values |= {"exec_type": "denied", "ord_status": "denied"}
    return {"type": kind, **values}


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _is_over(row: Mapping[str, Any]) -> bool:
    """Whether nothing more can follow."""
    from periphery.client.events import ENDED

    return row["type"] == "deny" or row.get("ord_status") in ENDED


def _refusals(events: list[dict[str, Any]]) -> list[str]:
    """Why it was refused, where it was."""
    return [
        f"{event['exec_type']}: {event['reason'] or 'no reason given'}"
        for event in events
        if event["type"] == "deny" or event.get("ord_status") == "rejected"
    ]


def _explain(sent: str, events: list[dict[str, Any]]) -> None:
    for refusal in _refusals(events):
        say(refusal)
    if not events:
        say(f"No answer in time; what became of it: nacre order show {sent}")
    elif events[-1].get("ord_status") == _BEFORE_ACCEPTED:
        say(f"The venue has not answered yet; later: nacre order show {sent}")


@command.command()
@click.argument("id")
@_wait_option
@output_option("table", "json")
@with_core
def cancel(core: Client, id: str, wait: float | None, output: str) -> None:
    """Cancel the order ID.

    Exit codes: 0 cancelled or asked of the venue, 1 denied (too late, unknown) or no answer in time.
    """
    _change(core, id, core.cancel(id), wait, output)


@command.command()
@click.argument("id")
@click.option("--qty", metavar="QTY", help="The whole quantity, with what is done already.")
@click.option("--price", metavar="PX", help="The limit.")
@_wait_option
@output_option("table", "json")
@with_core
def replace(
    core: Client, id: str, qty: str | None, price: str | None, wait: float | None, output: str
) -> None:
    """Give the order ID another quantity or price. Its id changes; the new one is printed.

    Exit codes: 0 replaced or asked of the venue, 1 denied (too late, unknown, a limit) or no answer in time.
    """
    if qty is None and price is None:
        raise BadInput("nothing to change: --qty, --price or both")
    _change(core, id, core.replace(id, qty, price), wait, output)


def _change(core: Client, id: str, sent: str, wait: float | None, output: str) -> None:
    """What became of a cancel or replace: the order's row when it has changed, or the denial."""
    denial, row = _outcome(core, id, sent, wait)
    done = denial is None and row is not None
    if output == "json":
        write_json(
            {"live": core.is_live, "cl_ord_id": sent, "accepted": done, "denied": denial, "order": row}
        )
    elif row is not None:
        print_table(show_rows(banner(core.is_live, sent), _LIST, _NUMBERS, [row]))
    if denial is not None:
        say(f"denied: {denial}")
    elif row is None:
        say(f"No answer in time; what became of it: nacre order show {id}")
    sys.exit(EXIT_OK if done else EXIT_FAILED)


def _outcome(
    core: Client, id: str, sent: str, wait: float | None
) -> tuple[str | None, dict[str, Any] | None]:
    """(why it was denied, the order's row once it has changed).

    Only denials come to this session: the order's own answers go to the session that sent it.
    """
    ends = time.monotonic() + (ANSWER_S if wait is None else wait)
    changing: dict[str, Any] | None = None
    while time.monotonic() < ends:
        for event in core.events(timeout=POLL_S):
            row = _row(event)
            if row["type"] == "deny" and row["cl_ord_id"] == sent:
                return str(row["reason"]), None
        found = _find(core, (sent, id))
        if found is not None and _has_changed(found, sent):
            changing = found
            if wait is None or found["ord_status"] not in ("pending_cancel", "pending_replace"):
                break
    return None, changing


def _has_changed(row: Mapping[str, Any], sent: str) -> bool:
    from periphery.client.events import ENDED

    return row["cl_ord_id"] == sent or row["ord_status"] in {*ENDED, "pending_cancel", "pending_replace"}


# ---- looking -----------------------------------------------------------------------------------------------


@command.command("list")
@click.option("--all", "every", is_flag=True, help="Also those that have ended.")
@click.option("--account", metavar="A", help="Of this account only.")
@click.option("--symbol", metavar="SYMBOL", help="Of this symbol only.")
@output_option("table", "json")
@watch_option
@with_core
def list_(
    core: Client, every: bool, account: str | None, symbol: str | None, output: str, watch: bool
) -> None:
    """Orders of every session, working ones only without --all."""

    def fetch() -> dict[str, Any]:
        return {"live": core.is_live, "orders": core.orders(account, symbol, live_only=not every)}

    def draw(value: Mapping[str, Any]) -> list[Table]:
        rows = value["orders"]
        title = banner(value["live"], counted(len(rows), "order" if every else "working order"))
        return [show_rows(title, _LIST, _NUMBERS, rows)]

    repeat(fetch, draw, output, watch)


@command.command()
@click.argument("line")
@output_option("table", "json")
@with_core
def send(core: Client, line: str, output: str) -> None:
    """Send an order of any kind, as a scenario's LINE.

    Stops, pegs, icebergs, lists and algos go this way.

    Exit codes: 0 the core has it, 1 its risk denied it.
    """
    try:
        values = json.loads(line)
    except json.JSONDecodeError as error:
        raise BadInput(f"LINE: not JSON: {error.msg} at column {error.colno}") from None
    if not isinstance(values, dict):
        raise BadInput("LINE: give a JSON object, as the order line of a scenario file")
    answer = core.send({"cl_ord_id": _made_up(), **values})
    row = _find(core, (answer["cl_ord_id"],))
    if output == "json":
        write_json({"live": core.is_live, **answer, "order": row})
    elif row is not None:
        print_table(banner(core.is_live, row["cl_ord_id"]), show_rows("", _LIST, _NUMBERS, [row]))
    if row is None:
        say(f"{answer['cl_ord_id']}: denied")
        sys.exit(EXIT_FAILED)


def _made_up() -> str:
    """A cl_ord_id that nobody else makes."""
    return f"desk-{time.time_ns():x}"


@command.command()
@click.argument("action", type=click.Choice(("pause", "resume", "stop")))
@click.argument("id")
@output_option("table", "json")
@with_core
def algo(core: Client, action: str, id: str, output: str) -> None:
    """Pause, resume or stop the algo of the order ID."""
    answer = core.algo(id, action)
    if output == "json":
        write_json({"live": core.is_live, "cl_ord_id": id, "action": action, **answer})
    else:
        say(f"{action} {id}: event {answer['seq']}")


# ---- by hand -----------------------------------------------------------------------------------------------


def _by_hand(run: Callable[..., None]) -> Callable[..., None]:
    """Who does it, and whether to ask first."""
    for add in reversed(
        (
            click.option("--by", required=True, metavar="NAME", help="Who does it."),
            click.option("--text", metavar="WHY", help="Why, for the journal."),
            click.option("--yes", is_flag=True, help="Don't ask."),
            output_option("table", "json"),
            with_core,
        )
    ):
        run = add(run)
    return run


def _amend(
    core: Client, what: str, child_id: str, by: str, yes: bool, output: str, **told: str | None
) -> None:
    mode = "LIVE" if core.is_live else "SIM"
    numbers = " ".join(f"{key} {value}" for key, value in told.items() if value and key != "text")
    confirm(f"{mode}: {what} {child_id} {numbers}".rstrip() + f" in the venue's place, by {by}?", yes)
    given = {key: value for key, value in told.items() if value is not None}
    answer = core.amend(what, child_id, by, **given)
    if output == "json":
        write_json({"live": core.is_live, "what": what, "child_id": child_id, **answer})
    else:
        say(
            f"{what} {child_id}: event {answer['seq']}"
            + (f", {answer['exec_id']}" if answer["exec_id"] else "")
        )


@command.command()
@click.argument("child_id")
@click.argument("qty")
@click.argument("px")
@_by_hand
def fill(core: Client, child_id: str, qty: str, px: str, **given: Any) -> None:
    """Book a fill that the venue of CHILD_ID doesn't report.

    It is QTY at PX.
    """
    _amend(core, "fill", child_id, qty=qty, px=px, **given)


@command.command()
@click.argument("child_id")
@click.argument("exec_id")
@click.argument("qty")
@click.argument("px")
@_by_hand
def bust(core: Client, child_id: str, exec_id: str, qty: str, px: str, **given: Any) -> None:
    """Take the fill EXEC_ID of CHILD_ID out.

    It was QTY at PX.
    """
    _amend(core, "bust", child_id, exec_id=exec_id, qty=qty, px=px, **given)


@command.command()
@click.argument("child_id")
@_by_hand
def close(core: Client, child_id: str, **given: Any) -> None:
    """End CHILD_ID, whose fate its venue doesn't tell.

    Nothing of it works any more.
    """
    _amend(core, "close", child_id, **given)


@command.command()
@click.argument("id")
@click.option("--short", is_flag=True, help="Without its changes: the journal isn't read.")
@output_option("table", "json")
@watch_option
@with_core
def show(core: Client, id: str, short: bool, output: str, watch: bool) -> None:
    """The order ID, its children and each change of it.

    It shows whose it is, its children at the venues, and each change with time, cause and reason.

    ID is the order's present cl_ord_id, or the one that it began with. The changes are read from the core's
    journal, not with --watch. Exit codes: 1 there is no such order.
    """

    def fetch() -> dict[str, Any]:
        row = _find(core, (id,))
        if row is None:
            say(f"no order {id}: see nacre order list --all")
            sys.exit(EXIT_FAILED)
        changes = [] if short or watch else _changes(core, row["cl_ord_id"])
        return {"live": core.is_live, "order": row, "changes": changes}

    repeat(fetch, _draw_order, output, watch)


def _draw_order(value: Mapping[str, Any]) -> Sequence[RenderableType]:
    row = value["order"]
    title = f"{row['cl_ord_id']}: {row['side']} {row['order_qty']} {row['symbol']}, {row['ord_status']}"
    parent = table("", "")
    parent.show_header = False
    for key, told in row.items():
        if key != "children" and told is not None:
            parent.add_row(heading(key), cell(told, key in _NUMBERS))
    children = counted(len(row["children"]), "child order")
    parts: list[RenderableType] = [
        banner(value["live"], cell(title)),
        parent,
        show_rows(children, _CHILD, _NUMBERS, row["children"]),
    ]
    changes = [_told(change) for change in value["changes"]]
    if changes:
        said = [name for name in _CHANGE if any(change.get(name) not in (None, "") for change in changes)]
        parts.append(show_rows(counted(len(changes), "change"), said, _NUMBERS, changes))
    return parts


def _changes(core: Client, cl_ord_id: str) -> list[dict[str, Any]]:
    """From the core's journal, which its user alone may read."""
    from core.recovery.history import history

    path = core.status().get("journal", {}).get("path")
    if path is None:
        return []
    try:
        return history(path, cl_ord_id)
    except OSError as error:
        say(f"no changes: the journal {path} can't be read ({error.strerror})")
        return []


def _told(change: dict[str, Any]) -> dict[str, Any]:
    """A change as a row: when, why, what of which child."""
    at = time.strftime("%H:%M:%S", time.gmtime(change["at"] // 10**9)) + f".{change['at'] % 10**9:09}"
    what = change.get("exec_type") or change.get("action") or change["type"]
    return {**change, "at": at, "what": f"{change['type']} {what}"}


def _find(core: Client, ids: tuple[str, ...]) -> dict[str, Any] | None:
    """The order with the first of these ids that there is; the id that it began with finds it too."""
    found: dict[str, dict[str, Any]] = {}
    for row in core.orders(live_only=False):
        found |= {child["child_id"].rpartition(".")[0]: row for child in row["children"][:1]} | found
        found[row["cl_ord_id"]] = row
    return next((found[id] for id in ids if id in found), None)
