"""A publisher: who has subscribed, where each is, and what each is sent next. It never waits for any of them.

A subscriber is a place in the log. What comes next is sent while it has taken enough of what was sent before;
otherwise it stays in the log. A slow one so costs nobody anything: where the log no longer has its place, it
goes on from the journal (see filler.py), or, where it asked for the last of each key only, from what stands.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec
import zmq

from periphery.stream import wire
from periphery.stream.filler import DONE
from periphery.stream.keys import Keyring, Rights
from periphery.stream.sockets import bound, where
from periphery.stream.wire import Batch, Hello

BUDGET = 64
HWM = 4 * wire.WINDOW
SUBSCRIBERS_MAX = 1024
LINGER_MS = 500
EVENTS, READABLE = int(zmq.EVENTS), int(zmq.POLLIN)
send = zmq.backend.Socket.send
"""What `zmq.Socket.send` calls once it has looked for what no message here has: that costs more than this."""
NOW, MORE = int(zmq.NOBLOCK), int(zmq.NOBLOCK | zmq.SNDMORE)
"""Numbers: an enum's `|` costs as much as what is sent."""
FEW_WINDOW = 2
"""Messages under way to who wants no more than the last of each key."""


class Refused(ValueError):
    """A subscription that can't be; the message says why."""


class Older(Protocol):
    """What is told of what the log has no longer, or before it begins."""

    def take(self) -> bytes | None: ...
    def close(self) -> None: ...


class Log(Protocol):
    """What is published. Topics are their numbers. Its methods are quick."""

    name: str
    topics: tuple[str, ...]
    is_whole: bool
    """Whether it has all that there is by now."""

    @property
    def oldest(self) -> int:
        """Where it begins."""

    @property
    def newest(self) -> int:
        """The last position."""

    def next(self, at: int, topics: tuple[int, ...], fewer: bool) -> Batch | None:
        """What comes after `at`, which isn't before `oldest` unless `fewer`; None: nothing yet."""

    def check(self, hello: Hello, topics: tuple[int, ...], rights: Rights | None) -> None:
        """Refused."""

    def needs_older(self, hello: Hello, at: int) -> bool:
        """Whether something must be told or checked before that subscription, which is there, goes on from
        the log. Refused: the log has something else there.
        """

    def older(self, subscriber: Subscriber) -> Older | None:
        """What comes before the log's own; None: there are too many who want some: later."""

    def shown(self, batch: Batch, rights: Rights | None) -> Batch:
        """What of it a key may see."""


@dataclass(slots=True, eq=False)
class Subscriber:
    """Who has subscribed. at: the position that it was sent all through, of its topics. told: that it knows
    so. mark: what is there. sent, taken, window: messages of rows, and how many may be under way. due_s: it
    wants nothing before.
    """

    peer: bytes
    hello: Hello
    topics: tuple[int, ...]
    at: int
    key: str = ""
    rights: Rights | None = None
    told: int = 0
    mark: bytes = b""
    sent: int = 0
    taken: int = 0
    window: int = wire.WINDOW
    older: Older | None = None
    wants_older: bool = False
    due_s: float = 0.0
    heard_s: float = field(default_factory=time.monotonic)

    @property
    def has_room(self) -> bool:
        """Whether it has taken enough to be sent more."""
        return self.sent - self.taken < self.window

    @property
    def is_live(self) -> bool:
        """Whether what comes may be told to it as it comes: all of it, at once, nothing older before."""
        is_whole = self.rights is None or self.rights.accounts is None
        return is_whole and not self.hello.every_s and self.older is None and not self.wants_older


class Publisher:
    """One log at one address. keys: None where the socket is plain. ValueError: it can't be bound."""

    def __init__(self, address: str, log: Log, keys: Keyring | None = None) -> None:
        self.socket = socket = bound(zmq.ROUTER, address, HWM, keys)
        self.log = log
        self.keys = keys
        self.address = where(socket)
        self._secret = keys.secret if keys else b""
        self.subscribers: dict[bytes, Subscriber] = {}
        self.live: list[Subscriber] = []
        """Of them, as of the last turn, those that are told what comes as it comes."""
        self.counts = dict.fromkeys(
            ("messages", "bytes", "subscribed", "refused", "cut", "lapped", "left_out", "from_journal"), 0
        )
        self._beat_s = self._now_s = 0.0

    def turn(self) -> int:
        """Hears what there is, sends what there is room for; how much was done."""
        done, self._now_s = 0, time.monotonic()
        for subscriber in list(self.subscribers.values()):
            done += self._feed(subscriber)
        done += self._hear()
        if self._now_s - self._beat_s > wire.BEAT_S:
            self._look_after()
        self.live = [each for each in self.subscribers.values() if each.is_live]
        return done

    @property
    def rest_s(self) -> float:
        """How long nobody wants anything; 0 where somebody wants all at once, or nobody is there."""
        due_s = min((each.due_s for each in self.subscribers.values()), default=0.0)
        return max(0.0, due_s - time.monotonic())

    def close(self, why: str) -> None:
        """Tells all that it ends."""
        for subscriber in list(self.subscribers.values()):
            self._end(subscriber, why, True)
        self.socket.close(linger=LINGER_MS)

    def begin_anew(self, log: Log, why: str) -> None:
        """What was published is gone: another log takes its place, and all come again."""
        for subscriber in list(self.subscribers.values()):
            self._end(subscriber, why, True)
        self.log = log

    def check_rights(self) -> None:
        """After keys have changed: who may no longer have what it has is let go of."""
        assert self.keys is not None
        for subscriber in list(self.subscribers.values()):
            rights = self.keys.rights(subscriber.key)
            if rights is None:
                self._end(subscriber, "this key was taken back", False)
            elif rights != subscriber.rights:
                self._end(subscriber, "the rights of this key have changed", True)

    # ---- what is heard --------------------------------------------------------------------------------

    def _hear(self) -> int:
        for heard in range(BUDGET):
            if not int(self.socket.get(EVENTS)) & READABLE:  # an exception costs six times as much
                return heard
            peer, *frames = self.socket.recv_multipart(NOW, copy=False)
            if frames:
                self._heard(peer.bytes, frames[0])
        return BUDGET

    def _heard(self, peer: bytes, frame: zmq.Frame) -> None:
        packet, kind = frame.bytes, frame.bytes[:1]
        subscriber = self.subscribers.get(peer)
        try:
            if kind == wire.HELLO:
                self._subscribe(peer, packet, self.keys.who(frame) if self.keys else "")
            elif kind == wire.STATUS:
                self._say(peer, wire.STATUS + msgspec.msgpack.encode(self.status()))
            elif subscriber is None:
                if kind != wire.BYE:
                    self._say(peer, wire.bye("say hello: this publisher doesn't know you", True))
            elif kind == wire.BYE:
                self._forget(subscriber)
            else:
                subscriber.heard_s = time.monotonic()
                if kind == wire.TAKEN:
                    subscriber.taken = min(wire.count_of(packet), subscriber.sent)
        except (Refused, ValueError, msgspec.MsgspecError) as error:
            self.counts["refused"] += 1
            if subscriber is not None:
                self._forget(subscriber)
            self._say(peer, wire.bye(str(error), False))

    def _subscribe(self, peer: bytes, packet: bytes, key: str) -> None:
        if peer in self.subscribers:
            self._forget(self.subscribers[peer])
        if len(self.subscribers) >= SUBSCRIBERS_MAX:
            raise Refused(f"busy: there are {SUBSCRIBERS_MAX} subscribers")
        said = msgspec.msgpack.decode(packet[1:], type=dict[str, Any])
        if said.get("version") != wire.VERSION:
            raise Refused(f"version {said.get('version')!r}: this publisher speaks version {wire.VERSION}")
        hello = msgspec.convert(said, Hello)
        rights = self.keys.rights(key) if self.keys else None
        if self.keys and rights is None:
            raise Refused("this key was taken back")
        topics = self._topics(hello, rights)
        self.log.check(hello, topics, rights)
        at = self.log.newest if hello.after is None else hello.after
        window = FEW_WINDOW if hello.fewer else wire.WINDOW
        subscriber = Subscriber(peer, hello, topics, at, key, rights, told=at, window=window)
        subscriber.wants_older = self.log.needs_older(hello, at)
        self.subscribers[peer] = subscriber
        self.counts["subscribed"] += 1
        names = tuple(self.log.topics[topic] for topic in topics)
        told = wire.Welcome(self.log.name, self.log.topics, at, self.log.newest)
        self._say(peer, wire.HELLO + msgspec.msgpack.encode({**msgspec.to_builtins(told), "has": names}))

    def _topics(self, hello: Hello, rights: Rights | None) -> tuple[int, ...]:
        unknown = [name for name in hello.topics if name not in self.log.topics]
        if unknown:
            raise Refused(f"topic {', '.join(unknown)}: there is {', '.join(self.log.topics)}")
        mine = [name for name in self.log.topics if rights is None or rights.may_hear(name)]
        refused = [name for name in hello.topics if name not in mine]
        if refused:
            raise Refused(f"topic {', '.join(refused)}: this key may have {', '.join(mine) or 'none'}")
        return tuple(
            self.log.topics.index(name) for name in self.log.topics if name in (hello.topics or mine)
        )

    # ---- what is sent ---------------------------------------------------------------------------------

    def _feed(self, subscriber: Subscriber) -> int:
        """The next message of a subscriber, if there is one and it has room."""
        if not subscriber.has_room or (subscriber.hello.every_s and self._now_s < subscriber.due_s):
            return 0
        if subscriber.older is not None:
            return self._pass_on(subscriber, subscriber.older)
        if not subscriber.hello.fewer and subscriber.at < self.log.oldest:
            self._lap(subscriber)
        if subscriber.wants_older:
            subscriber.older = self.log.older(subscriber)
            return 0
        batch = self.log.next(subscriber.at, subscriber.topics, subscriber.hello.fewer)
        if batch is None:
            return 0
        if subscriber.rights is not None:
            batch = self.log.shown(batch, subscriber.rights)
        subscriber.at, subscriber.mark = batch.through, batch.digest
        message = wire.rows_message(batch, subscriber.topics, subscriber.told)
        if message:
            self.counts["left_out"] += batch.left_out
            self._send(subscriber, message)
        return 1

    def _lap(self, subscriber: Subscriber) -> None:
        """Its place is no longer in the log."""
        if subscriber.wants_older:
            return
        subscriber.wants_older = True
        self.counts["lapped"] += subscriber.sent > 0
        told = wire.Told(subscriber.at, self.log.oldest, "it is read from the journal")
        self._say(subscriber.peer, wire.LATER + msgspec.msgpack.encode(told))

    def _send(self, subscriber: Subscriber, message: bytes) -> None:
        """Rows, of all up to where it is now."""
        subscriber.told = subscriber.at
        subscriber.sent += 1
        if every_s := subscriber.hello.every_s:  # all who want the same have it at the same time
            subscriber.due_s = (self._now_s // every_s + 1) * every_s
        self.counts["messages"] += 1
        self.counts["bytes"] += len(message)
        self._say(subscriber.peer, message)

    def _pass_on(self, subscriber: Subscriber, older: Older) -> int:
        """What comes out of the journal; from where the log goes on, that does."""
        message = older.take()
        if message is None:
            return 0
        kind, played = message[:1], False
        if kind == wire.BYE:
            self._end(subscriber, *wire.bye_of(message))
            return 1
        if kind == wire.ROWS:
            batch = wire.batch_of(message)
            self.counts["from_journal"] += 1
            if not batch.flags & wire.SETTINGS:
                played = True
                subscriber.at = batch.through
            self._send(subscriber, message)
        if kind == DONE or (played and subscriber.at >= self.log.oldest):
            older.close()
            subscriber.older, subscriber.wants_older = None, False
        return 1

    # ---- who is there ---------------------------------------------------------------------------------

    def _look_after(self) -> None:
        """Once a beat: those who say nothing any more are cut; the others know where they are."""
        now = self._beat_s = time.monotonic()
        if self.keys is not None:
            if self.keys.refresh():
                self.check_rights()
            if self.keys.secret != self._secret and self.keys.renew(self.socket, self.address):
                self._secret = self.keys.secret
        for subscriber in list(self.subscribers.values()):
            if now - subscriber.heard_s > wire.SILENT_S:
                self.counts["cut"] += 1
                self._end(subscriber, f"cut: nothing was heard from it for {wire.SILENT_S:g} s", True)
            elif subscriber.older is None and subscriber.told < subscriber.at and subscriber.has_room:
                nothing = Batch(subscriber.told, subscriber.at, subscriber.mark)
                self._send(subscriber, wire.packed(nothing, [], subscriber.told))
            else:
                self._say(subscriber.peer, wire.PING + bytes([self._is_current(subscriber)]))

    def _is_current(self, subscriber: Subscriber) -> bool:
        waits = subscriber.older is not None or subscriber.wants_older
        return self.log.is_whole and not waits and subscriber.at >= self.log.newest

    def _say(self, peer: bytes, message: bytes) -> None:
        """Who is gone, or doesn't take what little is sent to it, is let go of."""
        try:
            send(self.socket, peer, MORE)
            send(self.socket, message, NOW)
        except zmq.ZMQError:
            subscriber = self.subscribers.get(peer)
            if subscriber is not None:
                self.counts["cut"] += 1
                self._forget(subscriber)

    def _end(self, subscriber: Subscriber, why: str, again: bool) -> None:
        self._forget(subscriber)
        self._say(subscriber.peer, wire.bye(why, again))

    def _forget(self, subscriber: Subscriber) -> None:
        self.subscribers.pop(subscriber.peer, None)
        if subscriber.older is not None:
            subscriber.older.close()
            subscriber.older = None

    def status(self) -> dict[str, Any]:
        """Counts, and where everybody is."""
        name = self.keys.name if self.keys is not None else lambda key: key
        return {
            "name": self.log.name,
            "oldest": self.log.oldest,
            "newest": self.log.newest,
            **self.counts,
            "subscribers": [
                {
                    "client": name(each.key),
                    "topics": [self.log.topics[topic] for topic in each.topics],
                    "at": each.at,
                    "under_way": each.sent - each.taken,
                    "from_journal": each.older is not None,
                    "fewer": each.hello.fewer,
                }
                for each in self.subscribers.values()
            ],
        }
