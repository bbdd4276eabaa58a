from typing import Any, Protocol

from core.recovery.tap import Tap
from core_ext.journal import JournalReader

class Told(Protocol):
    """Who is told. at, told: the position that it was sent all through, of its topics; that it knows so.
    sent, taken, window: messages of rows, and how many may be under way.
    """

    peer: bytes
    topics: tuple[int, ...]
    at: int
    told: int
    mark: bytes
    sent: int
    taken: int
    window: int

class Live:
    """From a record in the journal to a message at the socket, without a step of Python but the digest: what
    comes is told at once to those who were told all before it and have room.
    """

    def __init__(self, tap: Tap, reader: JournalReader, gap_ns: int) -> None:
        """gap_ns: where many messages go out one behind another, so long is waited between two looks: what
        comes meanwhile goes together. A burst of 32 is let pass.
        """

    def speak(self, socket: int, send: int) -> None:
        """Where it tells: the addresses of a ROUTER socket of libzmq and of its `zmq_send`; 0: nowhere."""

    def next(self, who: list[Any], for_ns: int, spin_ns: int, nap_ns: int) -> bytes | None:
        """Waits so long for the journal to go on, lives through what has come and tells it; the digest of
        the last event, None where nothing came. Rows then wait in the tap. As `Tap.poll` and `Tap.wait`.
        """

    @property
    def messages(self) -> int:
        """That it sent."""

    @property
    def sent_bytes(self) -> int: ...
