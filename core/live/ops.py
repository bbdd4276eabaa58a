"""What may be asked of a running core over its socket. Each op: (core, connection, request) -> answer."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from core import messages as m
from core.board import Board
from core.live import amend as amending, day, queries, reporting, risk
from core.live.executions import executions as told_executions
from core.live.intake import SOURCE_FEED
from core.live.killing import SCOPES
from core.live.sessions import Connection
from core.scenario.reader import Line
from core.scenario.values import convert
from core_ext.ring import Ring

if TYPE_CHECKING:
    from core.live.server import Core

RESEND_MAX = 512
SIGNALS_MAX = 4096  # names of signals that one core knows
SIGNAL_NAME_MAX = 39
ADJUSTING = ("funding", "dividend", "split", "settlement")
MARKET = ("quote", "trade", "depth", "mark", "reference", "venue_state", "venue_facts", "venue_queue")
WITHOUT_SESSION = ("status", "observe", "stop", "kill", "rearm", "limits", "levels")
"""A token is enough: nothing is traded."""
SECOND_NS = 1_000_000_000


class Refused(ValueError):
    """A request that isn't answered with what it asks for; the message says what to do."""


def intern(core: Core, _connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
    name = request["name"]
    if request["space"] not in ("strategy", "list", "signal"):
        raise Refused(f"space {request['space']!r}: only strategy, list and signal can be interned")
    most = SIGNAL_NAME_MAX if request["space"] == "signal" else 31
    if not isinstance(name, str) or not 1 <= len(name.encode()) <= most:
        raise Refused(f"name {name!r}: give 1 to {most} bytes of text")
    space = m.Space[request["space"].upper()]
    need_room(core, space, name)
    index, events = core.book.begin().name(space, name)
    core.feed(events)
    return {"index": index}


def need_room(core: Core, space: m.Space, name: str | None) -> None:
    """A new name needs a place in the tables. Refused: there is none."""
    capacity = core.capacity
    most = {
        m.Space.SESSION: capacity.sessions,
        m.Space.STRATEGY: capacity.strategies,
        m.Space.LIST: capacity.lists,
        m.Space.SECTOR: capacity.sectors,
        m.Space.CURRENCY: capacity.currencies,
        m.Space.SIGNAL: SIGNALS_MAX,
    }[space]
    known = core.book.directory.spaces[space]
    if name is not None and name not in known and len(known) >= most:
        raise Refused(
            f"{name!r}: all {most} places for a {space.name.lower()} are taken: use one of those names"
        )


def names(core: Core, _connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
    """Every name of a space, in the order of index."""
    if request["space"] not in ("strategy", "session", "signal"):
        raise Refused(f"space {request['space']!r}: one of strategy, session, signal")
    return {"names": core.book.directory.space_lists[m.Space[request["space"].upper()]]}


def orders(core: Core, connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
    return queries.orders(
        core.asked(),
        core.book,
        request.get("account"),
        request.get("symbol"),
        bool(request.get("live_only")),
        connection.rights,
    )


def executions(core: Core, connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
    """Orders, and fills of events after `since`, of one place on the spine."""
    most = min(max(int(request.get("most", queries.ORDERS_MAX)), 1), queries.ORDERS_MAX)
    return told_executions(core.asked(), core.book, int(request.get("since", 0)), most, connection.rights)


def positions(core: Core, connection: Connection, _request: dict[str, Any]) -> dict[str, Any]:
    return queries.positions(core.asked(), core.book, connection.rights)


def limits(core: Core, _connection: Connection, _request: dict[str, Any]) -> dict[str, Any]:
    return {"limits": core.book.limit_lines()}


def status(core: Core, _connection: Connection, _request: dict[str, Any]) -> dict[str, Any]:
    board, counts = core.board, core.board.counts()
    return {
        "pid": os.getpid(),
        "name": core.config.name,
        "placement": core.placement,
        "wait": core.supervisor.plans[0].wait,
        "live": core.config.live,
        "durability": core.config.durability,
        "seq": board.seq,
        "epoch": core.epoch,
        "journal": {"path": os.fspath(core.config.journal), "bytes": core.journal_bytes()},
        "sessions": core.seating.describe(),
        "inputs": counts["inputs"],
        "events_per_s": core.events_per_s(),
        "uptime_ns": time.monotonic_ns() - core.began_ns,
        "kills": queries.kills(core.page, core.book),
        "halts": risk.halts(core),
        "sends": {
            "intents": counts["sent"],
            "suppressed": counts["suppressed"],
            "under_way": counts["under_way"] + sum(len(ring) for ring in _between(board)),
            "unknown": core.unknown,
            "unknown_at_start": core.unknown_at_start,
        },
        "venues": {name: counts[f"venue_{name}"] for name in ("messages", "bytes", "doubled")},
        "workers": core.supervisor.describe(),
        "restarts": {"count": core.supervisor.restarts, "last_ns": core.supervisor.last_restart_ns},
        "repeated": counts["repeated"],
        "cursors": board.cursors(),
        "restored": core.restored,
        "snapshot": {"seq": core.snapshot_seq, "taken": core.snapshots, "wrong": core.snapshot_wrong},
    }


def _between(board: Board) -> tuple[Ring, ...]:
    """The rings between the path and its venues."""
    return board.sends, board.to_venues, board.from_venues, board.reports


def risk_set(core: Core, _connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
    values = {key: value for key, value in request.items() if key not in ("op", "id")}
    values = values.get("limit", values.get("line", values))
    if not isinstance(values, dict):
        raise Refused("limit: give a map, as the limit line of a scenario file")
    return risk.set_limit(core, values)


def risk_override(core: Core, _connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
    return risk.override(core, request)


def risk_load(core: Core, _connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
    return risk.load(core, request)


def risk_status(core: Core, _connection: Connection, _request: dict[str, Any]) -> dict[str, Any]:
    return risk.status(core)


def risk_explain(core: Core, _connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
    return risk.explain(core, request)


def day_status(core: Core, _connection: Connection, _request: dict[str, Any]) -> dict[str, Any]:
    return day.status(core)


def day_open(core: Core, _connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
    return day.open_(core, request)


def day_close(core: Core, _connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
    return day.close(core, request)


def day_next(core: Core, _connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
    return day.next_(core, request)


def day_files(core: Core, _connection: Connection, _request: dict[str, Any]) -> dict[str, Any]:
    return day.files(core)


def market(core: Core, _connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
    line = core.book.line(request["line"], MARKET)
    core.feed(core.book.events(line), SOURCE_FEED)
    return {"seq": core.board.seq}


def levels(core: Core, _connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
    """What the core has of a venue's market, best first: [symbol, side, price, quantity], in words."""
    venue = core.book.directory.venues.get(str(request["venue"]))
    if venue is None:
        raise Refused(f"venue {request['venue']!r}: one of {', '.join(core.book.directory.venues) or 'none'}")
    return {"levels": queries.levels(core.asked(), core.book, venue)}


def adjust(core: Core, _connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
    """What happens to all positions of an instrument: funding, dividend, split, settlement."""
    line = core.book.line(request["line"], ADJUSTING)
    core.feed(core.book.events(line))
    return {"seq": core.board.seq}


def book(core: Core, connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
    """A fill that a named person books. Refused: it is booked already, or the account is another's."""
    fill = request["fill"]
    if connection.rights is not None and fill.get("account") not in connection.rights:
        raise Refused(f"account {fill.get('account')!r}: this session may not trade for it")
    before = core.asked().core.positions.booked_by_hand()
    core.feed(core.book.begin().booking(fill))
    after = core.asked().core.positions.booked_by_hand()
    if after == before:
        raise Refused(
            f"{fill['venue']} {fill['exec_id']}: a fill of that id is booked already, or the tables are full"
        )
    return {"seq": after}


def _scope(
    core: Core, request: dict[str, Any], scopes: tuple[str, ...] = SCOPES
) -> tuple[str, str | None, str, int]:
    """(scope, key, by, the key's index) of a kill or rearm."""
    scope, key, by = request.get("scope", "all"), request.get("key"), request.get("by")
    if scope not in scopes:
        raise Refused(f"scope {scope!r}: one of {', '.join(scopes)}")
    if not isinstance(by, str) or not by:
        raise Refused("by: say who does it")
    if scope == "all":
        return scope, None, by, 0
    known = list(core.book.directory.groups) if scope == "group" else core.book.names()[scope]
    if key not in known:
        raise Refused(f"key {key!r}: no such {scope}; one of {', '.join(known) or 'none'}")
    return scope, key, by, known.index(key)


def kill(core: Core, _connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
    """The page first: gateways read it. Then it is an event, and only then is counted what it meets."""
    scope, key, by, index = _scope(core, request)
    kind = int(m.Scope[scope.upper()])
    epoch = core.page.kill(kind, index, by)
    found = core.asked().open_orders(kind, index)
    core.switch("kill", scope, key, by, epoch)
    return {"orders": found, "epochs": [epoch]}


def rearm(core: Core, _connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
    """Also of what limits have halted; so a group of accounts can be armed, though nobody kills one."""
    scope, key, by, index = _scope(core, request, (*SCOPES, "group"))
    second = risk.second_person(core, f"re-arming {scope} {key or ''}".rstrip(), request)
    kind = int(m.Scope[scope.upper()])
    core.take_kills()
    epochs = [row["epoch"] for row in core.page.rows() if (row["kind"], row["key"]) == (kind, index)]
    closed_by = core.book.closed_by if scope == "all" else None
    again = [] if closed_by is None else day.closing(core, closed_by)  # opening it is another matter
    core.switch("rearm", scope, key, by, max(epochs, default=0), second, again)
    core.page.clear(epochs)
    return {"orders": 0, "epochs": epochs}


def order(core: Core, connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
    """An order of any kind, as a scenario file's order line; its answers come as the session's others do."""
    values = request["line"]
    if not isinstance(values, dict):
        raise Refused("line: give a map, as the order line of a scenario file")
    line = core.book.line({**values, "type": "order", "session": connection.name}, ("order",))
    if connection.rights is not None and line.data["account"] not in connection.rights:
        raise Refused(f"account {line.data['account']!r}: this session may not trade it")
    need_room(core, m.Space.STRATEGY, line.data["strategy"])
    need_room(core, m.Space.LIST, line.data["list_id"])
    core.feed(core.book.events(line))
    return {"seq": core.board.seq, "cl_ord_id": line.data["cl_ord_id"]}


def algo(core: Core, connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
    """Pause, resume or stop an algo's order."""
    line = core.book.line(
        {"type": "algo", "cl_ord_id": request["cl_ord_id"], "action": request["action"]}, ("algo",)
    )
    known = {row["cl_ord_id"] for row in orders(core, connection, {})["orders"]}
    if line.data["cl_ord_id"] not in known:
        raise Refused(f"cl_ord_id {line.data['cl_ord_id']!r}: no such order of yours")
    core.feed(core.book.events(line))
    return {"seq": core.board.seq}


def amend(core: Core, _connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
    """A fill, a bust or the end of a child, by a named person in the venue's place."""
    return amending.amend(core, request)


def report(core: Core, connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
    """What a manual venue says, by its gateway. On the spine when this returns."""
    if connection.rights is not None:
        raise Refused("a gateway's session must have rights to every account: leave it out of [rights]")
    return reporting.report(core, request)


def gateway(core: Core, connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
    """How a manual venue is, by its gateway, for as long as the session lasts; then it is down."""
    if connection.rights is not None:
        raise Refused("a gateway's session must have rights to every account: leave it out of [rights]")
    return reporting.gateway(core, connection.index, request)


def resend(_core: Core, connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
    """What the response ring still holds, as the bytes of its slots."""
    assert connection.rings is not None
    responses = connection.rings.responses
    last = responses.claimed_seq
    first = max(int(request["from"]), last - responses.capacity + 1, 1)
    wanted = range(first, min(last, first + RESEND_MAX - 1) + 1)
    found = (responses.read(seq) for seq in wanted if responses.is_published(seq))
    return {"responses": [slot for slot in found if slot is not None], "last": last}


def leave(_core: Core, connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
    """Whether the session's orders are cancelled when it ends, in place of what its hello said."""
    connection.cancels = bool(request["cancel"])
    return {}


def stop(core: Core, _connection: Connection, request: dict[str, Any]) -> dict[str, Any]:
    core.stop(str(request.get("by") or "a session"))
    return {}


OPS: dict[str, Callable[[Core, Connection, dict[str, Any]], dict[str, Any]]] = {
    op.__name__: op
    for op in (
        intern,
        names,
        order,
        orders,
        executions,
        positions,
        limits,
        status,
        risk_set,
        risk_override,
        risk_load,
        risk_status,
        risk_explain,
        day_status,
        day_open,
        day_close,
        day_next,
        day_files,
        kill,
        rearm,
        algo,
        amend,
        report,
        gateway,
        market,
        levels,
        adjust,
        book,
        resend,
        leave,
        stop,
    )
}


def switch_line(what: str, scope: str, key: str | None, by: str, second: str | None = None) -> Line:
    """A kill or rearm, as a line: what is left out is as in a scenario file, which has no groups."""
    _, _, data = convert({"type": what, "scope": "all", "by": by})
    return Line(0, 0, what, data | {"scope": scope, "key": key, "approver": second})
