"""A client of the websocket engine that keeps what it is told, and checks that nothing lacks or doubles."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

WAIT_S = 60.0
PATIENT: dict[str, Any] = {"open_timeout": WAIT_S, "ping_timeout": WAIT_S}
"""The library's own are 10 and 20 s: a busy machine may need more."""


class Mirror:
    """state: by topic and key, what is true. dates: the event of each, and its time. changes: by topic, all
    that came. said: other messages.
    """

    def __init__(self) -> None:
        self.state: dict[str, dict[str, Any]] = {}
        self.dates: dict[str, dict[str, tuple[int, str]]] = {}
        self.n: dict[str, int] = {}
        self.changes: dict[str, list[dict[str, Any]]] = {}
        self.conflated: Counter[str] = Counter()
        self.snapshots: Counter[str] = Counter()
        self.said: list[dict[str, Any]] = []
        self.stream = ""
        self.closed: tuple[int, str] | None = None
        self.connection: ClientConnection | None = None
        self._moved = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None

    async def connect(self, port: int, token: str | None, **more: Any) -> Mirror:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.closed = None
        self.connection = await connect(
            f"ws://127.0.0.1:{port}/ws", additional_headers=headers, max_size=None, proxy=None,
            **PATIENT | more,
        )  # fmt: skip
        self._reader = asyncio.create_task(self._read())
        return self

    async def close(self) -> None:
        if self.connection is not None:
            await self.connection.close()
        if self._reader is not None:
            await self._reader

    async def ask(self, op: str, **values: Any) -> None:
        assert self.connection is not None
        await self.connection.send(json.dumps({"op": op, **values}))

    async def raw(self, text: str) -> None:
        assert self.connection is not None
        await self.connection.send(text)

    async def until(self, true: Callable[[], Any], what: str) -> Any:
        async with asyncio.timeout(WAIT_S):
            while not (found := true()):
                assert self.closed is None, (what, self.closed, self.said)
                self._moved.clear()
                if self._reader is not None and self._reader.done():
                    self._reader.result()  # what came didn't fit: that is what failed, not the time
                await self._moved.wait()
        return found

    async def ended(self) -> tuple[int, str]:
        """The code and reason of the close."""
        async with asyncio.timeout(WAIT_S):
            assert self._reader is not None
            await self._reader
        assert self.closed is not None
        return self.closed

    def answer(self, type_: str, **values: Any) -> dict[str, Any] | None:
        """The last message of that type with those values."""
        return next(
            (
                each
                for each in reversed(self.said)
                if each["type"] == type_ and values.items() <= each.items()
            ),
            None,
        )

    async def _read(self) -> None:
        assert self.connection is not None
        try:
            while True:
                self._take(json.loads(await self.connection.recv()))
                self._moved.set()
        except ConnectionClosed:
            self.closed = self.connection.close_code or 0, self.connection.close_reason or ""
        finally:
            self._moved.set()

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "deltas":
            for part in message["topics"]:
                self._part(part)
        elif message["type"] == "snapshot":
            if message["first"]:
                self.state[message["topic"]] = {}
                self.snapshots[message["topic"]] += 1
            self.state[message["topic"]].update((row["key"], row["values"]) for row in message["rows"])
            dates = self.dates.setdefault(message["topic"], {})
            dates.update(
                (row["key"], (row["seq"], row["time_ns"])) for row in message["rows"] if "seq" in row
            )
            self.n[message["topic"]] = message["n"]
        else:
            self.stream = message.get("stream", self.stream)
            self.said.append(message)

    def _part(self, part: dict[str, Any]) -> None:
        topic = part["topic"]
        missing = part["n"] - self.n.get(topic, 0) - len(part["changes"])
        assert missing == part["conflated"], (topic, missing, part)
        self.conflated[topic] += missing
        self.n[topic] = part["n"]
        known = self.state.setdefault(topic, {})
        for change in part["changes"]:
            self.changes.setdefault(topic, []).append(change)
            known.pop(change["key"], None)
            if not change.get("gone"):
                known[change["key"]] = change["values"]
            self.dates.setdefault(topic, {})[change["key"]] = change["seq"], change["time_ns"]
