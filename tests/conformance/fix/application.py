"""The application that the definitions expect: it echoes orders, once by ClOrdID where they may be resent."""

from __future__ import annotations

from core.venues.fix.agreement import UNSUPPORTED, BusinessReject
from core.venues.fix.codec import Message
from core.venues.fix.dictionary import Dictionary
from core.venues.fix.session import Session
from core.venues.fix.validation import Fields

ECHOED = frozenset({b"D", b"d"})
_LEFT = frozenset({8, 9, 10, 35, 34, 43, 49, 52, 56, 122})


class Echo:
    """Answers a NewOrderSingle or SecurityDefinition with itself; refuses every other type."""

    session: Session

    def __init__(self, dictionary: Dictionary) -> None:
        self.dictionary = dictionary
        self.seen: set[bytes] = set()

    def on_logon(self, now_ns: int) -> None:
        self.seen.clear()

    def on_logout(self, now_ns: int) -> None:
        pass

    def may_resend(self, message: Message) -> bool:
        return True

    def on_message(self, message: Message, now_ns: int) -> None:
        if message.msg_type == b"3":
            return
        if message.msg_type not in ECHOED:
            raise BusinessReject(UNSUPPORTED, "Unsupported Message Type")
        cl_ord_id = message.get(11)
        if cl_ord_id is not None:
            if message.get(97) == b"Y" and cl_ord_id in self.seen:
                return
            self.seen.add(cl_ord_id)
        header = self.dictionary.header.tags
        fields = [field for field in message.fields if field[0] not in _LEFT]
        self.session.send(
            message.msg_type,
            self._by_tag(message.msg_type, [field for field in fields if field[0] not in header]),
            now_ns,
            [field for field in fields if field[0] in header],
        )

    def _by_tag(self, msg_type: bytes, fields: Fields) -> list[tuple[int, bytes]]:
        """In the order of tags, a group's entries behind their count."""
        groups = self.dictionary.messages[msg_type].groups
        keyed: list[tuple[int, tuple[int, bytes]]] = []
        count = 0
        for field in fields:
            inside = count and field[0] in groups[count].tags
            count = count if inside else field[0] if field[0] in groups else 0
            keyed.append((count or field[0], field))
        return [field for _, field in sorted(keyed, key=lambda pair: pair[0])]
