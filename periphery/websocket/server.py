"""The engine's loop: events in, clients served, probes answered, until it is stopped."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from weakref import WeakKeyDictionary

from prometheus_client import Gauge
from websockets.asyncio.server import Server, ServerConnection, broadcast, serve, unix_serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from periphery.service.addresses import why_not
from periphery.service.config import BadConfig
from periphery.service.log import Log as Lines
from periphery.service.probes import Health
from periphery.service.source import Gone, JournalSource
from periphery.view.view import Source
from periphery.websocket.client import Client, Cut
from periphery.websocket.hub import Hub, MakeSource
from periphery.websocket.rights import Door, Refused, Rights
from periphery.websocket.settings import NAME, Settings, tls

PATH = "/ws"
STEP = 256
AGAIN_S = 0.2
LOOK_S = 0.5
WRITE_LIMIT_BYTES = 65_536
CLOSE_S = 5.0
_TOTALS = ("sent", "sent_bytes", "conflated")


class WebsocketHealth(Health):
    """Beside what every service tells: its clients."""

    def __init__(self, stale_after_s: float) -> None:
        super().__init__(NAME, stale_after_s)
        self.counts = dict.fromkeys(("clients", "subscriptions", "refused", "cut", *_TOTALS), 0)
        self._gauges = {
            name: Gauge(name, f"Its {name.replace('_', ' ')}.", namespace="nacre", subsystem=NAME,
                        registry=self.registry)
            for name in self.counts
        }  # fmt: skip

    def count(self, **counts: int) -> None:
        self.counts |= counts
        for name, value in self.counts.items():
            self._gauges[name].set(value)

    @property
    def status(self) -> dict[str, Any]:
        return super().status | self.counts


class Service:
    """The websocket engine. make_source: where pages come from; as the settings say where it isn't given."""

    def __init__(self, settings: Settings, make_source: MakeSource | None = None) -> None:
        """BadConfig, Gone."""
        self.settings = settings
        self.door = Door(settings.secret, settings.keys)
        self.hub = Hub(make_source or (lambda on_page: _source(settings, on_page)), settings)
        self.health = WebsocketHealth(settings.stale_after_s)
        self.lines = Lines(NAME, lambda: self.hub.source.seq)
        self.refused = self.cuts = 0
        self._rights: WeakKeyDictionary[ServerConnection, Rights] = WeakKeyDictionary()
        self._connections: dict[Client, ServerConnection] = {}
        self._closing: set[asyncio.Future[None]] = set()
        self._left = dict.fromkeys(_TOTALS, 0)
        self._tls = tls(settings)
        self._why = "it has not caught up yet"

    async def run(self, stopped: Callable[[], bool], ready: Callable[[Server], object] | None = None) -> None:
        """Until it is stopped. ready: told once it has caught up and listens. What the source raises."""
        try:
            await self._run(stopped, ready)
        finally:
            self.hub.source.close()

    async def _run(self, stopped: Callable[[], bool], ready: Callable[[Server], object] | None) -> None:
        while not stopped() and self._why:
            read = self._read()
            self._beat(self._why)
            await asyncio.sleep(self._pause_s(read))
        self._send()
        if stopped():
            return
        async with await self._listen() as server:
            if ready is not None:
                ready(server)
            await self._follow(stopped)
            server.close(code=1001, reason="the service ends")
            await server.wait_closed()

    async def _follow(self, stopped: Callable[[], bool]) -> None:
        looked_s = 0.0
        while not stopped():
            read = self._read()
            self._send()
            if time.monotonic() - looked_s >= LOOK_S:
                looked_s = time.monotonic()
                self._look()
            self._beat(self._why)
            await asyncio.sleep(self._pause_s(read))

    def _read(self) -> int | None:
        """How many events and outputs; None: they can't be had now. `_why`: why it isn't ready."""
        try:
            read = self.hub.poll()
        except Gone as error:
            if self._why != str(error):
                self.lines.say(str(error))
            self._why = str(error)
            return None
        if not read and self.hub.source.caught_up:
            self._why = ""
        return read

    def _pause_s(self, read: int | None) -> float:
        if read is None:
            return AGAIN_S
        return self.settings.flush_s if read < STEP else 0.0

    def _send(self) -> None:
        """To all whose sockets have room; to others their writers do."""
        for message, clients in self.hub.flush().items():
            broadcast([self._connections[client] for client in clients], message, text=True)

    def _beat(self, why: str) -> None:
        sent = self._left["sent"] + sum(client.sent for client in self.hub.clients)
        self.health.beat(self.hub.source.seq, self.hub.changes, sent, self.hub.source.mark.digest, why)

    def _look(self) -> None:
        """Counts, and cuts whose time is over and who takes nothing."""
        for client in list(self.hub.clients):
            cut = self._due(client)
            if cut is not None and not client.cut_for:
                task = asyncio.ensure_future(self._cut(client, cut))
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)
        clients = self.hub.clients
        follows = sum(len(client.cursors) for client in clients)
        totals = {
            name: self._left[name] + sum(getattr(client, name) for client in clients) for name in _TOTALS
        }
        self.health.count(
            clients=len(clients), subscriptions=follows, refused=self.refused, cut=self.cuts, **totals
        )

    def _due(self, client: Client) -> Cut | None:
        now = time.monotonic()
        if client.rights is None:
            late = now - client.since_s > self.settings.auth_within_s
            return Cut("auth", f"no token within {self.settings.auth_within_s:g} s") if late else None
        if client.rights.expires_s is not None and client.rights.expires_s <= time.time():
            return Cut("expired", "the token has ended: connect with a new one")
        if client.sending_since_s and now - client.sending_since_s > self.settings.stall_s:
            return Cut("too_slow", f"nothing was taken for {self.settings.stall_s:g} s")
        log = client.lapped()
        return None if log is None else Cut("too_slow", f"{log.topic}: a change is no longer there")

    async def _cut(self, client: Client, cut: Cut) -> None:
        self.cuts += 1
        self.lines.say("cut", client=client.rights.name if client.rights else "", code=cut.code, why=str(cut))
        await client.cut(cut)

    # ---- connections ---------------------------------------------------------------------------------------

    async def _listen(self) -> Server:
        how: dict[str, Any] = {
            "process_request": self._request,
            "compression": None,
            "max_size": self.settings.message_bytes,
            "ping_interval": self.settings.ping_every_s,
            "ping_timeout": self.settings.silent_after_s,
            "close_timeout": CLOSE_S,
            "write_limit": WRITE_LIMIT_BYTES,
            "server_header": "nacre",
            "ssl": self._tls,
            "origins": [None, *self.settings.origins],
        }
        if self.settings.listen.startswith("unix:"):
            return await unix_serve(self._serve, self.settings.listen.removeprefix("unix:"), **how)
        host, _, port = self.settings.listen.rpartition(":")
        try:
            return await serve(self._serve, host, int(port), **how)
        except (OSError, ValueError, OverflowError) as error:
            raise BadConfig(why_not("listen", self.settings.listen, error)) from error

    def _request(self, connection: ServerConnection, request: Request) -> Response | None:
        """Before the handshake: there is room, and a token in the header is good."""
        words = request.headers.get("Authorization", "")
        if request.path.partition("?")[0] != PATH:
            return connection.respond(HTTPStatus.NOT_FOUND, f"there is {PATH}\n")
        if len(self.hub.clients) >= self.settings.clients:
            self.refused += 1
            return connection.respond(
                HTTPStatus.SERVICE_UNAVAILABLE,
                f"{self.settings.clients:,} clients are connected: try later\n",
            )
        try:
            rights = self.door.let_in(words.removeprefix("Bearer ")) if words else None
        except Refused as error:
            self.refused += 1
            return connection.respond(HTTPStatus.UNAUTHORIZED, f"{error}\n")
        if rights is not None:
            self._rights[connection] = rights
        return None

    async def _serve(self, connection: ServerConnection) -> None:
        client = Client(connection, self.hub, self.door, self._rights.pop(connection, None))
        if len(self.hub.clients) >= self.settings.clients:  # several handshakes were under way at once
            self.refused += 1
            await connection.close(1013, f"{self.settings.clients:,} clients are connected: try later")
            return
        self.hub.clients.add(client)
        self._connections[client] = connection
        writer = asyncio.create_task(self._write(client))
        try:
            async for raw in connection:
                await client.asked(raw)
        except Cut as cut:
            await self._cut(client, cut)
        except ConnectionClosed:
            pass
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            client.gone()
            self.hub.clients.discard(client)
            del self._connections[client]
            for name in _TOTALS:
                self._left[name] += getattr(client, name)

    async def _write(self, client: Client) -> None:
        try:
            await client.write()
        except Cut as cut:
            await self._cut(client, cut)
        except ConnectionClosed:
            pass
        finally:
            client.ends()


def _source(settings: Settings, on_page: Callable[[bytes], object]) -> Source:
    """The journal, or the stream."""
    if settings.journal:
        return JournalSource(settings.journal, on_page, step=STEP)
    from periphery.service.streamed import open_whole  # only this way needs ZeroMQ

    return open_whole(settings.connect, on_page, key=settings.key, server_key=settings.server_key, step=STEP)
