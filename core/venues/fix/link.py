"""A connection without its socket: bytes in, bytes out, and the session that it turns out to be of."""

from __future__ import annotations

from collections.abc import Callable

from core.venues.fix.agreement import LOGON, NS
from core.venues.fix.codec import Framer, Garbled, Message, parse
from core.venues.fix.session import Session

FIRST_WORD_S = 10
"""Seconds in which whoever connects must have said its Logon."""


class Link:
    """session: an initiator's own. find: an acceptor's way from the first message to a session that is free.

    ended: hang up, once what `take` gives is written. said: why.
    """

    def __init__(
        self,
        now_ns: int,
        session: Session | None = None,
        find: Callable[[Message], Session | None] | None = None,
    ) -> None:
        self.framer = Framer()
        self.session = session
        self.find = find
        self.began_ns = now_ns
        self.said = ""
        if session is not None:
            session.connected(now_ns)

    def feed(self, data: bytes, now_ns: int) -> None:
        """What came from the socket."""
        self.framer.feed(data)
        while not self.ended and (frame := self.framer.next()) is not None:
            if self.session is None:
                self._first(frame, now_ns)
            else:
                self.session.received(frame, now_ns)

    def tick(self, now_ns: int) -> None:
        """Time has moved on."""
        if self.session is not None:
            self.session.tick(now_ns)
        elif now_ns - self.began_ns >= FIRST_WORD_S * NS:
            self.said = self.said or "no logon in time"

    @property
    def ended(self) -> bool:
        return bool(self.said) if self.session is None else self.session.closing

    def take(self) -> bytes:
        return b"" if self.session is None else self.session.take()

    def written(self) -> None:
        if self.session is not None:
            self.session.written()

    def closed(self, now_ns: int) -> None:
        """The socket is gone."""
        if self.session is not None:
            self.session.disconnected(now_ns)
            self.session = None
            self.said = self.said or "closed"

    def _first(self, frame: bytes, now_ns: int) -> None:
        assert self.find is not None
        try:
            message = parse(frame, {})
        except Garbled as wrong:
            self.said = f"the first message is garbled: {wrong}"
            return
        if message.msg_type != LOGON:
            self.said = "the first message is no Logon"
            return
        session = self.find(message)
        if session is None:
            who = "/".join(message.text(tag) for tag in (49, 56))
            self.said = f"Logon of {message.begin.decode('latin-1')} {who}: no such session, or it is in use"
            return
        self.session = session
        session.connected(now_ns)
        session.received(frame, now_ns)
