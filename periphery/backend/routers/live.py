"""What a page is told as it happens: a snapshot, then changes.

Changes of orders, fills and positions are rows of the recorder's store after the snapshot's event, so that
nothing is missed between the two; quotes come from the backend's session, the newest of each. A peer that
doesn't read is hung up.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import msgspec
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from periphery.backend.access import HEADER, Person, by_key, by_token
from periphery.backend.problems import Refusal, of_any
from periphery.backend.services import Backend
from periphery.client import Client, QuoteEvent

router = APIRouter()
TOPICS = {"orders": "order_events", "fills": "executions", "positions": "position_events", "quotes": ""}
PEERS_MOST = 64
HELLO_S = 10.0
TURN_S = 0.1
SEND_S = 5.0
BEAT_S = 5.0
ROWS_MOST = 500
POLICY, TRY_LATER = 1008, 1013


class Hello(msgspec.Struct, forbid_unknown_fields=True):
    """The first message: who, and which topics. In a message, since addresses end up in logs."""

    topics: list[str]
    token: str = ""
    key: str = ""


@router.websocket("/live/ws")
async def follow(websocket: WebSocket) -> None:
    """Messages: {type: snapshot | changes | quotes | beat | problem, ...}."""
    backend: Backend = websocket.app.state.backend
    await websocket.accept()
    if len(backend.peers) >= PEERS_MOST:
        await websocket.close(TRY_LATER, f"{PEERS_MOST} peers are connected")
        return
    backend.peers.add(websocket)
    try:
        hello = await _hello(backend, websocket)
        feed = await asyncio.to_thread(Feed, backend, *hello)
        await feed.run(websocket)
    except WebSocketDisconnect:
        pass
    except TimeoutError:
        await _end(websocket, POLICY, "too slow")
    except Exception as error:
        refusal = of_any(error) or Refusal(500, "internal", "an error of the backend's own")
        if of_any(error) is None:
            backend.log.say("websocket failed", error=repr(error))
        await _say(websocket, {"type": "problem", **refusal.body})
        await _end(websocket, POLICY, refusal.body["code"])
    finally:
        backend.peers.discard(websocket)


async def _hello(backend: Backend, websocket: WebSocket) -> tuple[list[str], str, str]:
    """(topics, token, key), once both are known to hold. Refusal."""
    text = await asyncio.wait_for(websocket.receive_text(), HELLO_S)
    try:
        hello = msgspec.json.decode(text, type=Hello)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refusal(
            422, "bad_hello", str(error), hint='send {"token": ..., "topics": [...]} first', place="message"
        ) from error
    unknown = set(hello.topics) - TOPICS.keys()
    if unknown or not hello.topics:
        raise Refusal(
            422,
            "bad_topic",
            f"topics {', '.join(sorted(unknown)) or 'none'}",
            place="message.topics",
            hint=f"some of {', '.join(TOPICS)}",
        )
    return hello.topics, hello.token, hello.key


def _check(backend: Backend, token: str, key: str) -> Person:
    """Who asks. Refusal: 401, 403."""
    if not token and not key:
        raise Refusal(401, "unauthorized", "who asks?", hint=f"token, or key as in {HEADER}", place="message")
    person = by_token(backend, token) if token else by_key(backend, key)
    if "view" not in person.scopes:
        raise Refusal(403, "forbidden", "this takes scope view", hint="log in with it", place="message")
    return person


class Feed:
    """What one peer is told."""

    def __init__(self, backend: Backend, topics: list[str], token: str, key: str) -> None:
        self._backend = backend
        self._topics = topics
        self._shown = (token, key)
        self._person = _check(backend, token, key)
        self._after: dict[str, int] = {}
        self._quotes: dict[tuple[str, str], QuoteEvent] = {}

    async def run(self, websocket: WebSocket) -> None:
        """Until it leaves, its token is over, or it doesn't read."""
        await _say(websocket, await asyncio.to_thread(self.snapshot))
        gone = asyncio.ensure_future(_until_gone(websocket))
        beat_s = time.monotonic()
        try:
            while not gone.done():
                for message in await asyncio.to_thread(lambda: list(self.changes())):
                    await _say(websocket, message)
                if time.monotonic() - beat_s > BEAT_S:
                    beat_s = time.monotonic()
                    self._person = await asyncio.to_thread(_check, self._backend, *self._shown)
                    await _say(websocket, {"type": "beat", "time_ns": time.time_ns()})
                await asyncio.wait([gone], timeout=TURN_S)
        finally:
            gone.cancel()

    def snapshot(self) -> dict[str, Any]:
        """As the core has it. seq: all changes after it follow; one that it has already may come again."""
        told: dict[str, Any] = {"type": "snapshot"}
        seq = int(self._backend.link.call(Client.status)["seq"])
        if "orders" in self._topics:
            told["orders"] = self._person.theirs(
                self._backend.link.call(lambda client: client.orders(live_only=True))
            )
        if "positions" in self._topics:
            rows = self._backend.link.call(Client.positions)["positions"]
            told["positions"] = self._person.theirs(rows)
        self._after = {topic: seq for topic in self._topics if TOPICS[topic]}
        if "quotes" in self._topics:
            told["quotes"] = self._new_quotes()
        return told | {"seq": seq, "time_ns": time.time_ns()}

    def changes(self) -> Iterator[dict[str, Any]]:
        """A message a topic that something happened to."""
        for topic, after in self._after.items():
            rows = self._rows(TOPICS[topic], after)
            if len(rows) == ROWS_MOST:  # the last event may not be whole
                rows = [row for row in rows if row["seq"] != rows[-1]["seq"]] or rows
            if rows:
                self._after[topic] = rows[-1]["seq"]
                if theirs := self._person.theirs(rows):
                    yield {"type": "changes", "topic": topic, "seq": rows[-1]["seq"], "rows": theirs}
        if "quotes" in self._topics and (quotes := self._new_quotes()):
            yield {"type": "quotes", "quotes": quotes}

    def _rows(self, table: str, after: int) -> list[dict[str, Any]]:
        where = {"source": self._backend.config.source}
        return self._backend.history(lambda store: store.read(table, where, after, ROWS_MOST))

    def _new_quotes(self) -> list[dict[str, Any]]:
        """The newest of each symbol and venue, where it is another one than was told."""
        out = []
        for key, quote in list(self._backend.link.quotes.items()):
            if self._quotes.get(key) is not quote:
                self._quotes[key] = quote
                out.append(_told(quote))
        return out


def _told(quote: QuoteEvent) -> dict[str, Any]:
    prices = {name: str(getattr(quote, name)) for name in ("bid_px", "bid_qty", "ask_px", "ask_qty")}
    return {"symbol": quote.symbol, "venue": quote.venue, "time_ns": quote.time_ns, **prices}


async def _until_gone(websocket: WebSocket) -> None:
    """Whatever a peer says after its hello means nothing."""
    try:
        while True:
            await websocket.receive_text()
    except (WebSocketDisconnect, KeyError, RuntimeError):
        return


async def _say(websocket: WebSocket, message: dict[str, Any]) -> None:
    """TimeoutError: it doesn't read."""
    text = msgspec.json.encode(message).decode()
    await asyncio.wait_for(websocket.send_text(text), SEND_S)


async def _end(websocket: WebSocket, code: int, why: str) -> None:
    try:
        await asyncio.wait_for(websocket.close(code, why), SEND_S)
    except (RuntimeError, TimeoutError, WebSocketDisconnect):
        return
