"""The client for asyncio: the same verbs, awaited, and asynchronous iterators.

Its latency: answers are in shared memory and nobody wakes the loop for them, so it looks again and again: at
each turn of the loop while something came within the last turns, and then ever less often, down to once a
millisecond (the loop's own timers are no finer). So an answer to a request in flight is seen after a turn of
the loop, some 20 to 50 us where nothing else runs, and an unexpected one within 1 to 2 ms. Where that counts,
use the sync client on a thread of its own.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from time import monotonic
from types import TracebackType
from typing import Any, Self

from periphery.client.client import open_session
from periphery.client.control import TIMEOUT_S, Control, receive
from periphery.client.directory import NONE
from periphery.client.events import Event, Gap, QuoteEvent
from periphery.client.face import Face, given, payload
from periphery.client.session import Session
from periphery.client.stream import Deadline, Pacer
from periphery.client.units import Number


async def connect_async(
    address: str | os.PathLike[str] | None = None,
    token: str | None = None,
    name: str = "client",
    cancel_on_disconnect: bool = True,
    timeout: float = TIMEOUT_S,
) -> AsyncClient:
    """Open a session with the core on this host; see `connect`."""
    link, session = await asyncio.to_thread(open_session, address, token, name, cancel_on_disconnect, timeout)
    link.sock.setblocking(False)
    return AsyncClient(link, session)


class AsyncClient(Face):
    """A session with the core on one event loop; see `Client` for each verb."""

    def __init__(self, link: Control, session: Session) -> None:
        super().__init__(link, session)
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- requests ------------------------------------------------------------------------------------------

    async def submit(
        self,
        symbol: str,
        side: str,
        qty: Number,
        ord_type: str = "market",
        price: Number | None = None,
        account: str | None = None,
        venue: str | None = None,
        time_in_force: str = "day",
        strategy: str | None = None,
        post_only: bool = False,
        cl_ord_id: str | None = None,
        expire_ns: int | None = None,
    ) -> str:
        """Send an order; its cl_ord_id. It waits for nothing but the name of a new strategy."""
        index = NONE if strategy is None else await self._strategy(strategy)
        if monotonic() >= self._control.next_look:
            self._control.check()
        return self._port.order(
            symbol, side, qty, ord_type, price, account, venue, time_in_force, index, post_only, cl_ord_id,
            expire_ns,
        ) or self._session.order(
            symbol, side, qty, ord_type, price, account, venue, time_in_force, index, post_only, cl_ord_id,
            expire_ns,
        )  # fmt: skip

    async def replace(
        self,
        orig_cl_ord_id: str,
        qty: Number | None = None,
        price: Number | None = None,
        cl_ord_id: str | None = None,
        stop_px: Number | None = None,
    ) -> str:
        """Ask for another quantity, price or stop price; the cl_ord_id of the request."""
        if monotonic() >= self._control.next_look:
            self._control.check()
        sent = None if stop_px is not None else self._port.replace(orig_cl_ord_id, qty, price, cl_ord_id)
        if sent is not None:
            return sent
        if not self._session.knows_id(orig_cl_ord_id):
            self._session.learn(await self.orders(live_only=False))
        return self._session.replace(orig_cl_ord_id, qty, price, cl_ord_id, stop_px)

    async def cancel(self, orig_cl_ord_id: str, cl_ord_id: str | None = None) -> str:
        """Ask to cancel; the cl_ord_id of the request."""
        if monotonic() >= self._control.next_look:
            self._control.check()
        sent = self._port.cancel(orig_cl_ord_id, cl_ord_id)
        return sent or self._session.cancel(orig_cl_ord_id, cl_ord_id)

    async def cancel_all(
        self, account: str | None = None, symbol: str | None = None, strategy: str | None = None
    ) -> None:
        """Ask to cancel all working orders, of one account, symbol or strategy where given."""
        index = await self._strategy(strategy)
        if monotonic() >= self._control.next_look:
            self._control.check()
        self._session.cancel_all(account, symbol, index)

    async def _strategy(self, name: str | None) -> int:
        index = self._known_strategy(name)
        if name is None or index is not None:
            return NONE if index is None else index
        return self._interned(name, await self.request("intern", space="strategy", name=name))

    # ---- what the core knows -------------------------------------------------------------------------------

    async def request(self, op: str, **values: Any) -> dict[str, Any]:
        """Any request of the session protocol, and its answer. Refused, HangUp, NoAnswer."""
        async with self._turn:
            self._control.check()
            try:
                return await asyncio.wait_for(self._exchange(op, values), self._control.timeout)
            except TimeoutError:
                raise self._control.no_answer(op) from None
            except OSError:
                raise self._control.hung_up() from None

    async def _exchange(self, op: str, values: Mapping[str, Any]) -> dict[str, Any]:
        loop, sock = asyncio.get_running_loop(), self._control.sock
        await loop.sock_sendall(sock, self._control.begin(op, values))
        while True:
            await _readable(sock.fileno())
            answer = self._control.finish(op, receive(sock)[0])
            if answer is not None:
                return answer

    async def orders(
        self, account: str | None = None, symbol: str | None = None, live_only: bool = True
    ) -> list[dict[str, Any]]:
        """Orders of any session, each with its children."""
        asked = given(account=account, symbol=symbol, live_only=live_only)
        return list((await self.request("orders", **asked))["orders"])

    async def positions(self) -> dict[str, Any]:
        """{positions: [...], accounts: [...]}."""
        return payload(await self.request("positions"))

    async def limits(self) -> list[dict[str, Any]]:
        """The limits as declared."""
        return list((await self.request("limits"))["limits"])

    async def status(self) -> dict[str, Any]:
        """The core's process, placement, journal, sessions and kill page."""
        return payload(await self.request("status"))

    async def kill(self, scope: str, key: str = "", by: str = "") -> dict[str, Any]:
        """Stop all trading in a scope, cancel its orders."""
        return payload(await self.request("kill", scope=scope, key=key, by=by))

    async def rearm(
        self, scope: str, key: str = "", by: str = "", second: str | None = None
    ) -> dict[str, Any]:
        """Let a killed scope trade again: see `Client.rearm`."""
        return payload(await self.request("rearm", scope=scope, key=key, by=by, **given(second=second)))

    async def send(self, line: Mapping[str, Any]) -> dict[str, Any]:
        """Send an order of any kind, as the order line of a scenario says it: see `Client.send`."""
        return payload(await self.request("order", line=dict(line)))

    async def algo(self, cl_ord_id: str, action: str) -> dict[str, Any]:
        """Pause, resume or stop an algo's order: {seq}."""
        return payload(await self.request("algo", cl_ord_id=cl_ord_id, action=action))

    async def amend(self, what: str, child_id: str, by: str, **told: str) -> dict[str, Any]:
        """What a person says of a child in the venue's place: see `Client.amend`."""
        return payload(await self.request("amend", what=what, child_id=child_id, by=by, **told))

    async def risk_set(self, limit: Mapping[str, Any]) -> dict[str, Any]:
        """Declare a limit, as a `limit` line of a scenario says it."""
        return payload(await self.request("risk_set", limit=dict(limit)))

    async def market(self, line: Mapping[str, Any]) -> dict[str, Any]:
        """Feed one market line of a scenario."""
        return payload(await self.request("market", line=dict(line)))

    async def adjust(self, line: Mapping[str, Any]) -> dict[str, Any]:
        """What happens to all positions of an instrument: a funding, dividend, split or settlement line."""
        return payload(await self.request("adjust", line=dict(line)))

    async def book(self, fill: Mapping[str, str]) -> dict[str, Any]:
        """Book a fill by hand: venue, exec_id, account, symbol, qty (signed), price, fee, by (a person).
        {seq}."""
        return payload(await self.request("book", fill=dict(fill)))

    # ---- what happens --------------------------------------------------------------------------------------

    def events(self, timeout: float | None = None) -> AsyncIterator[Event]:
        """Answers as they come; the end when none came for `timeout` s. HangUp when the core goes."""
        return self._follow(self._poll, timeout)

    def quotes(self, timeout: float | None = None) -> AsyncIterator[QuoteEvent | Gap]:
        """Quotes as they come, otherwise as `events`."""
        return self._follow(self._poll_quote, timeout)

    async def _poll(self) -> Event | None:
        event = self._next()
        while event is None and self._session.needs is not None:
            op, values = self._session.needs
            self._session.helped(await self.request(op, **values))
            event = self._next()
        return event

    async def _poll_quote(self) -> QuoteEvent | Gap | None:
        return self._session.quote()

    async def _follow[Item](
        self, poll: Callable[[], Awaitable[Item | None]], timeout: float | None
    ) -> AsyncIterator[Item]:
        pacer, deadline, ending = Pacer(), Deadline(timeout), False
        while True:
            item = await poll()
            if item is not None:
                yield item
                pacer.reset()
                deadline.renew()
            elif ending:
                raise self._control.hung_up()
            elif deadline.is_over:
                return
            else:
                ending = await self._pause(pacer.next_sleep())

    async def _pause(self, sleep_s: float) -> bool:
        if sleep_s and self._control.is_hung_up:
            return True
        await asyncio.sleep(sleep_s)
        return False


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


async def _readable(fd: int) -> None:
    """Wait until there is something to read."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(fd, _settle, ready)
    try:
        await ready
    finally:
        loop.remove_reader(fd)
