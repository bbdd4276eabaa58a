"""A subscriber: batches in their order, each position once, from wherever it was; no compiled code is needed.

It comes again by itself: when the publisher was stopped, is silent, or sent something that doesn't follow on
what there is, it says hello from its place. What can't be is raised as Refused.
"""

from __future__ import annotations

import time
from contextlib import suppress

import msgspec
import zmq

from periphery.stream import monitor, wire
from periphery.stream.following import following
from periphery.stream.keys import ClientKeys
from periphery.stream.wire import ANEW, SETTINGS, Batch, Hello, Told

AGAIN_S = 0.2
NOW, EVENTS, READABLE, RCVTIMEO = int(zmq.NOBLOCK), int(zmq.EVENTS), int(zmq.POLLIN), int(zmq.RCVTIMEO)
"""Numbers: an enum's `&`, and an exception where nothing has come, cost as much as what is received."""
HELLO_S = 5.0
"""How long an answer to hello may take; then it is said again."""


class Refused(ValueError):
    """The publisher doesn't give that subscription; trying again doesn't help. The message says why."""


class _Welcome(msgspec.Struct, frozen=True):
    name: str
    topics: tuple[str, ...]
    after: int
    newest: int
    has: tuple[str, ...]


class Subscriber:
    """A place in a stream. hello: where from and what. keys: where the publisher wants some."""

    def __init__(self, address: str, hello: Hello, keys: ClientKeys | None = None) -> None:
        self.address = address
        self.topics: tuple[str, ...] = ()
        """Names of all the stream's topics, by their number; empty until it is welcomed."""
        self.newest = 0  # of the stream, when it last welcomed this subscriber
        self.why = f"{address}: nothing has answered yet"
        """Why nothing comes; empty where all is well."""
        self.lapped: Told | None = None
        """What was last told of a place that was no longer at hand."""
        self.left_out = 0
        """Rows that were left out for newer ones."""
        self.gaps = 0
        """Messages that did not follow on what was there, after which it said hello again."""
        self.is_current = False
        """Whether it was sent all that the publisher has, when that last said so."""
        self._hello = hello
        self._keys = keys
        self._at = hello.after
        self._digest = hello.digest
        self._settings = hello.settings
        self._welcomed = False
        self._received = self._taken = 0
        self._next_s = self._spoke_s = self._heard_s = 0.0
        self._socket: zmq.Socket[bytes] | None = None
        self._monitor: zmq.Socket[bytes] | None = None

    @property
    def at(self) -> int:
        """All through this position was given out; 0 before anything of `after` None is known."""
        return self._at or 0

    @property
    def digest(self) -> bytes:
        """What was there."""
        return self._digest

    @property
    def is_welcome(self) -> bool:
        """Whether the publisher has answered its hello."""
        return self._welcomed

    def next(self, wait_s: float = 0.0) -> Batch | None:
        """The next batch, waiting for it so long; None: there is none yet. It may have rows from before its
        `after`: they were there already. Refused.
        """
        end = time.monotonic() + wait_s
        while True:
            self._care()
            batch = self._receive()
            left_s = end - time.monotonic()
            if batch is not None or left_s <= 0:
                return batch
            batch = self._await(min(left_s, wire.BEAT_S))
            if batch is not None:
                return batch

    def _await(self, most_s: float) -> Batch | None:
        """The next message, a batch or not. It is waited for where it is received: a poll before that would
        cost the message a system call more.
        """
        if self._socket is None:
            self.wait(most_s)
            return None
        self._socket.set(RCVTIMEO, max(1, int(most_s * 1000)))
        try:
            message = self._socket.recv()
        except zmq.Again:
            return None
        return self._came(message)

    def wait(self, most_s: float) -> None:
        """Until something has come, or so long."""
        if self._socket is not None:
            self._socket.poll(max(1, int(most_s * 1000)))
        else:
            time.sleep(min(most_s, AGAIN_S / 4))

    def close(self) -> None:
        """Says the end."""
        if self._socket is not None:
            self._send(wire.BYE)
        self._hang_up()

    # ---- the connection ------------------------------------------------------------------------------------

    def _care(self) -> None:
        """Connects, says hello, says what was taken and that it is here, sees that nobody is."""
        now = time.monotonic()
        if self._socket is None and now >= self._next_s:
            self._connect(now)
        if self._socket is None:
            return
        if not self._welcomed:
            self._check_welcome()
            if now - self._spoke_s > HELLO_S:
                self._again(self.why)
        elif now - self._heard_s > wire.SILENT_S:
            self._again(f"{self.address}: nothing was heard for {wire.SILENT_S:g} s")
        elif now - self._spoke_s > wire.BEAT_S:
            self._acknowledge(0)
            self._send(wire.PING)
        else:
            self._acknowledge(0 if self._hello.fewer else wire.TAKEN_EVERY - 1)

    def _connect(self, now: float) -> None:
        socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
        socket.setsockopt(zmq.LINGER, 200)
        socket.setsockopt(zmq.RCVHWM, 4 * wire.WINDOW)
        if self._keys is not None:
            self._keys.use(socket)
        self._monitor = monitor.watch(socket)
        self._socket = socket
        try:
            socket.connect(self.address)
        except zmq.ZMQError as error:
            self._hang_up()
            raise Refused(
                f"{self.address}: {error}: give an address such as tcp://HOST:{wire.STREAM_PORT}"
            ) from None
        hello = msgspec.structs.replace(
            self._hello, after=self._at, digest=self._digest, settings=self._settings
        )
        self._received = self._taken = 0
        self._heard_s = now
        self._send(wire.HELLO + msgspec.msgpack.encode(hello))

    def _check_welcome(self) -> None:
        """Refused: the handshake failed, which only the connection's own events tell."""
        assert self._monitor is not None
        event = monitor.failed(self._monitor)
        if not event:
            return
        why = f"{self.address}: {monitor.unwelcome(event, self._keys is not None)}"
        if event == zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL:
            self.why = why
            return
        self._hang_up()
        raise Refused(why)

    def _again(self, why: str) -> None:
        """From its place, in a while."""
        self.why = why
        self._next_s = time.monotonic() + AGAIN_S
        self._hang_up()

    def _hang_up(self) -> None:
        self._welcomed = self.is_current = False
        if self._socket is not None and self._monitor is not None:
            monitor.close(self._socket, self._monitor)
        self._socket = self._monitor = None

    def _send(self, packet: bytes) -> None:
        assert self._socket is not None
        self._spoke_s = time.monotonic()
        with suppress(zmq.ZMQError):
            self._socket.send(packet, zmq.NOBLOCK)

    # ---- what comes ----------------------------------------------------------------------------------------

    def _receive(self) -> Batch | None:
        """The next batch that has come."""
        while self._socket is not None and int(self._socket.get(EVENTS)) & READABLE:
            batch = self._came(self._socket.recv(NOW))
            if batch is not None:
                return batch
        return None

    def _came(self, message: bytes) -> Batch | None:
        batch = following(message, self._at or 0)  # most do: nothing else is asked of them
        self._heard_s = time.monotonic()
        if batch is None:
            return self._take(message)
        self._received += 1
        self._at, self._digest = batch.through, batch.digest
        return batch

    def _take(self, message: bytes) -> Batch | None:
        kind = message[:1]
        if kind == wire.ROWS:
            self._received += 1
            return self._follows(wire.batch_of(message))
        if kind == wire.HELLO:
            welcome = msgspec.msgpack.decode(message[1:], type=_Welcome)
            self.topics, self.newest = welcome.topics, welcome.newest
            self._at, self._welcomed, self.why = welcome.after, True, ""
        elif kind == wire.PING:
            self.is_current = message[1:] == b"\1"
        elif kind == wire.LATER:
            self.lapped = msgspec.msgpack.decode(message[1:], type=Told)
        elif kind == wire.BYE:
            why, again = wire.bye_of(message)
            if not again:
                self._hang_up()
                raise Refused(f"{self.address}: {why}")
            self._again(f"{self.address}: {why}")
        return None

    def _follows(self, batch: Batch) -> Batch | None:
        """The batch, where it goes on from what there is."""
        if batch.flags & SETTINGS:
            self._settings = False
            return batch
        known = self.at
        if batch.through <= known and not batch.flags & ANEW:
            return None
        if batch.after > known:
            self.gaps += 1
            self._again(f"{self.address}: what comes after {known:,} is missing")
            return None
        self.left_out += batch.left_out
        self._at, self._digest = batch.through, batch.digest
        return batch if batch.after == known else msgspec.structs.replace(batch, after=known)

    def _acknowledge(self, spare: int) -> None:
        """Says how much was taken, where more than so many messages weren't told of."""
        if self._received - self._taken > spare and self._welcomed:
            self._taken = self._received
            self._send(wire.counted(wire.TAKEN, self._taken))
