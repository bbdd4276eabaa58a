"""One client of the bridge: its session with the core, requests that wait for room, responses that go out."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

import msgspec

from periphery.bridge.wire import ASK, HELLO, QUOTES, TELL, counted, rows
from periphery.client import control, shared_memory
from periphery.client.codec import INPUT_SIZE
from periphery.client.control import Control
from periphery.client.errors import ClientError
from periphery.client.stream import Follower

TOGETHER = 64
_SOURCE_SEQ = slice(8, 16)  # in a request's slot


class Seat:
    """Opened by a client's hello. ClientError: the core doesn't take it."""

    def __init__(self, link: Control, said: dict[str, Any], feed_seq: int) -> None:
        self.link = link
        answer, fds = control.hello(link, said["token"], said["name"], bool(said["cancel_on_disconnect"]))
        rings = shared_memory.attach(fds)
        self.requests = rings.requests
        self._responses = Follower(rings.responses, 1)
        market = []
        quotes = Follower(rings.quotes, 1)
        while (slot := quotes.read()) is not None:
            market.append(slot)
        self.first = [counted(HELLO, feed_seq, msgspec.msgpack.encode(answer)), QUOTES + b"".join(market)]
        self.waiting: deque[bytes] = deque()
        self.taken = 0
        self.heard = time.monotonic()

    @property
    def fd(self) -> int:
        return self.link.sock.fileno()

    def take(self, data: bytes) -> None:
        """Requests of the client. ValueError: not the next ones, or more than a ring holds."""
        for row in rows(data, INPUT_SIZE):
            expected = self.taken + len(self.waiting) + 1
            if int.from_bytes(row[_SOURCE_SEQ], "little") != expected:
                raise ValueError(f"request {expected} is missing: the client must begin anew")
            if len(self.waiting) >= self.requests.capacity:
                raise ValueError(
                    f"more than {self.requests.capacity} requests wait: the client doesn't count"
                )
            self.waiting.append(row)
        self.push()

    def push(self) -> bool:
        """What has room in the core's ring now; whether anything had."""
        before = self.taken
        while self.waiting and self.requests.try_push(self.waiting[0]):
            self.waiting.popleft()
            self.taken += 1
        return self.taken != before

    def told(self) -> bytes | None:
        """Responses since the last time, with how many requests were taken; None: nothing is new.
        ClientError.
        """
        taken = self.push()
        found: list[bytes] = []
        while len(found) < TOGETHER and (slot := self._responses.read()) is not None:
            found.append(slot)
        if not found and self._responses.oldest() is not None:
            raise ClientError(
                "the bridge fell behind its session's responses: connect again and ask orders()"
            )
        return counted(TELL, self.taken, b"".join(found)) if found or taken else None

    def ask(self, packet: bytes) -> None:
        """Passes a question on; `answered` has what the core says."""
        self.link.sock.sendall(packet)

    def answered(self) -> bytes:
        """An answer of the core. ClientError: it hung up."""
        packet, _ = control.receive(self.link.sock)
        if not packet:
            raise ClientError("the core hung up")
        return ASK + packet

    def close(self) -> None:
        """Hangs up: the core ends the session."""
        self.link.close()
