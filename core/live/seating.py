"""Who has a session: they come in with a hello, and leave with a hang-up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from core import messages as m
from core.board import MAX_SESSIONS
from core.live.door import Answer
from core.live.ops import Refused, need_room
from core.live.reporting import without_gateway
from core.live.sessions import (
    ALL_QUOTES,
    FEED_REQUESTS,
    PROTOCOL_VERSION,
    QUOTES,
    REQUESTS,
    Connection,
    Rings,
    free_name,
)
from core.live.supervisor import SeatOf
from core.scenario.encoder import Event
from core.scenario.reader import Line

if TYPE_CHECKING:
    from core.live.server import Core


class Seating:
    """The seats of one core, and who leaves."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.seats: list[Connection | None] = [None] * MAX_SESSIONS
        self.leaving: list[Connection] = []

    def hello(self, connection: Connection, request: dict[str, Any]) -> Answer:
        """A session's memory and what it must know. Refused."""
        core = self.core
        if connection.seat >= 0:
            raise Refused("this connection has a session already: open another one")
        if request.get("version") != PROTOCOL_VERSION:
            raise Refused(f"version {request.get('version')!r}: this core speaks version {PROTOCOL_VERSION}")
        core.check_token(request)
        name = request.get("name")
        if not isinstance(name, str) or not 1 <= len(name.encode()) <= 31:
            raise Refused(f"name {name!r}: give 1 to 31 bytes of text")
        seat = next((i for i in range(core.config.max_sessions) if self.seats[i] is None), -1)
        if seat < 0:
            raise Refused(
                f"busy: {core.config.max_sessions} sessions are open, which is max_sessions; close one"
            )
        try:
            words = {"cancel_on_disconnect": True, "hears_all": False, "feeds": False}
            cancels, hears_all, feeds = (bool(request.get(word, usual)) for word, usual in words.items())
            connection.rights = self._entitled(name, request.get("accounts"))
            self._sit(connection, seat, name, cancels, hears_all, feeds)
        except ValueError:
            if connection.seat >= 0:
                core.door.hang_up(connection)
            raise
        rights, accounts = connection.rights, core.book.directory.account_list
        told = {
            "session": connection.index,
            "epoch": core.epoch,
            "live": core.config.live,
            "accounts": [each.name for each in accounts if rights is None or each.name in rights],
            "directory": core.book.told(),
        }
        assert connection.rings is not None
        return told, connection.rings.fds

    def _sit(
        self, connection: Connection, seat: int, wanted: str, cancels: bool, hears_all: bool, feeds: bool
    ) -> None:
        core = self.core
        name = free_name(wanted, {each.name for each in self.seats if each is not None})
        need_room(core, m.Space.SESSION, name)
        connect = Line(0, 0, "connect", {"session": name, "cancel_on_disconnect": cancels})
        person, events = core.book.begin().person(name), core.book.events(connect)
        connection.index = core.book.directory.spaces[m.Space.SESSION][name]
        connection.rings = Rings(
            name, ALL_QUOTES if hears_all else QUOTES, FEED_REQUESTS if feeds else REQUESTS
        )
        rights = self._rights(connection.rights)
        core.feed([*events, *rights_events(connection.index, rights)])
        connection.seat, connection.name = seat, name  # from here on a hang-up takes all of it back
        self.seats[seat] = connection
        for quote in core.asked().last_quotes():  # who feeds the core doesn't tell the server
            connection.rings.show_quote(quote)
        core.desk.await_done(
            "egress", core.board.seq
        )  # a session of that name before it had answers of its own
        fds = connection.rings.fds
        core.supervisor.open_seat(SeatOf(seat, connection.index, person, rights, fds, hears_all, feeds))

    def _entitled(self, name: str, asked: object) -> tuple[str, ...] | None:
        """The accounts that a session by that name may trade, of those it asks for; None: every one."""
        held = self.core.config.rights.get(name, self.core.config.rights.get("*"))
        if asked is None:
            return held
        if not isinstance(asked, list | tuple):
            raise Refused(f"accounts {asked!r}: give a list of names")
        known = [account.name for account in self.core.book.directory.account_list]
        return tuple(each for each in known if each in asked and (held is None or each in held))

    def _rights(self, names: tuple[str, ...] | None) -> bytes | None:
        """A byte an account; None: every account."""
        if names is None:
            return None
        return bytes(account.name in names for account in self.core.book.directory.account_list)

    def left(self, connection: Connection) -> None:
        """It is dead; `let_leave` does the rest."""
        if connection.seat >= 0:
            self.leaving.append(connection)

    def let_leave(self) -> None:
        """What the dead asked for is taken, their disconnect sequenced, their memory released."""
        core = self.core
        for connection in self.leaving:
            core.supervisor.close_requests(connection.seat)
            self._say_end(connection)
            core.supervisor.close_responses(connection.seat)
            self.seats[connection.seat] = None
            connection.close_rings()
        self.leaving.clear()

    def _say_end(self, connection: Connection) -> None:
        """Its end is sequenced, after what it said of its orders; the venues that it spoke for are down."""
        for venue in self.core.book.spoken_for(connection.index):
            without_gateway(self.core, venue, connection.index)
        named = {"session": connection.name}
        if connection.cancels is not None:
            changed = {**named, "cancel_on_disconnect": connection.cancels}
            self.core.feed(self.core.book.events(Line(0, 0, "connect", changed)))
        self.core.feed(self.core.book.events(Line(0, 0, "disconnect", named)))

    def faults(self) -> list[tuple[Connection, str]]:
        """Sessions that did what no client may, and what it was."""
        return [
            (each, fault)
            for i, each in enumerate(self.seats)
            if each is not None and each not in self.leaving and (fault := self.core.board.seat_fault(i))
        ]

    def describe(self) -> list[dict[str, Any]]:
        """Each session: its name, its index, what it has asked and was told."""
        return [
            {"name": each.name, "session": each.index, **each.rings.counts()}
            for each in self.seats
            if each is not None and each not in self.leaving and each.rings is not None
        ]


def rights_events(session: int, rights: bytes | None) -> list[Event]:
    """Which accounts a session may trade, so many accounts an event. rights: a byte an account."""
    if rights is None:
        return []
    out = []
    for first in range(0, max(len(rights), 1), m.RIGHTS_STEP):
        row = np.zeros((), m.RIGHTS_EVENT)
        row["session"], row["first"] = session, first
        bits = np.packbits(np.frombuffer(rights[first : first + m.RIGHTS_STEP], np.uint8), bitorder="little")
        row["bits"][: len(bits)] = bits
        out.append(Event(int(m.Kind.RIGHTS), session, row.tobytes()))
    return out
