"""How a core begins, or comes back from its journal; and how it asks venues what they have open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core import messages as m
from core.build import build_id
from core.live.book import Book
from core.live.day import BEGIN, closing
from core.live.killing import carry_over
from core.live.reporting import venue_state, without_gateway
from core.path import config_request
from core.recovery import replay
from core.scenario.encoder import Event
from core.scenario.reader import Line
from core_ext.journal import JournalReader

if TYPE_CHECKING:
    from core.live.server import Core

ANSWER_S = 2.0


class StartError(RuntimeError):
    """The core can't start as it is set up; the message says why and what to do."""


def begin(core: Core) -> None:
    """The first events of a journal: sizes of tables, declarations."""
    core.feed([Event(int(m.Kind.CONFIG), 0, config_request(core.capacity))])
    for line in declarations(core):
        events = core.book.events(line)
        core.book.declarations += events
        core.feed(events)
    rules = core.book.groups(core.config.groups)
    for line in core.config.lines:
        if line.data.get("group") is not None:
            rules += core.book.events(line)
    if core.config.require_limits:
        rules.append(Event(int(m.Kind.LIMIT), 0, no_limit_no_trading()))
    if core.config.day is not None:
        rules += closing(core, BEGIN)
    core.feed(rules)


def declarations(core: Core) -> list[Line]:
    """Without the limits on groups of accounts: those are made known only afterwards."""
    return [line for line in core.config.lines if line.data.get("group") is None]


def no_limit_no_trading() -> bytes:
    """The rule that an account without any limit may not trade, as a limit of its own."""
    row = np.zeros((), m.LIMIT_EVENT)
    for key in m.SCOPE_KEYS.names or ():
        row["scope"][key] = m.NONE
    row["check"], row["currency"], row["index"] = int(m.Reason.NO_LIMIT), m.NONE16, m.NONE
    row["by"] = row["approver"] = m.NONE
    return row.tobytes()


def remember(core: Core) -> list[Event]:
    """All names and settings of the journal; what of the declarations it lacks. StartError."""
    journal = core.config.journal
    if [info for info in core.segments() if info.used][-1].build_id != build_id():
        raise StartError(
            f"{journal} was written by another build of the engines: begin a new journal (--journal), or "
            "start the build that wrote it"
        )
    core.book.restore(JournalReader(journal))
    missing = _compare_declarations(core)
    _mend_page(core)
    played = replay(journal, from_snapshot=True)
    if not played["ok"]:
        raise StartError(f"{journal}: {played['problem']}")
    core.restored = {
        "events": played["events"],
        "seq": played["events"] + played["completed"],
        "state_hash": played["state_hash"],
        "snapshot": played["snapshot"],
        "passed_over": played["passed_over"],
    }
    return missing


def _compare_declarations(core: Core) -> list[Event]:
    if not core.config.lines:
        return []
    asked = Book(core.config.file)
    events = [event for line in declarations(core) for event in asked.events(line)]
    had = core.book.declarations[: len(events)]
    if events[: len(had)] != had:
        raise StartError(
            f"{core.config.file}: the journal {core.config.journal} began with other declarations: start "
            "it with those (or with none: it knows them), or give another --journal"
        )
    return events[len(had) :]  # a crash while they were being taken


def _mend_page(core: Core) -> None:
    """Brings the kill page to what the journal says: one of the two may have been lost."""
    core.page.start_after(max(core.book.kills, default=0))
    carry_over(core.page, core.config.socket, core.config.journal, core.book.names())
    core.page.clear(
        [  # it died between a re-arm's event and the page
            row["epoch"]
            for row in core.page.rows()
            if row["epoch"] <= core.book.rearmed.get((row["kind"], row["key"]), 0)
        ]
    )


def come_back(core: Core, missing: list[Event]) -> None:
    """Goes on where the journal ends, and asks the venues about what they have open."""
    core.tell_counts()
    for event in missing:
        core.book.declarations.append(event)
        core.book.take(event.kind, event.request)
        core.feed([event])
    for venue, session in list(core.book.gateways.items()):
        without_gateway(core, venue, session)
    ask_venues(core)
    core.supervisor.drain(ANSWER_S)  # a cancel of what a venue forgot would be refused: they answer first
    for index in sorted(core.book.connected):
        name = core.book.name_of("session", index)
        core.feed(core.book.events(Line(0, 0, "disconnect", {"session": name})))


def ask_venues(core: Core) -> None:
    """Down and up again makes the core ask: what simulated venues had is gone with their process, and of an
    intent without done nobody knows. The venues' states are afterwards what they were."""
    for venue in range(len(core.book.directory.venue_list)):
        whole = core.book.states.get((venue, m.NONE), int(m.VenueState.UP))
        if whole == m.VenueState.DOWN:
            continue
        states = [(m.NONE, int(m.VenueState.DOWN)), (m.NONE, whole)]
        known = core.book.states.items()
        states += [(symbol, state) for (at, symbol), state in known if at == venue and symbol != m.NONE]
        core.feed([venue_state(venue, *each) for each in states])  # at once: no order finds it down
    core.supervisor.ask("gateways", "asked")
