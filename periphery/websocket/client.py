"""One client: what it asks, where it is in each of its topics, and what is sent to it."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import Any, Protocol

from periphery.view.topics import Topic, parse
from periphery.websocket import messages
from periphery.websocket.hub import Hub, Unknown
from periphery.websocket.log import Lapped, Log
from periphery.websocket.messages import CUT
from periphery.websocket.rights import Door, Refused, Rights

BYTES_AT_ONCE = 262_144
ANSWERS_MOST = 64
"""That wait to be sent, before no more is read from a client."""


class Cut(Exception):
    """The client is told, and its connection closed."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


class Connection(Protocol):
    """The part of a websocket that is used here."""

    transport: asyncio.Transport

    async def send(self, message: bytes, *, text: bool | None = None) -> None: ...
    async def close(self, code: int = 1000, reason: str = "") -> None: ...


class Client:
    """rights: None until it has said who it is."""

    def __init__(self, connection: Connection, hub: Hub, door: Door, rights: Rights | None) -> None:
        self.connection = connection
        self.rights: Rights | None = None
        self.cursors: dict[Log, int] = {}
        self.sent = self.sent_bytes = self.conflated = 0
        self.since_s = time.monotonic()
        self.sending_since_s = 0.0
        self.cut_for = ""
        self._hub = hub
        self._door = door
        self._kinds: set[str] = set()
        self._changed: dict[Log, None] = {}
        self._answers: deque[bytes | Log] = deque()
        self._room = asyncio.Event()
        self._wake = asyncio.Event()
        self._room.set()
        self._allowed = hub.settings.messages_per_s
        self._asked_s = time.monotonic()
        if rights is not None:
            self._welcome(rights)

    # ---- what it is told -----------------------------------------------------------------------------------

    def tell(self, log: Log) -> None:
        """That one of its topics has changed."""
        if self.cursors[log] >= 0:  # its snapshot will have it otherwise
            self._changed[log] = None
            self._wake.set()

    def take(self) -> bytes | None:
        """Its changes as one message, taken as sent, where the socket would have it at once.

        None: its writer has it, as soon as there is room.
        """
        if self._answers or self.sending_since_s or self.connection.transport.get_write_buffer_size():
            return None
        if not self._changed:
            return None
        try:
            message = self._deltas()
        except Cut:
            return None
        self._count_sent(message)
        if not self._changed:
            self._wake.clear()
        return message

    def begun(self, log: Log) -> None:
        """A topic began that it may have asked for with `*`."""
        if self.rights is None or not self.rights.may(log.topic) or log in self.cursors:
            return
        if len(self.cursors) >= self._hub.settings.subscriptions:
            self._answer(messages.error("too_many_topics", self._too_many(), topic=str(log.topic)))
            return
        self._follow(log, 0)

    async def write(self) -> None:
        """Sends what there is, until it is cancelled. Cut: it was too slow."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._answers or self._changed:
                for message in self._next():
                    await self._send(message)

    async def _send(self, message: bytes) -> None:
        self.sending_since_s = time.monotonic()
        await self.connection.send(message, text=True)
        self.sending_since_s = 0.0
        self._count_sent(message)

    def _count_sent(self, message: bytes) -> None:
        self.sent += 1
        self.sent_bytes += len(message)

    def _next(self) -> list[bytes]:
        if not self._answers:
            return [self._deltas()]
        answer = self._answers.popleft()
        self._room.set()
        if isinstance(answer, bytes):
            return [answer]
        if answer not in self.cursors:
            return []  # it has left meanwhile
        self.cursors[answer] = answer.n
        self._changed.pop(answer, None)
        return answer.snapshot(self._hub.view.seq)

    def _deltas(self) -> bytes:
        parts, size = [], 0
        while self._changed and size < BYTES_AT_ONCE:
            log = next(iter(self._changed))
            part = self._after(log)
            if part.n == log.n:
                del self._changed[log]
            self.cursors[log] = part.n
            self.conflated += part.conflated
            parts.append(part.raw)
            size += len(part.raw)
        return messages.deltas(parts)

    def _after(self, log: Log) -> Any:
        try:
            return log.after(self.cursors[log])
        except Lapped as error:
            raise Cut("too_slow", f"{error}: subscribe again, after the last n that you have") from error

    def lapped(self) -> Log | None:
        """A topic whose next change for it is no longer there."""
        return next((log for log, n in self.cursors.items() if 0 <= n < log.oldest), None)

    # ---- what it asks --------------------------------------------------------------------------------------

    async def asked(self, raw: str | bytes) -> None:
        """Answers one message. Cut: it sends too many."""
        self._count()
        await self._room.wait()
        try:
            message = messages.asked(raw)
        except ValueError as error:
            self._answer(messages.error("bad_message", str(error)))
            return
        if isinstance(message, messages.Auth):
            self._auth(message)
        elif isinstance(message, messages.Ping):
            self._answer(messages.told("pong", message.id, seq=self._hub.view.seq))
        elif self.rights is None:
            self._answer(messages.error("auth", "say who you are first: op auth", message.id))
        elif isinstance(message, messages.Subscribe):
            self._subscribe(message, self.rights)
        elif isinstance(message, messages.Unsubscribe):
            self._unsubscribe(message)
        else:
            found = sorted(str(topic) for topic in self._hub.logs if self.rights.may(topic))
            self._answer(messages.told("topics", message.id, topics=found))

    def _count(self) -> None:
        """A bucket of a second's messages that fills evenly."""
        now, most = time.monotonic(), self._hub.settings.messages_per_s
        self._allowed = min(most, self._allowed + (now - self._asked_s) * most)
        self._asked_s = now
        self._allowed -= 1
        if self._allowed < -1:
            raise Cut("too_many_messages", f"more than {most:g} messages a second")

    def _answer(self, answer: bytes | Log) -> None:
        self._answers.append(answer)
        if len(self._answers) >= ANSWERS_MOST:
            self._room.clear()
        self._wake.set()

    def _auth(self, message: messages.Auth) -> None:
        try:
            rights = self._door.let_in(message.token)
        except Refused as error:
            self._answer(messages.error("auth", str(error), message.id))
            return
        if self.rights is not None and not _as_much(rights, self.rights):
            self._answer(messages.error("auth", "other rights than before: connect again", message.id))
            return
        self._welcome(rights, message.id)

    def _welcome(self, rights: Rights, id_: int | str | None = None) -> None:
        self.rights = rights
        self._answer(
            messages.told(
                "welcome", id_, name=rights.name, accounts=sorted(rights.accounts),
                topics=sorted(rights.kinds), expires_s=rights.expires_s, stream=self._hub.stream,
                seq=self._hub.view.seq,
            )
        )  # fmt: skip

    def _subscribe(self, message: messages.Subscribe, rights: Rights) -> None:
        rows: dict[Log, dict[str, Any]] = {}
        snapshots: list[Log] = []
        for text in message.topics:
            try:
                for log in self._logs(parse(text), rights):
                    if log not in rows:
                        rows[log] = self._begin(log, message, snapshots)
            except ValueError as error:
                code = {Unknown: "unknown_topic", _Forbidden: "forbidden", _TooMany: "too_many_topics"}
                words = messages.error(code.get(type(error), "bad_topic"), str(error), message.id, topic=text)
                self._answer(words)
        self._answer(
            messages.told("subscribed", message.id, topics=list(rows.values()), stream=self._hub.stream)
        )
        for log in snapshots:
            self._answer(log)

    def _logs(self, topic: Topic, rights: Rights) -> list[Log]:
        if topic.of == "*":
            self._kinds.add(topic.kind)
            self._hub.watchers[topic.kind].add(self)
            return [log for of, log in self._hub.logs.items() if of.kind == topic.kind and rights.may(of)]
        if not rights.may(topic):
            raise _Forbidden(f"topic {topic}: not yours to see")
        return [self._hub.log(topic)]

    def _begin(self, log: Log, message: messages.Subscribe, snapshots: list[Log]) -> dict[str, Any]:
        if log not in self.cursors and len(self.cursors) >= self._hub.settings.subscriptions:
            raise _TooMany(self._too_many())
        topic = str(log.topic)
        after, why = message.after.get(topic), ""
        if after is not None:
            why = self._why_not(log, after, message.stream)
        if after is None or why:
            self._follow(log, -1)
            snapshots.append(log)
            return {"topic": topic, "resumed": False} | ({"why": why} if why else {})
        self._follow(log, after)
        return {"topic": topic, "resumed": True}

    def _why_not(self, log: Log, after: int, stream: str) -> str:
        """Why it can't go on from there; empty: it can."""
        if stream != self._hub.stream:
            return "of another stream: what it has is of another journal"
        if after > log.n or after < 0:
            return f"there is no change {after:,}: the last is {log.n:,}"
        if after < log.oldest:
            return f"too old: the changes up to {log.oldest:,} are no longer there"
        return ""

    def _follow(self, log: Log, after: int) -> None:
        """after: -1, from a snapshot that is still to be sent."""
        self.cursors[log] = after
        self._changed.pop(log, None)
        log.clients.add(self)
        if 0 <= after < log.n:
            self.tell(log)

    def _unsubscribe(self, message: messages.Unsubscribe) -> None:
        left = []
        for text in message.topics:
            kind, _, of = text.partition(":")
            for log in [
                log
                for log in self.cursors
                if str(log.topic) == text or (of == "*" and log.topic.kind == kind)
            ]:
                self._leave(log)
                left.append(str(log.topic))
            if of == "*" and kind in self._kinds:
                self._kinds.discard(kind)
                self._hub.watchers[kind].discard(self)
        self._answer(messages.told("unsubscribed", message.id, topics=left))

    def _leave(self, log: Log) -> None:
        log.clients.discard(self)
        self._changed.pop(log, None)
        del self.cursors[log]

    def gone(self) -> None:
        """Its connection has ended."""
        for log in list(self.cursors):
            self._leave(log)
        for kind in self._kinds:
            self._hub.watchers[kind].discard(self)

    def ends(self) -> None:
        """Nothing more is sent."""
        self._room.set()

    async def cut(self, cut: Cut) -> None:
        """Tells it why, as far as it listens. Of several reasons the first."""
        if self.cut_for:
            return
        self.cut_for = cut.code
        await self.connection.close(CUT[cut.code], messages.reason(f"{cut.code}: {cut}"))

    def _too_many(self) -> str:
        return f"a client may follow {self._hub.settings.subscriptions:,} topics"


class _Forbidden(ValueError):
    pass


class _TooMany(ValueError):
    pass


def _as_much(new: Rights, old: Rights) -> bool:
    return (new.name, new.accounts, new.kinds) == (old.name, old.accounts, old.kinds)
