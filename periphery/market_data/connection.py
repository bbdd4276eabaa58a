"""One venue's connection, kept up.

It reconnects with a growing pause, gives up a silent connection, and has lost books sent again.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from core.data.reader import Stream
from periphery.market_data.lines import Lines
from periphery.market_data.snapshots import Snapshots
from periphery.market_data.venues import Adapter

MAX_MESSAGE_BYTES = 1 << 24
SETTLED_S = 10.0
"""A connection that held for so long was a good one: the next pause is the first one again."""
ASK_AGAIN_S = 5.0
"""How long a venue may take to send a book that it was asked for."""
CROSSED_S = 30.0
"""Books that are crossed are asked for again no more often than that."""
CLOSE_S = 1.0
TURN = 256
"""Messages after which others have their turn, however many wait."""

type Say = Callable[..., object]


class Connection:
    """Runs until it is cancelled. say: of the log."""

    def __init__(self, adapter: Adapter, lines: Lines, say: Say, is_open: Callable[[], bool]) -> None:
        self.adapter = adapter
        self.lines = lines
        self.say = say
        self.is_open = is_open
        self.connects = 0
        self.messages = 0  # over this connection
        self.failures = 0
        self.silences = 0
        self.resubscriptions = 0
        self.snapshots = Snapshots(adapter, lines, say, self._look)
        self.why = "it has not connected yet"
        self._silence = ""
        self._heard_s = 0.0
        self._began_s = 0.0
        self._asked_s: dict[str, float] = {}  # books that were asked for and haven't come
        self._seen = (0, 0, 0)
        self._crossed_s = -CROSSED_S
        self._lost: list[Stream] = []

    @property
    def reconnects(self) -> int:
        return max(self.connects - 1, 0)

    def counts(self) -> dict[str, int]:
        return {
            "connects": self.connects,
            "reconnects": self.reconnects,
            "failures": self.failures,
            "silences": self.silences,
            "resubscriptions": self.resubscriptions,
            "snapshot_requests": self.snapshots.requests,
            "snapshot_failures": self.snapshots.failures,
        }

    # ---- life ----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        settings = self.adapter.settings
        pause_s = settings.retry_s
        while True:
            self._began_s = time.monotonic()
            self._silence = ""
            try:
                await self._connected()
                self._gone("the venue closed the connection", pause_s)
            except (OSError, WebSocketException, TimeoutError) as error:
                self._gone(str(error) or type(error).__name__, pause_s)
            finally:
                self.snapshots.cancel()
                self.lines.disconnected()
            if time.monotonic() - self._began_s >= SETTLED_S:
                pause_s = settings.retry_s
            await asyncio.sleep(pause_s * random.uniform(0.75, 1.25))  # not all clients at once
            pause_s = min(2 * pause_s, settings.retry_most_s)

    def _gone(self, why: str, pause_s: float) -> None:
        self.failures += 1
        self.why = f"{self.adapter.name}: {self._silence or why}"
        self.say("the connection is gone", why=self.why, pause_s=round(pause_s, 3))

    async def _connected(self) -> None:
        """One connection, until it ends: OSError, WebSocketException, TimeoutError."""
        url = self.adapter.address()
        async with connect(url, max_size=MAX_MESSAGE_BYTES, max_queue=TURN, close_timeout=CLOSE_S) as socket:
            self.connects += 1
            self.messages = 0
            self.say("connected", url=url)
            self.lines.connected(url)
            self._heard_s = time.monotonic()
            self._asked_s = dict.fromkeys(self.adapter.symbols, self._heard_s)  # a subscription asks for them
            await self._ask(socket, self.adapter.subscriptions())
            self._look()
            watch = asyncio.create_task(self._watch(socket))
            try:
                await self._hear(socket)
            finally:
                watch.cancel()

    async def _hear(self, socket: ClientConnection) -> None:
        async for message in socket:
            self._heard_s = time.monotonic()
            self.lines.message(message.encode() if isinstance(message, str) else message)
            await self._mend(socket)
            self.messages += 1
            if self.messages % TURN == 0:
                await asyncio.sleep(0)

    async def _watch(self, socket: ClientConnection) -> None:
        """Gives up a connection over which nothing comes while the venue trades."""
        most_s = self.adapter.settings.silent_after_s
        while not self._silence:
            await asyncio.sleep(most_s / 4)
            if time.monotonic() - self._heard_s > most_s and self.is_open():
                self.silences += 1
                self._silence = f"silent for {most_s:g} s"
                socket.transport.abort()

    # ---- books ---------------------------------------------------------------------------------------------

    async def _mend(self, socket: ClientConnection) -> None:
        """Sees to it that each book that was lost comes again."""
        reader = self.lines.reader
        seen = (reader.gaps, reader.trade_gaps, reader.crossed)
        if seen != self._seen:
            if not self.adapter.numbers_deltas and self._distrusts(seen):
                reader.forget_books()
            self._seen = seen
            self._look()
        elif self._lost or self.why:
            self._look()
        if self._lost:
            await self._have_again(socket)

    def _distrusts(self, seen: tuple[int, int, int]) -> bool:
        """Whether something is missing: a trade; or a book is crossed, which may also be so for a while."""
        now_s = time.monotonic()
        if seen[1] != self._seen[1] or (seen[2] != self._seen[2] and now_s - self._crossed_s >= CROSSED_S):
            self._crossed_s = now_s
            return True
        return False

    def _look(self) -> None:
        """Which books are whole, as far as they are asked for at all."""
        wanted = self.lines.streams if "book" in self.adapter.channels else []
        self._lost = [stream for stream in wanted if not stream.synced]
        if self._asked_s:
            lost = {stream.symbol for stream in self._lost}
            self._asked_s = {symbol: at_s for symbol, at_s in self._asked_s.items() if symbol in lost}
        self.why = f"{self.adapter.name}: no whole book of {_names(self._lost)}" if self._lost else ""

    async def _have_again(self, socket: ClientConnection) -> None:
        """By a request for each, or by a new subscription."""
        now_s = time.monotonic()
        if self.adapter.snapshot_url(self._lost[0].symbol):
            for stream in self._lost:
                # once deltas come: what is asked for then isn't older than they
                if stream.sequence >= 0 or now_s - self._began_s > ASK_AGAIN_S:
                    self.snapshots.ask(stream)
            return
        due = [
            stream.symbol
            for stream in self._lost
            if now_s - self._asked_s.get(stream.symbol, -ASK_AGAIN_S) >= ASK_AGAIN_S
        ]
        if due:
            self.lines.reader.forget_books(due)
            self.resubscriptions += len(due)
            self.say("books are asked for again", symbols=due)
            self._asked_s.update(dict.fromkeys(due, now_s))
            await self._ask(socket, self.adapter.again(due))

    async def _ask(self, socket: ClientConnection, messages: Sequence[str]) -> None:
        for text in messages:
            self.lines.asked(self.adapter.address(), text)
            await socket.send(text)


def _names(streams: Sequence[Stream]) -> str:
    names = [stream.symbol for stream in streams]
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
