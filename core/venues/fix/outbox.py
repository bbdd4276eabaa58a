"""What a session says: numbered, stored, then given away; and said again where the peer asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from core.venues.fix.agreement import ADMIN, LOGON, PASSWORD, SEQUENCE_RESET, Field, Settings
from core.venues.fix.codec import Message, encode, parse, utc_timestamp
from core.venues.fix.dictionary import Dictionary
from core.venues.fix.store import Store


class Outbox:
    """last_sent_ns: when something was last given away."""

    def __init__(self, settings: Settings, dictionary: Dictionary, store: Store) -> None:
        self.settings = settings
        self.dictionary = dictionary
        self.store = store
        self.last_sent_ns = 0
        self._out: list[bytes] = []
        self._held: list[tuple[int, bytes]] = []
        self._given = self._taken = 0

    def begin(self, now_ns: int) -> None:
        """A connection begins or ends: nothing of another one is given away."""
        self._out.clear()
        self._held.clear()
        self.last_sent_ns = now_ns

    def forget(self) -> None:
        """Numbers begin anew."""
        self._held.clear()
        self._given = self._taken = 0

    def send(
        self,
        msg_type: bytes,
        body: Iterable[Field],
        header: Iterable[Field],
        now_ns: int,
        goes: bool,
        waits: bool = False,
    ) -> int:
        """Store a message under the next number, which is returned.

        goes: it is given away as well. waits: it is by `release`. Neither: the peer asks for it.
        """
        fields = [(35, msg_type), *self._header(self.store.next_out, header, now_ns), *body]
        frame = encode(self.settings.begin, fields)
        number = self.store.intend(frame if msg_type != LOGON else self._without_secret(fields))
        if goes:
            self._given = number
            self._give(frame, now_ns)
        elif waits:
            self._held.append((number, frame))
        return number

    def _without_secret(self, fields: list[Field]) -> bytes:
        """A Logon as it is kept: it is never said again, and a password belongs into no file."""
        return encode(self.settings.begin, [field for field in fields if field[0] != PASSWORD])

    def release(self, now_ns: int) -> None:
        """What was sent between our Logon and the peer's: it has numbers behind ours, so nobody misses it."""
        for number, frame in self._held:
            self._given = number
            self._give(frame, now_ns)
        self._held.clear()

    def take(self) -> bytes:
        whole, self._taken = b"".join(self._out), self._given
        self._out.clear()
        return whole

    def written(self) -> None:
        self.store.done(self._taken)

    def resend(self, first: int, last: int, may: Callable[[Message], bool], now_ns: int) -> None:
        """What the application sent, again; what the session sent is passed over by number. last 0: all."""
        end = self.store.next_out - 1
        last = end if last == 0 or last > end else last
        filled = first
        for number, frame in self.store.messages(first, last):
            message = parse(frame, self.dictionary.data_fields)
            if message.msg_type in ADMIN or not may(message):
                continue
            if number > filled:
                self._fill(filled, number, now_ns)
            self._again(message, now_ns)
            filled = number + 1
        if filled <= last:
            self._fill(filled, last + 1, now_ns)

    def _again(self, message: Message, now_ns: int) -> None:
        tags = self.dictionary.header.tags
        header = [field for field in message.fields[1:] if field[0] in tags and field[0] not in (43, 52, 122)]
        body = [field for field in message.fields[1:] if field[0] not in tags]
        new = [(43, b"Y"), (52, utc_timestamp(now_ns)), (122, message.get(52) or b"")]
        self._give(encode(message.begin, [message.fields[0], *sorted(header + new), *body]), now_ns)

    def _fill(self, number: int, next_number: int, now_ns: int) -> None:
        header = self._header(number, [(43, b"Y"), (122, utc_timestamp(now_ns))], now_ns)
        body = [(36, b"%d" % next_number), (123, b"Y")]
        self._give(encode(self.settings.begin, [(35, SEQUENCE_RESET), *header, *body]), now_ns)

    def _give(self, frame: bytes, now_ns: int) -> None:
        self.last_sent_ns = now_ns
        self._out.append(frame)

    def _header(self, number: int, more: Iterable[Field], now_ns: int) -> list[Field]:
        own = [
            (34, b"%d" % number),
            (49, self.settings.sender),
            (52, utc_timestamp(now_ns)),
            (56, self.settings.target),
        ]
        return sorted([*own, *more])
