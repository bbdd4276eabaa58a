"""How requests go out and answers come in: what a session asks of its transport, and a plain form of it."""

from __future__ import annotations

from typing import Protocol

from periphery.client.codec import Response
from periphery.client.directory import Symbol
from periphery.client.events import OrderEvent
from periphery.client.stream import Follower, Slots
from periphery.client.units import Number


class Port(Protocol):
    """A session's end of its transport; core.session.port.Port is one over shared memory, compiled."""

    next_seq: int
    """Of the answer to take next."""

    @property
    def capacity(self) -> int: ...
    @property
    def sent(self) -> int:
        """Requests sent: the last source_seq."""

    @property
    def known(self) -> dict[str, Symbol]:
        """The symbol of each order that was sent, by cl_ord_id."""

    @property
    def lapsed(self) -> bool:
        """The last `take` gave nothing because the answer was overwritten, not because it isn't there."""

    def new_id(self) -> str:
        """A cl_ord_id that no other session gives."""

    def push(self, slot: bytes) -> bool:
        """Send a request's bytes, which hold the source_seq `sent` + 1. False: there is no room."""

    def take(self) -> OrderEvent | None:
        """The next answer, with its symbol where that is known.

        None where there is none, or, see `lapsed`, none any more.
        """

    def oldest(self) -> int | None:
        """None where nothing was lost; else from where to read on."""

    def decode(self, slot: bytes) -> OrderEvent:
        """An answer's bytes that came another way."""

    # A request as the caller said it; its cl_ord_id. None: nothing was sent, encode it with all checks.
    def order(
        self, symbol: str, side: str, qty: Number, ord_type: str, price: Number | None, account: str | None,
        venue: str | None, time_in_force: str, strategy: int, post_only: bool, cl_ord_id: str | None,
        expire_ns: int | None,
    ) -> str | None: ...  # fmt: skip
    def cancel(self, orig_cl_ord_id: str, cl_ord_id: str | None) -> str | None: ...
    def replace(
        self, orig_cl_ord_id: str, qty: Number | None, price: Number | None, cl_ord_id: str | None
    ) -> str | None: ...


class Requests(Protocol):
    """Where requests go: core_ext.ring.Ring has it."""

    @property
    def capacity(self) -> int: ...
    def try_push(self, item: bytes, /) -> bool: ...


class PlainPort:
    """A port that needs nothing compiled: every request is encoded by `codec`."""

    def __init__(self, requests: Requests, responses: Slots, prefix: str) -> None:
        self._requests = requests
        self._responses = Follower(responses, 1)
        self._prefix = prefix
        self._ids = 0
        self.sent = 0
        self.known: dict[str, Symbol] = {}

    @property
    def capacity(self) -> int:
        return self._requests.capacity

    @property
    def next_seq(self) -> int:
        return self._responses.next_seq

    @next_seq.setter
    def next_seq(self, seq: int) -> None:
        self._responses.next_seq = seq

    @property
    def lapsed(self) -> bool:
        return self._responses.oldest() is not None

    def new_id(self) -> str:
        self._ids += 1
        return f"{self._prefix}{self._ids}"

    def push(self, slot: bytes) -> bool:
        if not self._requests.try_push(slot):
            return False
        self.sent += 1
        return True

    def order(self, *_said: object) -> None:
        return None

    def cancel(self, *_said: object) -> None:
        return None

    def replace(self, *_said: object) -> None:
        return None

    def take(self) -> Response | None:
        slot = self._responses.read()
        return None if slot is None else self.decode(slot)

    def oldest(self) -> int | None:
        return self._responses.oldest()

    def decode(self, slot: bytes) -> Response:
        answer = Response(slot)
        answer._symbol = self.known.get(answer.cl_ord_id)
        return answer
