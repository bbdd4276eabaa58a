"""A session over the bridge: the same client, with ZeroMQ where shared memory and the core's socket would
be.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import zmq

from periphery.bridge.wire import (
    ASK,
    BEAT_S,
    BYE,
    HEARD,
    HELLO,
    HWM,
    PING,
    QUOTES,
    REQUESTS,
    SILENT_S,
    TELL,
    WHERE,
    count_of,
    heard_of,
    rows,
)
from periphery.client.codec import INPUT_SIZE, QUOTE_SIZE, RESPONSE_SIZE, number_in
from periphery.client.control import LOOK_S, PROTOCOL
from periphery.client.directory import Directory
from periphery.client.errors import (
    ClientError,
    HangUp,
    NoAnswer,
    NoCore,
    Refused,
    VersionMismatch,
    WrongToken,
)
from periphery.client.port import PlainPort
from periphery.stream import monitor
from periphery.stream.keys import ClientKeys

WINDOW = 1024  # requests that the bridge has not told to be taken
KEPT = 4096
SCHEMES = ("tcp://", "ipc://")


class BridgeLink:
    """Stands where a Control does, and carries the session's rows as well."""

    def __init__(self, address: str, timeout: float, keys: ClientKeys | None = None) -> None:
        """keys: where the bridge wants some."""
        self.address = address
        self.timeout = timeout
        self.next_look = 0.0
        self.taken = 0
        self.responses = Arrived()
        self.quotes: Market | Heard = Market()
        self._ended = ""
        self._ids = 0
        self._answers: dict[int, dict[str, Any]] = {}
        self._told: tuple[int, dict[str, Any]] | None = None
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
        self._orders: zmq.Socket[bytes] = context.socket(zmq.DEALER)
        self._feed: zmq.Socket[bytes] = context.socket(zmq.SUB)
        for socket in (self._orders, self._feed):
            socket.setsockopt(zmq.LINGER, 500)
            if keys is not None:
                keys.use(socket)
        self._has_keys = keys is not None
        self._monitor = monitor.watch(self._orders)
        self._orders.setsockopt(zmq.SNDHWM, HWM)  # more than WINDOW: `Busy` comes before it is reached
        self._feed.setsockopt(zmq.SUBSCRIBE, b"")
        self._orders.connect(address)
        self._heard = self._spoke = time.monotonic()

    # ---- the beginning -------------------------------------------------------------------------------------

    def hello(
        self, token: str, name: str, cancel_on_disconnect: bool, hears_all: bool = False
    ) -> dict[str, Any]:
        """What the core tells. NoCore, WrongToken, VersionMismatch, Refused."""
        self._orders.send(WHERE)
        where = self._first(self._orders, WHERE)[1:].rstrip(b"\0").decode()
        self._feed.connect(_reachable(where, self.address))
        self._first(self._feed, b"")  # joined: from here on no quote is missed
        said = {
            "version": PROTOCOL,
            "token": token,
            "name": name,
            "cancel_on_disconnect": cancel_on_disconnect,
            "hears_all": hears_all,
        }
        if hears_all:
            self.quotes = Heard()
            self._feed.setsockopt(zmq.UNSUBSCRIBE, b"")  # all comes by the one socket, in its order
        self._orders.send(HELLO + msgspec.msgpack.encode(said))
        end = time.monotonic() + self.timeout
        while self._told is None:
            if self._ended:
                raise _unwelcome(self._ended)
            if time.monotonic() > end:
                raise self.no_answer("hello")
            self._orders.poll(10)
            self.pump()
        after, told = self._told
        self.quotes.after = after
        return told

    def _first(self, socket: zmq.Socket[bytes], kind: bytes) -> bytes:
        end = time.monotonic() + self.timeout
        while time.monotonic() < end:
            if socket.poll(50):
                packet = socket.recv()
                self._heard = time.monotonic()
                if packet.startswith(kind):
                    return packet
                if packet.startswith(BYE):
                    raise _unwelcome(packet[1:].decode("utf-8", "replace"))
            event = monitor.failed(self._monitor)
            if event and event != zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL:
                raise Refused(f"{self.address}: {monitor.unwelcome(event, self._has_keys)}")
        raise NoCore(f"no bridge at {self.address}: start one with `nacre bridge run`, or give its address")

    # ---- what a Control has --------------------------------------------------------------------------------

    @property
    def is_closed(self) -> bool:
        return self._orders.closed

    @property
    def is_hung_up(self) -> bool:
        if not self.is_closed:
            self.pump()
        return self.is_closed or bool(self._ended)

    def check(self) -> None:
        """HangUp where the bridge or the core has gone."""
        self.next_look = time.monotonic() + LOOK_S
        if self.is_hung_up:
            raise self.hung_up()

    def hung_up(self) -> HangUp:
        if self.is_closed:
            return HangUp("this client is closed: connect again")
        return HangUp(
            f"the bridge at {self.address} hung up: {self._ended}. Orders without an answer are unknown, "
            "not failed: "
            "connect again and ask orders()"
        )

    def no_answer(self, op: str) -> NoAnswer:
        return NoAnswer(f"the bridge at {self.address} did not answer {op} within {self.timeout:g} s")

    def request(self, op: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Ask the core and wait for its answer. Refused, HangUp, NoAnswer."""
        self._ids += 1
        self._send(ASK + msgspec.msgpack.encode({**values, "op": op, "id": self._ids}))
        end = time.monotonic() + self.timeout
        while self._ids not in self._answers:
            self.check()
            if time.monotonic() > end:
                raise self.no_answer(op)
            self._orders.poll(10)
        answer = self._answers.pop(self._ids)
        if not answer.get("ok"):
            raise Refused(str(answer.get("error") or f"the core refused {op} without a word"))
        return answer

    def close(self) -> None:
        """Says the end: the core takes it as the session's."""
        if not self.is_closed:
            self._send(BYE)
            monitor.close(self._orders, self._monitor)
            self._feed.close()

    # ---- rows ----------------------------------------------------------------------------------------------

    def push(self, slot: bytes) -> None:
        """A request's row."""
        self._send(REQUESTS + slot.ljust(INPUT_SIZE, b"\0"))

    def _send(self, packet: bytes) -> None:
        self._spoke = time.monotonic()
        try:
            self._orders.send(packet, zmq.NOBLOCK)
        except zmq.ZMQError:
            self._ended = self._ended or "it takes nothing more"

    def pump(self) -> None:
        """Takes what has come; never waits."""
        for socket, take in ((self._orders, self._take), (self._feed, self._take_feed)):
            while not socket.closed and not self.quotes.is_full:
                try:
                    packet = socket.recv(zmq.NOBLOCK)
                except zmq.Again:
                    break
                self._heard = time.monotonic()
                take(packet)
        now = time.monotonic()
        if self.quotes.is_full:
            self._heard = now  # nobody listened
        if now - self._spoke > BEAT_S and not self._ended:
            self._send(PING)
        if now - self._heard > SILENT_S:
            self._ended = self._ended or f"nothing was heard from it for {SILENT_S:g} s"

    def _take(self, packet: bytes) -> None:
        kind = packet[:1]
        if kind == TELL:
            self.taken, data = count_of(packet)
            self.responses.put(rows(data, RESPONSE_SIZE))
        elif kind == HEARD and isinstance(self.quotes, Heard):
            self.taken, responses, market = heard_of(packet, RESPONSE_SIZE)
            self.responses.put(rows(responses, RESPONSE_SIZE))
            self.quotes.put(0, rows(market, QUOTE_SIZE))
        elif kind == ASK:
            answer: dict[str, Any] = msgspec.msgpack.decode(packet[1:])
            self._answers = {answer.get("id", 0): answer}
        elif kind == PING:
            self.taken = count_of(packet)[0]
        elif kind == QUOTES and isinstance(self.quotes, Market):
            self.quotes.begin(rows(packet[1:], QUOTE_SIZE))
        elif kind == HELLO:
            count, body = count_of(packet)
            self._told = count, msgspec.msgpack.decode(body)
        elif kind == BYE:
            self._ended = self._ended or packet[1:].decode("utf-8", "replace") or "it said the end"

    def _take_feed(self, packet: bytes) -> None:
        first, data = count_of(packet)
        if packet[:1] == QUOTES:
            self.quotes.put(first, rows(data, QUOTE_SIZE))


def _nothing() -> None:
    """Until there is a link to pump."""


class Arrived:
    """Responses that have come, as slots of a ring that is never behind: they come in order, and none is
    missing but those that were made before the session had its seat.
    """

    capacity = KEPT

    def __init__(self) -> None:
        self.claimed_seq = 0
        self._rows: deque[bytes] = deque()
        self.pump: Callable[[], None] = _nothing

    @property
    def first_seq(self) -> int:
        return number_in(self._rows[0]) if self._rows else 1

    def put(self, found: list[bytes]) -> None:
        if found:
            self._rows.extend(found)
            self.claimed_seq = number_in(found[-1])

    def is_published(self, seq: int) -> bool:
        if seq > self.claimed_seq:
            self.pump()
        return bool(self._rows) and self.first_seq <= seq <= self.claimed_seq

    def read(self, seq: int) -> bytes | None:
        """Each once, in order; who reads on from a later one doesn't want those before it."""
        while self._rows and self.first_seq < seq:
            self._rows.popleft()
        return self._rows.popleft() if self._rows and self.first_seq == seq else None


class Heard:
    """Rows of the market of a session that hears all: as they come, none is missing."""

    is_full = False
    """So many wait that no more are taken: the bridge holds them, and in the end lets go of who is too
    slow."""

    def __init__(self) -> None:
        self.next_seq = 1
        self.after: int | None = None
        self._rows: deque[bytes] = deque()
        self.pump: Callable[[], None] = _nothing

    def put(self, _first: int, found: list[bytes]) -> None:
        self._rows.extend(found)
        self.is_full = len(self._rows) >= KEPT

    def read(self) -> bytes | None:
        if not self._rows:
            self.pump()
        row = self._rows.popleft() if self._rows else None
        self.is_full = len(self._rows) >= KEPT
        return row

    def oldest(self) -> None:
        """Nothing is lost here: the bridge says what was."""


class Market:
    """Quotes as they come, counted from 1; what the feed's sequence leaves out is a gap."""

    is_full = False

    def __init__(self) -> None:
        self.next_seq = 1
        self.after: int | None = None  # the feed's sequence when the session began: what was before is known
        self._rows: deque[tuple[int, bytes]] = deque()
        self._last = 0  # counted
        self._feed_last = 0
        self.pump: Callable[[], None] = _nothing

    def begin(self, found: list[bytes]) -> None:
        """The market as it stands: before anything of the feed."""
        self._rows = deque((number, row) for number, row in enumerate(found, 1))
        self._last = len(found)

    def put(self, first: int, found: list[bytes]) -> None:
        """Of the feed. Who doesn't read loses the oldest."""
        for seq, row in enumerate(found, first):
            if seq <= (self.after or 0) or seq <= self._feed_last:
                continue
            self._last += seq - self._feed_last if self._feed_last else 1
            self._feed_last = seq
            self._rows.append((self._last, row))
        while len(self._rows) > KEPT:
            self._rows.popleft()

    def read(self) -> bytes | None:
        """The next one; None: it isn't there yet or, see `oldest`, no longer."""
        self.pump()
        if not self._rows or self._rows[0][0] != self.next_seq:
            return None
        self.next_seq += 1
        number, row = self._rows.popleft()
        return number.to_bytes(8, "little") + row[8:]

    def oldest(self) -> int | None:
        """From where to read on, where quotes were lost; else None."""
        return self._rows[0][0] if self._rows and self._rows[0][0] != self.next_seq else None


class BridgeRings:
    """A session's rows over a link: what stands where shared memory would."""

    def __init__(self, link: BridgeLink) -> None:
        self._link = link
        self.capacity = WINDOW
        self._sent = 0
        link.responses.pump = link.quotes.pump = link.pump

    def try_push(self, slot: bytes, /) -> bool:
        if self._sent - self._link.taken >= WINDOW:
            self._link.pump()
            if self._sent - self._link.taken >= WINDOW:
                return False
        self._sent += 1
        self._link.push(slot)
        return True

    def port(self, prefix: str, _directory: Directory) -> PlainPort:
        return PlainPort(self, self._link.responses, prefix)

    def follow_quotes(self) -> Market | Heard:
        return self._link.quotes


def _reachable(bound: str, address: str) -> str:
    """The feed's address from here: what was bound on every interface is at the bridge's host."""
    if not bound.startswith("tcp://"):
        return bound
    host = address.removeprefix("tcp://").rpartition(":")[0]
    return f"tcp://{host}:{bound.rpartition(':')[2]}"


def _unwelcome(said: str) -> ClientError:
    if "token" in said:
        return WrongToken(f"{said}. The token goes into token= or NACRE_TOKEN")
    return VersionMismatch(said) if "version" in said else Refused(said)
