"""What two sides of a session have agreed, and what an application must know of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from core.venues.fix.codec import Message, parse_utc_timestamp
from core.venues.fix.schedule import Schedule

type Field = tuple[int, bytes]
NS = 1_000_000_000
LOGON, LOGOUT, HEARTBEAT, TEST_REQUEST, RESEND_REQUEST, REJECT, SEQUENCE_RESET = (
    b"A", b"5", b"0", b"1", b"2", b"3", b"4",
)  # fmt: skip
BUSINESS_REJECT = b"j"
USERNAME, PASSWORD = 553, 554
ADMIN = frozenset({LOGON, LOGOUT, HEARTBEAT, TEST_REQUEST, RESEND_REQUEST, REJECT, SEQUENCE_RESET})


class BusinessReject(Exception):
    """What an application refuses. reason: BusinessRejectReason (380); ref_id: the message's own id."""

    def __init__(self, reason: int, text: str, ref_id: str = "") -> None:
        super().__init__(text)
        self.reason = reason
        self.ref_id = ref_id


UNSUPPORTED, NOT_AVAILABLE = 3, 4


class App(Protocol):
    """What stands behind a session."""

    def on_logon(self, now_ns: int) -> None:
        """Both sides are logged on."""

    def on_logout(self, now_ns: int) -> None:
        """They no longer are, in order or not."""

    def on_message(self, message: Message, now_ns: int) -> None:
        """An application's message, once, in sequence. Raises Invalid, BusinessReject."""

    def may_resend(self, message: Message) -> bool:
        """Whether what was sent may be sent again as a possible duplicate; else its number is filled."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What both sides have agreed. sender is this side, target the other."""

    begin: bytes
    sender: bytes
    target: bytes
    initiator: bool = False
    heartbeat_s: int = 30
    schedule: Schedule = field(default_factory=Schedule)
    reset_on_logon: bool = False
    reset_on_logout: bool = False
    reset_on_disconnect: bool = False
    sending_time_s: int = 120
    logon_timeout_s: int = 10
    logout_timeout_s: int = 2
    user_fields: bool = False
    credentials: tuple[Field, ...] = ()
    """Of an initiator's Logon: Username (553) and Password (554)."""
    admits: Callable[[str, str], bool] | None = None
    """Of an acceptor: whether username and password are the peer's. None: none are asked for."""
    throttle_per_s: int = 0
    """Messages of the application that the peer may send in a second; 0: as many as it likes."""

    def is_peer(self, message: Message) -> bool:
        """Whether it is from the one side to the other."""
        return message.get(49) == self.target and message.get(56) == self.sender

    def is_near(self, message: Message, now_ns: int) -> bool:
        """Whether its SendingTime, which must be one, is close enough to now."""
        return abs(parse_utc_timestamp(message.get(52) or b"") - now_ns) <= self.sending_time_s * NS
