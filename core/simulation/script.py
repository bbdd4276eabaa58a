"""What a simulated core is declared to be, and what is said to it by name: as events, made once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from core import messages as m
from core.capacity import Capacity
from core.live.book import Book
from core.live.ops import switch_line
from core.live.reporting import venue_state
from core.path import config_request
from core.scenario.encoder import Event
from core.scenario.reader import Line
from core.scenario.values import convert

ACCOUNTS = 3


@dataclass(frozen=True, slots=True)
class Script:
    """events: the declarations. connects, disconnects: by session. kills, rearms: by (scope, key)."""

    events: tuple[Event, ...]
    sessions: tuple[int, ...]
    strategies: int
    connects: tuple[tuple[Event, ...], ...]
    disconnects: tuple[tuple[Event, ...], ...]
    kills: dict[tuple[int, int], tuple[Event, ...]]
    rearms: dict[tuple[int, int], tuple[Event, ...]]
    mishaps: tuple[Event, ...]


def config_event(capacity: Capacity) -> Event:
    return Event(int(m.Kind.CONFIG), 0, config_request(capacity))


@lru_cache(maxsize=256)
def script(symbols: int, matching: int, outside: int, sessions: int) -> Script:
    """Of a core of that many of each."""
    book = Book("simulation")

    def line(values: dict[str, Any]) -> list[Event]:
        kind, _, data = convert(values)
        return book.events(Line(0, 0, kind, data))

    events: list[Event] = []
    for values in _declared(symbols, matching, outside):
        events += line(values)
    connects, disconnects, indices = [], [], []
    for i in range(sessions):
        named = {"session": f"s{i}"}
        events += [event for event in line({"type": "connect", **named}) if event.kind == m.Kind.NAME]
        indices.append(book.directory.spaces[m.Space.SESSION][f"s{i}"])
        connects.append(tuple(line({"type": "connect", "cancel_on_disconnect": i % 2 == 0, **named})))
        disconnects.append(tuple(line({"type": "disconnect", **named})))
    scopes = [
        ("all", None),
        ("account", "A0"),
        ("account", "A1"),
        ("symbol", "S0"),
        ("venue", "V0"),
        ("session", "s0"),
    ]
    kills: dict[tuple[int, int], tuple[Event, ...]] = {}
    rearms: dict[tuple[int, int], tuple[Event, ...]] = {}
    for scope, key in scopes:
        at = (int(m.Scope[scope.upper()]), _index(book, scope, key))
        for what, into in (("kill", kills), ("rearm", rearms)):
            made = book.events(switch_line(what, scope, key, "anna"))
            events += [event for event in made if event.kind == m.Kind.NAME]
            into[at] = tuple(event for event in made if event.kind != m.Kind.NAME)
    for i in range(matching + outside):  # whichever the core itself has halted
        rearms[int(m.Scope.VENUE), i] = tuple(book.events(switch_line("rearm", "venue", f"V{i}", "anna")))
    return Script(
        tuple(events), tuple(indices), len(book.directory.space_lists[m.Space.STRATEGY]), tuple(connects),
        tuple(disconnects), kills, rearms, tuple(_mishaps(matching)),
    )  # fmt: skip


def _index(book: Book, scope: str, key: str | None) -> int:
    d = book.directory
    if key is None:
        return 0
    if scope == "account":
        return d.accounts[key].index
    if scope == "symbol":
        return d.symbols[key].index
    return d.venues[key] if scope == "venue" else d.spaces[m.Space.SESSION][key]


def _declared(symbols: int, matching: int, outside: int) -> list[dict[str, Any]]:
    names = [f"S{i}" for i in range(symbols)]
    out: list[dict[str, Any]] = [
        {
            "type": "instrument", "symbol": name, "kind": "equity", "price_precision": 2, "qty_precision": 0,
            "tick": "0.01", "lot": "1", "currency": "USD",
        }
        for name in names
    ]  # fmt: skip
    for i in range(matching + outside):
        mode = "match" if i < matching else "manual"
        out.append({"type": "venue", "venue": f"V{i}", "mode": mode, "symbols": names})
    out += [
        {"type": "account", "account": f"A{i}", "currency": "USD", "cash": "100000000"}
        for i in range(ACCOUNTS)
    ]
    out.append({"type": "limit", "check": "max_order_qty", "account": "A0", "value": "55"})
    out.append({"type": "limit", "check": "order_rate", "account": "A1", "value": "50", "window_s": "1"})
    return out


TRADE, CANCELED = int(m.ExecType.TRADE), int(m.ExecType.CANCELED)
MISHAPS: tuple[tuple[int, int, int, int], ...] = (
    (m.Simulate.LATENCY, 0, 0, 0),
    (m.Simulate.LATENCY, 0, 0, 50_000),
    (m.Simulate.REJECT, 2, 0, 0),
    (m.Simulate.REJECT_CANCEL, 2, 0, 0),
    (m.Simulate.LOSE_SEND, 1, 0, 0),
    (m.Simulate.LOSE_REPORT, 2, 0, 0),
    (m.Simulate.LOSE_REPORT, 2, TRADE, 0),
    (m.Simulate.LOSE_REPORT, 2, CANCELED, 0),
    (m.Simulate.LATE_REPORT, 3, 0, 400_000),
    (m.Simulate.LATE_REPORT, 2, TRADE, 20_000_000),
    (m.Simulate.REPEAT_REPORT, 2, 0, 0),
)
"""What may go wrong at a simulated venue: what, how often, of which report (0: of any), by how many ns."""


def _mishaps(matching: int) -> list[Event]:
    """All of them, of every simulated venue."""
    out = []
    for venue in range(matching):
        for what, count, detail, ns in MISHAPS:
            row = np.zeros((), m.SIMULATE_EVENT)
            row["venue"], row["what"], row["count"], row["detail"] = venue, what, count, detail
            row["a"], row["b"], row["symbol"] = ns, ns, m.NONE
            out.append(Event(int(m.Kind.SIMULATE), 0, row.tobytes()))
    return out


def down_and_up(venue: int) -> tuple[Event, Event]:
    """So that the core asks what the venue has."""
    return (
        venue_state(venue, m.NONE, int(m.VenueState.DOWN)),
        venue_state(venue, m.NONE, int(m.VenueState.UP)),
    )


def with_epoch(event: Event, epoch: int) -> bytes:
    """A kill or rearm, of that epoch of the page."""
    row = np.frombuffer(event.request, m.FILTER_EVENT, 1).copy()
    row["epoch"] = epoch
    return row.tobytes() + event.request[row.nbytes :]


def arms(armed: tuple[int, int, int], killed: tuple[int, int, int]) -> bool:
    """Whether a rearm clears that kill: of its scope, and not a later one."""
    return armed[:2] == killed[:2] and armed[2] >= killed[2]
