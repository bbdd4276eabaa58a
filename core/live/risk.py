"""Limits of a running core: set, lifted, loaded from a file; what is used of them, and what an order
would meet.

Who loosens something needs a second named person, who tightens it doesn't. Both names are in the journal.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from core import messages as m
from core.live.loosening import looser, plain
from core.risk import inspect
from core.scenario import schema
from core.scenario.numbers import format_ratio
from core.scenario.reader import Line

if TYPE_CHECKING:
    from core.live.book import Book
    from core.live.server import Core

HALTS_S = 0.02  # that a question may take to bring the shadow nearer
KEYS = ("account", "strategy", "symbol", "venue", "session", "sector", "group")
SCOPE_KEYS = KEYS[:-1]
UNITS = {m.Unit.MONEY: 8, m.Unit.BPS: 4, m.Unit.QTY12: 12, m.Unit.RATIO: 8, m.Unit.SECONDS: 12}
MONEY_SPACES = {
    "strategy": m.Space.STRATEGY,
    "session": m.Space.SESSION,
    "sector": m.Space.SECTOR,
    "currency": m.Space.CURRENCY,
}


class Knows(Protocol):
    """Who knows the names of a core."""

    @property
    def book(self) -> Book: ...


class NeedsSecond(ValueError):
    """It loosens something, and one person alone asked for it."""


def second_person(core: Core, what: str, request: dict[str, Any]) -> str | None:
    """The second person's name, where the core asks for one. NeedsSecond, ValueError: who is missing."""
    by, second = request.get("by"), request.get("second")
    if not core.config.second_person:
        return second if isinstance(second, str) and second else None
    if not isinstance(by, str) or not by:
        raise ValueError("by: say who does it")
    if not isinstance(second, str) or not second:
        raise NeedsSecond(f"{what} needs a second named person besides {by}: give --second NAME")
    if second.strip().casefold() == by.strip().casefold():
        raise NeedsSecond(f"{what} needs a second person: {second} is who asks for it")
    return second


def line_of(core: Core, values: dict[str, Any]) -> Line:
    """A limit as a line; `group` is a group of accounts, which a scenario file has not. ValueError: what
    is wrong."""
    values = dict(values)
    group, second = values.pop("group", None), values.pop("second", None)
    line = core.book.line({"type": "limit", **values}, ("limit",))
    if group is not None and group not in core.book.directory.groups:
        known = ", ".join(core.book.directory.groups) or "none"
        raise ValueError(f"group {group!r}: no such group of accounts; one of {known}")
    line.data["group"], line.data["approver"] = group, second
    return line


def set_limit(core: Core, values: dict[str, Any]) -> dict[str, Any]:
    """One limit. NeedsSecond: it loosens the one that there is."""
    line = line_of(core, values)
    what = loosens(core, line)
    if what:
        second_person(core, what, values)
    _need_room(core, [line])
    core.feed(core.book.events(line))
    return {"limits": core.book.limit_lines()}


def _need_room(core: Core, lines: list[Line]) -> None:
    from core.live.ops import need_room

    for line in lines:
        for what, space in MONEY_SPACES.items():
            need_room(core, space, line.data[what])
    if len(core.book.limits) + len(lines) > core.capacity.limits:
        raise ValueError(f"{core.capacity.limits} limits are the most that this core can hold")


def same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """Whether one replaces the other: check, scope and each."""
    return all(a.get(key) == b.get(key) for key in ("check", "each", *KEYS))


def as_line(data: dict[str, Any]) -> dict[str, Any]:
    """A line's data as limit_lines tells it."""
    return {key: value for key, value in plain(data).items() if key in ("check", "each", "value", *KEYS)}


def loosens(core: Core, line: Line) -> str:
    """What makes the limit looser than the one in force, in words; "": nothing does."""
    wanted = plain(line.data)
    now = next((row for row in core.book.limit_lines() if same(row, wanted)), None)
    return "" if now is None else looser(now, wanted)


def override(core: Core, request: dict[str, Any]) -> dict[str, Any]:
    """Lifts a soft limit until a time. NeedsSecond; ValueError: there is no soft limit of that check and
    scope."""
    values = {key: value for key, value in request["line"].items() if key not in ("group", "second")}
    line = core.book.line({"type": "override", **values}, ("override",))
    line.data["group"] = request["line"].get("group")
    line.data["approver"] = second_person(core, "an override", request["line"])
    wanted = {key: line.data.get(key) for key in ("check", *KEYS)}
    found = [
        row
        for row in core.book.limit_lines()
        if row.get("soft") and all(row.get(k) == v for k, v in wanted.items())
    ]
    if not found:
        raise ValueError(f"{line.data['check']}: no soft limit of that scope; see nacre risk limits")
    if line.data["until"] <= time.time_ns():
        raise ValueError(f"until {line.data['until']}: that time is over")
    core.feed(core.book.events(line))
    return {"lifted": len(found)}


def load(core: Core, request: dict[str, Any]) -> dict[str, Any]:
    """Limits of a file, all or none; what is new, what changes, and what the file doesn't have. `apply`
    sets them."""
    lines = [line_of(core, {"by": request.get("by"), **row}) for row in request["limits"]]
    wanted = [as_line(line.data) for line in lines]
    now = [row for row in core.book.limit_lines() if row["value"] != "off"]
    diff: dict[str, Any] = {
        "new": [row for row in wanted if not any(same(row, old) for old in now)],
        "changed": [
            {**row, "before": old["value"]}
            for row in wanted
            for old in now
            if same(row, old) and old["value"] != row["value"]
        ],
        "missing": [row for row in now if not any(same(row, other) for other in wanted)],
        "looser": [what for line in lines if (what := loosens(core, line))],
    }
    if request.get("apply"):
        if diff["looser"]:
            second = second_person(core, "; ".join(diff["looser"]), request)
            for line in lines:
                line.data["approver"] = second
        _need_room(core, lines)
        core.feed([event for line in lines for event in core.book.events(line)])
    return diff


# ---- questions ---------------------------------------------------------------------------------------------


def amount(value: int | None, unit: int, check: str) -> str | None:
    if value is None:
        return None
    if unit == m.Unit.WORD:
        words = schema.CHECK_WORDS[check]
        return words[value] if 0 <= value < len(words) else ""
    if unit in UNITS:
        return format_ratio(value, 10**12, UNITS[m.Unit(unit)])
    return str(value)


def status(core: Core) -> dict[str, Any]:
    """Every scope that isn't active, and how much of each limit is used."""
    risk = core.asked().core.risk
    lines = limit_rows(core)
    used = []
    for row in inspect.usage(risk, time.time_ns()):
        line = lines[row["limit"]]
        bound, value = row["bound"], row["value"]
        part = None if value is None or bound <= 0 or row["below"] else round(100 * value / bound, 2)
        used.append(
            {
                **line,
                **key_of(core, line, row["key"]),
                "used": amount(value, row["unit"], line["check"]),
                "percent": part,
            }
        )
    return {"states": [state(core, row) for row in inspect.states(risk)], "limits": used}


def halts(core: Core) -> list[dict[str, Any]]:
    """What the core itself, or who closed the day, has halted; as far as the shadow comes in a moment."""
    core.shadow.follow(core.board.recorded, HALTS_S)
    rows = [state(core, row) for row in inspect.states(core.shadow.core.risk)]
    return [row for row in rows if row["state"] != "killed"]


def state(core: Knows, row: dict[str, int]) -> dict[str, Any]:
    """reason: of a venue that broke with the core; else ""."""
    scope = m.Scope(row["kind"])
    name: str | None = ""
    if scope == m.Scope.GROUP:
        name = list(core.book.directory.groups)[row["key"]]
    elif scope != m.Scope.ALL:
        name = core.book.name_of(scope.name.lower(), row["key"])
    return {
        "scope": scope.name.lower(),
        "key": name,
        "state": m.RiskState(row["state"]).name.lower(),
        "reason": m.Reason(row["reason"]).name.lower() if row["reason"] else "",
    }


def limit_rows(core: Core) -> list[dict[str, Any]]:
    """The limits by the engine's index: in the order in which they were first set."""
    return [core.book.limit_line(event) for event in inspect.limit_events(core.shadow.core.risk)]


def key_of(core: Knows, line: dict[str, Any], key: int) -> dict[str, Any]:
    each = line.get("each")
    return {each: core.book.name_of(each, key)} if each else {}


def explain(core: Core, request: dict[str, Any]) -> dict[str, Any]:
    """What this order (an order line) would be denied for, and how much room each of its limits leaves."""
    line = core.book.line({"type": "order", "cl_ord_id": "explain", **request["line"]}, ("order",))
    if line.data["account"] not in core.book.directory.accounts:
        raise ValueError(f"account {line.data['account']!r} isn't declared")
    if line.data["symbol"] not in core.book.directory.symbols:
        raise ValueError(f"symbol {line.data['symbol']!r} isn't declared")
    event = core.book.question(line)
    shadow = core.asked().core
    order = np.frombuffer(event.request, m.ORDER_EVENT, 1)[0]
    position = shadow.resolve.position_of(int(order["account"]), int(order["symbol"]))
    found = inspect.explain(shadow.risk, event.request, event.session, time.time_ns(), position)
    if found["always"]:
        return {"denied": m.Reason(found["always"]).name.lower(), "limits": []}
    lines, rows = limit_rows(core), []
    for row in found["limits"]:
        limit = lines[row["limit"]]
        told = {
            **limit,
            **key_of(core, limit, row["key"]),
            "value": amount(row["value"], row["unit"], limit["check"]),
            "limit": amount(row["bound"], row["unit"], limit["check"]),
            "passes": row["passes"],
        }
        if row["reason"]:
            told["reason"] = m.Reason(row["reason"]).name.lower()
        if row["value"] is not None and row["unit"] != m.Unit.WORD:
            room = row["value"] - row["bound"] if row["below"] else row["bound"] - row["value"]
            told["room"] = amount(room, row["unit"], limit["check"])
        rows.append(told)
    denied = next((row for row in rows if not row["passes"]), None)
    return {"denied": denied and (denied.get("reason") or denied["check"]), "limits": rows}
