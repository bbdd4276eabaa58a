"""Many websocket clients in one process, that cost little: they read frames and count what came, how late.

Run as a module; a line of JSON on standard input says what to do, one on standard output what it came to.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
import sys
import time
from array import array
from typing import Any

import msgspec

LIMIT_S = 120.0
CONNECTING = 50
"""Handshakes that are under way at once."""


class Change(msgspec.Struct):
    n: int
    time_ns: str


class Part(msgspec.Struct):
    n: int
    conflated: int
    changes: list[Change]
    topic: str = ""


class Message(msgspec.Struct):
    type: str
    topics: Any = None
    topic: str = ""
    n: int = 0


class Deltas(msgspec.Struct):
    topics: list[Part]


class Totals:
    """Of all clients of a process."""

    def __init__(self) -> None:
        self.messages = self.changes = self.conflated = self.lost = self.snapshots = self.closed = 0
        self.late_ns = array("q")


class One(asyncio.Protocol):
    """A client: a handshake, what it subscribes to, then frames. last: the n after which it is done."""

    def __init__(self, totals: Totals, request: bytes, asks: bytes) -> None:
        self.totals = totals
        self.seen: dict[str, int] = {}
        self.welcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._request = request
        self._asks = asks
        self._buffer = bytearray()
        self._frames = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self._request)

    def connection_lost(self, _error: Exception | None) -> None:
        self.totals.closed += 1
        if not self.welcome.done():
            self.welcome.set_exception(ConnectionError(bytes(self._buffer[:200])))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._frames:
            head, end, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            if not end:
                return
            if b" 101 " not in head:
                self.transport.close()
                return
            self._frames, self._buffer = True, bytearray(rest)
            if self._asks:
                self.transport.write(_frame(0x1, self._asks))
            else:
                self.welcome.set_result(None)
        at = 0
        while (found := _next(self._buffer, at)) is not None:
            opcode, begin, at = found
            self._take(opcode, bytes(self._buffer[begin:at]))
        del self._buffer[:at]

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == 0x9:
            self.transport.write(_frame(0xA, payload))
        elif opcode == 0x1 and payload.startswith(b'{"type":"deltas"'):
            now = time.time_ns()
            self.totals.messages += 1
            for part in _deltas.decode(payload).topics:
                self._part(part, now)
        elif opcode == 0x1:
            self._other(_message.decode(payload))

    def _other(self, message: Message) -> None:
        if message.type == "snapshot":
            self.totals.snapshots += 1
            self.seen[message.topic] = message.n
        if message.type == "subscribed" and not self.welcome.done():
            self.welcome.set_result(None)

    def _part(self, part: Part, now: int) -> None:
        totals, before = self.totals, self.seen.get(part.topic, 0)
        totals.changes += len(part.changes)
        totals.conflated += part.conflated
        totals.lost += part.n - before - part.conflated - len(part.changes)
        self.seen[part.topic] = part.n
        for change in part.changes:
            totals.late_ns.append(now - int(change.time_ns))


_deltas = msgspec.json.Decoder(Deltas)
_message = msgspec.json.Decoder(Message)


def _next(buffer: bytearray, at: int) -> tuple[int, int, int] | None:
    """Opcode, begin and end of the next frame's payload; None: it isn't whole."""
    if len(buffer) < at + 2:
        return None
    length, begin = buffer[at + 1], at + 2
    if length == 126:
        length, begin = int.from_bytes(buffer[at + 2 : at + 4]), at + 4
    elif length == 127:
        length, begin = int.from_bytes(buffer[at + 2 : at + 10]), at + 10
    return (buffer[at] & 0xF, begin, begin + length) if len(buffer) >= begin + length else None


def _frame(opcode: int, payload: bytes) -> bytes:
    """A client's frame: masked, with a mask that changes nothing."""
    length = len(payload)
    head = bytes([0x80 | opcode]) + (
        bytes([0x80 | length]) if length < 126 else bytes([0x80 | 126]) + length.to_bytes(2)
    )
    return head + bytes(4) + payload


def _request(token: str) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    lines = ["GET /ws HTTP/1.1", "Host: bench", "Upgrade: websocket", "Connection: Upgrade"]
    lines += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
    lines += [f"Authorization: Bearer {token}"] if token else []
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def run(asked: dict[str, Any]) -> dict[str, Any]:
    """asked: path, clients, token, topics, changes: that each client is to see."""
    totals, loop = Totals(), asyncio.get_running_loop()
    asks = json.dumps({"op": "subscribe", "topics": asked["topics"]}).encode() if asked["topics"] else b""
    ones: list[One] = []
    for first in range(0, asked["clients"], CONNECTING):
        some = []
        for _ in range(min(CONNECTING, asked["clients"] - first)):
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            sock.setblocking(False)
            await loop.sock_connect(sock, asked["path"])
            _, one = await loop.create_connection(
                lambda: One(totals, _request(asked["token"]), asks), sock=sock
            )
            some.append(one)
        await asyncio.wait_for(asyncio.gather(*(one.welcome for one in some)), LIMIT_S)
        ones += some
    print(json.dumps({"ready": len(ones)}), flush=True)
    expected, end = asked["changes"] * len(ones), time.monotonic() + LIMIT_S + asked["seconds"]
    while totals.changes + totals.conflated + totals.lost < expected and not totals.closed:
        if time.monotonic() > end:
            break
        await asyncio.sleep(0.05)
    found = {key: value for key, value in vars(totals).items() if key != "late_ns"}
    for one in ones:
        one.transport.abort()
    return found | {"expected": expected, "late_ns": base64.b64encode(totals.late_ns.tobytes()).decode()}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(json.loads(sys.stdin.readline())))), flush=True)
