"""A venue for tests and demonstrations: plays recorded lines over websocket and HTTP as the venue would have.

It answers subscriptions, requests for books and for how far it has played (`/status`), at recorded speed or
as fast as they are read, to one client at a time. The books that it gives besides the recorded ones are
those of the recording at that place, in the venue's own words. Faults happen at chosen lines: see `Fault`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from core.data.jsonlines import JsonLines
from core.data.reader import Stream
from core.data.recording import VENUES, Options, look

LEVELS = 5000
TURN = 64
"""Lines played before others have their turn."""
ASKED_S = 5.0
"""How long a recorded answer waits to be asked for."""

_URL = re.compile(rb"(\S+) (<->|<-|->) ([0-9.]+)(?:: (.*))?", re.DOTALL)


FAULTS = ("drop", "skip", "silence", "garbage", "bad_snapshots", "slow_snapshots")


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong before line `at` (from 0) is played.

    what: "drop", the connection breaks; "skip", `count` lines are played without being sent; "silence",
    nothing is sent for `seconds`; "garbage", a message that is none is sent; "bad_snapshots", the next
    `count` requests for a book are refused; "slow_snapshots", they are answered after `seconds`.
    """

    at: int
    what: str
    count: int = 1
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.what not in FAULTS:
            raise ValueError(f"fault {self.what!r}: one of {', '.join(FAULTS)}")


@dataclass(frozen=True, slots=True)
class Item:
    """A line. body: what a client gets; symbol: of a recorded book that is had by request."""

    line: bytes
    ns: int
    body: bytes
    sent: bool
    symbol: str = ""


class Tape:
    """The lines of recordings in the order of their clock, and the books as of the last one played."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """BadRecording, OSError; ValueError: no recording of lines."""
        files = [file for path in paths for file in look(path, Options())]
        formats = {file.format for file in files}
        form = formats.pop()
        if formats or not form.startswith(("binance", "cryptofeed_")):
            raise ValueError(
                f"{paths[0]}: only one venue's own lines can be played (Binance's, cryptofeed's)"
            )
        venue = form.removeprefix("cryptofeed_")
        self.seconds = form != "binance"
        self.items = sorted(
            (item for file in files for item in self._items(file.chunks())), key=lambda item: item.ns
        )
        self.venue = venue
        self.reader = JsonLines(
            "tape", form, iter(()), decoder=VENUES[venue](files[0].head), seconds=self.seconds
        )

    def _items(self, chunks: Iterator[bytes]) -> Iterator[Item]:
        rest, ns = b"", 0
        for chunk in chunks:
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                item = self._item(line, ns)
                ns = item.ns
                yield item

    def _item(self, line: bytes, before_ns: int) -> Item:
        if not self.seconds:
            stamp, _, body = line.partition(b" ")
            is_answer = body.startswith(b'{"lastUpdateId"')
            return Item(line, int(stamp), body, not is_answer, "*" if is_answer else "")
        if found := _URL.fullmatch(line):
            url, way, stamp, body = found.groups()
            asked = parse_qs(urlsplit(url.decode()).query).get("symbol", [""])[0]
            return Item(line, _ns(stamp), body or b"", False, asked if way == b"->" else "")
        stamp, _, body = line.partition(b": ")
        return Item(line, _ns(stamp) if stamp else before_ns, body, bool(body))

    def play(self, item: Item) -> None:
        """It has happened."""
        self.reader.take(item.line + b"\n")

    @property
    def streams(self) -> list[Stream]:
        return self.reader.streams.all


def _ns(stamp: bytes) -> int:
    seconds, _, part = stamp.partition(b".")
    return int(seconds) * 1_000_000_000 + int(part[:9].ljust(9, b"0") or 0)


class ReplayServer:
    """speed: 1 is as recorded, 0 as fast as the client reads."""

    def __init__(self, paths: Sequence[Path], speed: float = 0.0, faults: Sequence[Fault] = ()) -> None:
        self.tape = Tape(paths)
        self.speed = speed
        self.faults: dict[int, list[Fault]] = {}
        for fault in faults:
            self.faults.setdefault(fault.at, []).append(fault)
        self.at = 0
        self.port = 0
        self.connections = 0
        self.sent = 0  # over this connection
        self.answers = 0
        self.refusals = 0
        self.skipped = 0
        self.done = asyncio.Event()
        self._busy = asyncio.Lock()
        self._recorded: dict[str, bytes] = {}  # answers whose place was reached and that nobody had yet
        self._had: set[str] = set()
        self._answers = {item.symbol for item in self.tape.items if item.symbol}
        self._changed = asyncio.Event()
        self._refuse = 0
        self._slow_s = 0.0

    @asynccontextmanager
    async def serving(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[ReplayServer]:
        """OSError: it can't listen there."""
        server = await serve(
            self._session, host, port, process_request=self._request, max_size=None, close_timeout=1.0,
            ping_interval=None, compression=None,
        )  # fmt: skip
        async with server:
            self.port = next(iter(server.sockets)).getsockname()[1]
            yield self

    # ---- books by request ----------------------------------------------------------------------------------

    async def _request(self, _connection: ServerConnection, request: Request) -> Response | None:
        """None: it wants a websocket."""
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return None
        if urlsplit(request.path).path == "/status":
            told = {"played": self.at, "lines": len(self.tape.items), "over": self.done.is_set()}
            return _answer(HTTPStatus.OK, json.dumps(told).encode())
        symbol = parse_qs(urlsplit(request.path).query).get("symbol", [""])[0]
        if self._slow_s:
            await asyncio.sleep(self._slow_s)
        if self._refuse:
            self._refuse -= 1
            self.refusals += 1
            return _answer(HTTPStatus.TOO_MANY_REQUESTS, b'{"code":-1003,"msg":"Too many requests."}')
        body = await self._book(symbol)
        if body is None:
            return _answer(HTTPStatus.BAD_REQUEST, b'{"code":-1121,"msg":"Invalid symbol."}')
        self.answers += 1
        return _answer(HTTPStatus.OK, body)

    async def _book(self, symbol: str) -> bytes | None:
        """The recorded one, once, where there is one still to come; else as it stands."""
        name = symbol if symbol in self._answers else "*"
        if name in self._answers - self._had:
            while name not in self._recorded and not self.done.is_set():
                self._changed.clear()
                await self._changed.wait()
            self._had.add(name)
            self._changed.set()
            if name in self._recorded:
                return self._recorded.pop(name)
        stream = next((stream for stream in self.tape.streams if stream.symbol == symbol), None)
        return None if stream is None else _binance_book(stream)

    # ---- a client ------------------------------------------------------------------------------------------

    async def _session(self, socket: ServerConnection) -> None:
        if self._busy.locked():
            await socket.close(1013, "one client at a time")
            return
        async with self._busy:
            self.connections += 1
            self.sent = 0
            first = self.connections == 1
            hears = asyncio.create_task(self._hear(socket, first))
            try:
                await self._play(socket)
                await hears
            except (ConnectionClosed, ConnectionResetError):
                pass  # the next client goes on from here
            finally:
                hears.cancel()

    async def _hear(self, socket: ServerConnection, first: bool) -> None:
        """Subscriptions: the first are answered by the recording, later ones with books as they stand."""
        asked: set[str] = set()
        async for text in socket:
            said = json.loads(text)
            if first and not asked & _books_in(said):
                asked |= _books_in(said)
            elif _is_subscription(said):
                for body in self._whole_books(said):
                    await self._send(socket, body)

    def _whole_books(self, said: dict[str, Any]) -> Iterator[bytes]:
        wanted = _books_in(said)
        for stream in self.tape.streams:
            if stream.symbol in wanted and stream.synced:
                yield _kraken_book(stream) if self.tape.venue == "kraken" else _coinbase_book(stream)

    # ---- playing -------------------------------------------------------------------------------------------

    async def _play(self, socket: ServerConnection) -> None:
        """From where the last client left. ConnectionClosed: this one left."""
        items = self.tape.items
        while self.at < len(items):
            while struck := self.faults.get(self.at):
                await self._strike(struck.pop(0), socket)
            if self.at >= len(items):
                break
            item = items[self.at]
            if self.speed and self.at:
                await asyncio.sleep(max(item.ns - items[self.at - 1].ns, 0) / 1e9 / self.speed)
            await self._one(item, socket)
            if self.at % TURN == 0:
                await asyncio.sleep(0)
        self.done.set()
        self._changed.set()

    async def _one(self, item: Item, socket: ServerConnection) -> None:
        if item.symbol:
            await self._reach(item)
        self.tape.play(item)
        self.at += 1
        if item.sent:
            await self._send(socket, item.body)

    async def _send(self, socket: ServerConnection, body: bytes) -> None:
        self.sent += 1
        await socket.send(body, text=True)

    async def _reach(self, item: Item) -> None:
        """A recorded answer: its client asked at about this place, so it is waited for."""
        self._recorded[item.symbol] = item.body
        self._changed.set()
        try:
            async with asyncio.timeout(ASKED_S):
                while item.symbol in self._recorded:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            self._recorded.pop(item.symbol, None)

    async def _strike(self, fault: Fault, socket: ServerConnection) -> None:
        if fault.what == "drop":
            socket.transport.abort()
            await socket.wait_closed()
            raise ConnectionResetError
        if fault.what == "skip":
            for item in self.tape.items[self.at : self.at + fault.count]:
                self.tape.play(item)
                self.at += 1
                self.skipped += item.sent
        elif fault.what == "silence":
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(socket.wait_closed(), fault.seconds)
        elif fault.what == "garbage":
            await self._send(socket, b'{"e":"depthUpdate","s":')
        elif fault.what == "bad_snapshots":
            self._refuse = fault.count
        else:
            self._slow_s = fault.seconds


def _answer(status: HTTPStatus, body: bytes) -> Response:
    headers = Headers({"Content-Type": "application/json", "Content-Length": str(len(body))})
    headers["Connection"] = "close"
    return Response(status.value, status.phrase, headers, body)


def _books_in(said: dict[str, Any]) -> set[str]:
    """The symbols whose books a subscription is about."""
    if "subscription" in said:
        return set(said["pair"]) if said["subscription"].get("name") == "book" else set()
    level2 = any(str(channel).startswith("level2") for channel in said.get("channels", ()))
    return set(said.get("product_ids", ())) if level2 else set()


def _is_subscription(said: dict[str, Any]) -> bool:
    return "subscribe" in (said.get("event"), said.get("type"))


# ---- books in the venues' words ----------------------------------------------------------------------------


def _binance_book(stream: Stream) -> bytes:
    bids, asks = (stream.book.levels(side, LEVELS) for side in ("bid", "ask"))
    told = {"lastUpdateId": stream.sequence, "bids": bids, "asks": asks}
    return json.dumps(told).encode()


def _kraken_book(stream: Stream) -> bytes:
    bids, asks = (
        [[px, qty, "1618678132.000000"] for px, qty in stream.book.levels(side, LEVELS)]
        for side in ("bid", "ask")
    )
    return json.dumps([1, {"as": asks, "bs": bids}, "book-1000", stream.symbol]).encode()


def _coinbase_book(stream: Stream) -> bytes:
    bids, asks = (stream.book.levels(side, LEVELS) for side in ("bid", "ask"))
    told = {"type": "snapshot", "product_id": stream.symbol, "asks": asks, "bids": bids}
    return json.dumps(told).encode()
