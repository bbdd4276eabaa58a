"""One session with the core for the clients of a node: it comes back by itself, and hands on what it hears.

The data client and the execution client of a node share a link, so both hear in the order of the core's
spine: a quote before the fill that it caused. Questions go by a second session, in a thread: the node's
loop doesn't wait for them.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from core.enums import Kind
from periphery.client import Client, DenyEvent, Gap, OrderEvent, connect
from periphery.client.codec import MarketRow
from periphery.client.errors import ClientError, HangUp
from periphery.client.stream import Pacer

BUDGET = 256
AGAIN_S = 0.1
EAGER_S = 0.05
"""After a request it is looked for its answer at every turn of the loop, for so long."""
_REPORT = Kind.REPORT.value


@dataclass(frozen=True, slots=True)
class Address:
    """Of a core; see `periphery.client.connect`. tcp://HOST:PORT is a bridge."""

    address: str | None = None
    token: str | None = None
    name: str = "nt"
    key: str | None = None
    server_key: str | None = None
    cancel_on_disconnect: bool = False


class Listener(Protocol):
    """Who is told. All of it on the loop's thread."""

    def up(self, client: Client, told: Mapping[str, Any]) -> None:
        """A session began; told: what `executions` says."""

    def down(self, why: str) -> None: ...
    def row(self, row: MarketRow) -> None: ...
    def answer(self, event: OrderEvent | DenyEvent) -> None: ...
    def gap(self, gap: Gap, told: Mapping[str, Any] | None) -> None:
        """What was lost; told: what `executions` says now, where answers were."""


class Link:
    """heard: the last event that a listener was told of, for `executions`."""

    _open: dict[Address, Link] = {}  # noqa: RUF012

    def __init__(self, address: Address) -> None:
        self.address = address
        self.client: Client | None = None
        self.why = "not yet connected"
        self.listeners: list[Listener] = []
        self.heard = 0
        self._users = 0
        self._eager_until = 0.0
        self._task: asyncio.Task[None] | None = None
        self._asker: Client | None = None
        self._asking = threading.Lock()
        self._up = asyncio.Event()

    @classmethod
    def of(cls, address: Address) -> Link:
        """The one of that address in this process."""
        return cls._open.setdefault(address, cls(address))

    async def use(self, listener: Listener, timeout_s: float) -> Client:
        """Listen from now on. TimeoutError: the core isn't there in time, and why."""
        self._users += 1
        self.listeners.append(listener)
        if self._task is None:
            self._up = asyncio.Event()
            self._task = asyncio.get_running_loop().create_task(
                self._run(), name=f"nacre {self.address.name}"
            )
        elif self.client is not None:
            listener.up(self.client, await self.executions())
        came = asyncio.ensure_future(self._up.wait())
        await asyncio.wait({came, self._task}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        came.cancel()
        if self._task.done():  # a listener could not take what it was told
            self._task.result()
        if not self._up.is_set():
            why = self.why
            await self.leave(listener)
            raise TimeoutError(f"no core within {timeout_s} s: {why}")
        assert self.client is not None
        return self.client

    async def leave(self, listener: Listener) -> None:
        """The last one hangs up."""
        if listener not in self.listeners:
            return
        self.listeners.remove(listener)
        self._users -= 1
        if self._users:
            return
        self._open.pop(self.address, None)
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):  # it was told to who waits
                await task
        self._lost("closed")

    def expect(self) -> None:
        """A request was sent: its answer will be there in a moment."""
        self._eager_until = time.monotonic() + EAGER_S

    async def ask(self, op: str, **values: Any) -> dict[str, Any]:
        """A question about the core's state, in a thread. ClientError."""
        return await asyncio.to_thread(self._ask, op, values)

    async def executions(self, since: int | None = None) -> dict[str, Any]:
        return await self.ask("executions", since=self.heard if since is None else since)

    def _ask(self, op: str, values: dict[str, Any]) -> dict[str, Any]:
        with self._asking:
            if self._asker is None:
                self._asker = self._connect(f"{self.address.name}-ask"[:31], hears_all=False)
            try:
                return self._asker.request(op, **values)
            except HangUp:
                self._asker.close()
                self._asker = None
                raise

    def _connect(self, name: str, *, hears_all: bool) -> Client:
        a = self.address
        return connect(
            a.address, a.token, name, a.cancel_on_disconnect, hears_all=hears_all, key=a.key,
            server_key=a.server_key,
        )  # fmt: skip

    # ---- the loop ------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        pacer = Pacer()
        while True:
            if self.client is None:
                await self._reconnect()
                continue
            try:
                busy, gap = self._poll(self.client)
                if gap is not None:
                    await self._tell_gap(gap)
            except ClientError as wrong:
                self._lost(str(wrong))
                continue
            if busy or time.monotonic() < self._eager_until:
                pacer.reset()
                await asyncio.sleep(0)
            else:
                await asyncio.sleep(pacer.next_sleep())

    def _poll(self, client: Client) -> tuple[bool, Gap | None]:
        """Hand on what there is. HangUp: the core is gone, and all that it said was handed on."""
        for count in range(BUDGET):
            heard = client.hear()
            if heard is None:
                if count == 0 and client.is_hung_up:
                    raise HangUp("the core hung up")
                return count > 0, None
            if isinstance(heard, Gap):
                return True, heard
            self._tell(heard)
        return True, None

    def _tell(self, heard: MarketRow | OrderEvent | DenyEvent) -> None:
        if isinstance(heard, MarketRow):
            for listener in self.listeners:
                listener.row(heard)
            return
        self.heard = heard.event
        for listener in self.listeners:
            listener.answer(heard)

    async def _tell_gap(self, gap: Gap) -> None:
        told = await self.executions() if gap.stream == "responses" else None
        for listener in self.listeners:
            listener.gap(gap, told)
        if told is not None:
            self.heard = max(self.heard, int(told["seq"]))

    async def _reconnect(self) -> None:
        try:
            client = await asyncio.to_thread(self._fresh)
        except (ClientError, OSError, ValueError) as wrong:
            self.why = str(wrong)
            await asyncio.sleep(AGAIN_S)
            return
        try:
            told = await self.executions()
        except ClientError as wrong:
            client.close()
            self.why = str(wrong)
            return
        self.client, self.why = client, ""
        for listener in list(self.listeners):
            listener.up(client, told)
        self.heard = max(self.heard, int(told["seq"]))
        self._up.set()

    def _fresh(self) -> Client:
        """A session under the name that its orders have. HangUp: the core has one of that name still."""
        name = self.address.name[:31]
        client = self._connect(name, hears_all=True)
        try:
            granted = client.request("names", space="session")["names"][client.session]
            if granted != name:
                raise HangUp(f"the core still has a session {name}: another node's, or one not yet gone")
        except BaseException:
            client.close()
            raise
        return client

    def _lost(self, why: str) -> None:
        self.why = why
        if self.client is not None:
            self.client.close()
            self.client = None
            for listener in list(self.listeners):
                listener.down(why)
        if self._asking.acquire(blocking=False):
            try:
                if self._asker is not None:
                    self._asker.close()
                    self._asker = None
            finally:
                self._asking.release()
        self._up.clear()


def fee_of(row: MarketRow, session: int) -> int | None:
    """The fee in 10^-8 of a fill of that session's; None: the row tells of something else."""
    return row.d if row.kind == _REPORT and row.c == session else None
