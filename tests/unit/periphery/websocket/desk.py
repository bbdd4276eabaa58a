"""A core's journal that grows, and the websocket engine beside it, in one process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from core_ext.journal import JournalWriter
from periphery.websocket.rights import make_token
from periphery.websocket.server import Service
from periphery.websocket.settings import Settings
from tests.support import declared
from tests.support_websocket import WAIT_S, Mirror
from tests.unit.periphery.recorder.day import writer

SECRET = b"a secret of more than thirty-two bytes"
SECOND = {"type": "account", "account": "B2", "currency": "USD", "cash": "5000"}


def token(*accounts: str, topics: tuple[str, ...] = ("*",), for_s: float = 3600) -> str:
    return make_token(SECRET, "ann", accounts or ("*",), topics, for_s)


class Desk:
    """run: the core that is fed. service: what is tested."""

    def __init__(self, place: Path, journal: JournalWriter, **settings: Any) -> None:
        (place / "secret").write_bytes(SECRET)
        (place / "secret").chmod(0o600)
        self.place = place
        self.run = declared(journal=journal)
        self.run.feed(SECOND)
        given = {"journal": str(place / "journal"), "secret": str(place / "secret"), "listen": "127.0.0.1:0"}
        self.settings = Settings(**given | {"flush_s": 0.001} | settings)
        self.mirrors: list[Mirror] = []
        self.port = 0
        self._stop = False

    async def start(self) -> None:
        self.service = Service(self.settings)
        listens: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._stop = False
        self.task = asyncio.create_task(self.service.run(lambda: self._stop, listens.set_result))
        await asyncio.wait([self.task, listens], return_when=asyncio.FIRST_COMPLETED, timeout=WAIT_S)
        if self.task.done():
            await self.task
        self.port = listens.result().sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._stop = True
        await self.task

    async def join(self, who: str | None = None, *topics: str, **more: Any) -> Mirror:
        mirror = await Mirror().connect(self.port, token() if who is None else who, **more)
        self.mirrors.append(mirror)
        if topics:
            await mirror.ask("subscribe", topics=topics)
            await mirror.until(lambda: mirror.answer("subscribed"), "subscribed")
        return mirror

    @property
    def seq(self) -> int:
        return self.run.recorded.core.sequencer.seq

    async def settled(self, *mirrors: Mirror) -> None:
        """Until the mirrors have all that there is."""
        while self.service.hub.view.seq < self.seq:
            await asyncio.sleep(0.001)
        for mirror in mirrors:
            for topic in list(mirror.state):
                log = next(log for of, log in self.service.hub.logs.items() if str(of) == topic)
                await mirror.until(
                    lambda log=log, topic=topic, mirror=mirror: mirror.n[topic] == log.n, topic
                )

    def truth(self, topic: str) -> dict[str, Any]:
        """What the view says now."""
        view = self.service.hub.view
        return next((dict(view.snapshot(of)) for of in view.topics if str(of) == topic), {})


@asynccontextmanager
async def desk(place: Path, **settings: Any) -> AsyncIterator[Desk]:
    with writer(place / "journal") as journal:
        made = Desk(place, journal, **settings)
        await made.start()
        try:
            yield made
        finally:
            for mirror in made.mirrors:
                await mirror.close()
            await made.stop()


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(test())
