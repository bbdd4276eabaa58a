"""One client of the bridge: its session with the core, requests that wait for room, responses that go out."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

import msgspec

from periphery.bridge.wire import ASK, HELLO, QUOTES, TELL, counted, heard, rows
from periphery.client import control, shared_memory
from periphery.client.codec import INPUT_SIZE, RESPONSE_SIZE, encode_missed
from periphery.client.control import Control
from periphery.client.errors import ClientError
from periphery.client.merged import Merged, event_in
from periphery.client.stream import Follower
from periphery.stream.keys import Rights

TOGETHER = 64
SESSION_OPS = frozenset(
    {
        "algo",
        "executions",
        "intern",
        "leave",
        "levels",
        "limits",
        "names",
        "order",
        "orders",
        "positions",
        "resend",
        "status",
    }
)
"""What a session asks about itself. Anything else is the desk's."""
_SOURCE_SEQ = slice(8, 16)  # in a request's slot


class Seat:
    """Opened by a client's hello. ClientError: the core doesn't take it."""

    def __init__(
        self, link: Control, said: dict[str, Any], feed_seq: int, key: str = "", rights: Rights | None = None
    ) -> None:
        """key, rights: the client's, where the bridge has keys."""
        self.link = link
        self.key = key
        self.rights = rights
        self.hears_all = bool(said.get("hears_all", False))
        cancels = bool(said["cancel_on_disconnect"])
        token, name, accounts = said["token"], said["name"], said.get("accounts")
        answer, fds = control.hello(link, token, name, cancels, self.hears_all, accounts=accounts)
        rings = shared_memory.attach(fds)
        self.requests, self._answers = rings.requests, rings.responses
        self._responses = Follower(self._answers, 1)
        self._market = Follower(rings.quotes, 1)
        self._merged = Merged(self._responses.read, self._row, event_in, event_in)
        self.first = [counted(HELLO, feed_seq, msgspec.msgpack.encode(answer))]
        if not self.hears_all:
            self.first.append(QUOTES + b"".join(iter(self._market.read, None)))
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
        if self.hears_all:
            return self._heard(taken)
        found: list[bytes] = []
        while len(found) < TOGETHER and (slot := self._responses.read()) is not None:
            found.append(slot)
        if not found:
            self._check()
        return counted(TELL, self.taken, b"".join(found)) if found or taken else None

    def _heard(self, taken: bool) -> bytes | None:
        """The next of the session's answers and of its market, in the order of the spine."""
        responses: list[bytes] = []
        market: list[bytes] = []
        while len(responses) + len(market) < TOGETHER and (slot := self._merged.next()) is not None:
            (responses if len(slot) == RESPONSE_SIZE else market).append(slot)
        if not responses:
            self._check()
        return heard(self.taken, responses, market) if responses or market or taken else None

    def _row(self) -> bytes | None:
        """The next row of the market; where some were lost, one of no kind that tells how many."""
        slot = self._market.read()
        oldest = None if slot is not None else self._market.oldest()
        if oldest is None:
            return slot
        missed, self._market.next_seq = oldest - self._market.next_seq, oldest
        return encode_missed(missed)

    def _check(self) -> None:
        oldest = self._responses.oldest()
        if oldest is None:
            return
        if oldest != self._answers.first_seq:
            raise ClientError(
                "the bridge fell behind its session's responses: connect again and ask orders()"
            )
        self._responses.next_seq = oldest  # those before are nowhere: the rows' numbers tell the client

    def ask(self, packet: bytes) -> bytes | None:
        """Passes a question on: None, and `answered` has what the core says; or what the client is told
        instead, whose key may not ask that.
        """
        if self.rights is not None and not self.rights.desk:
            asked = msgspec.msgpack.decode(packet, type=dict[str, Any])
            if asked.get("op") not in SESSION_OPS:
                why = f"op {asked.get('op')!r}: this key may not: desk = true in clients.toml lets it"
                return msgspec.msgpack.encode({"id": asked.get("id", 0), "ok": False, "error": why})
        self.link.sock.sendall(packet)
        return None

    def answered(self) -> bytes:
        """An answer of the core. ClientError: it hung up."""
        packet, _ = control.receive(self.link.sock)
        if not packet:
            raise ClientError("the core hung up")
        return ASK + packet

    def close(self) -> None:
        """Hangs up: the core ends the session."""
        self.link.close()
