"""What an engine's outputs ask of the core: signals for strategies, each sent once, and limits.

    outputs ─► waiting ─► session "engine.NAME" ─► core ─► journal ─► source: the first that waits has come

The journal knows which signals were sent: they are this session's events, in the order of the outputs. A
session of that name begins when all of the one before is in the journal; it is sent what hasn't come by then.
A limit is what shall be in force, so that only the newest of each is sent, again in each session.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from core import messages as m
from core.enums import SignalWhat
from periphery.client import ClientError, connect
from periphery.client.client import Client
from periphery.client.errors import Busy, Refused
from periphery.service.engine import Output, request

SIGNAL, LIMIT = "signal", "limit"
AGAIN_S = 1.0


class Acts:
    """Of one engine. said: its outputs so far. come: so many of their signals are in the journal."""

    def __init__(self, name: str, said: Iterable[Output], come: int, say: Callable[..., object]) -> None:
        self.name = f"engine.{name}"
        self.waiting: deque[dict[str, Any]] = deque()
        self.limits: dict[tuple[Any, ...], dict[str, Any]] = {}
        self._say = say
        self._client: Client | None = None
        self._from = 0  # a session's first signal may go when the source has read that event
        self._under_way = 0
        self._said_of: set[tuple[Any, ...]] = set()
        self._next_s = 0.0
        for output in said:
            self.ask(output)
        for _ in range(min(come, len(self.waiting))):
            self.waiting.popleft()
        self.come = come

    # ---- from the engine and its source --------------------------------------------------------------------

    def ask(self, output: Output) -> None:
        """What an output asks for, if it does."""
        if output.topic == SIGNAL:
            self.waiting.append(output.values)
        elif output.topic == LIMIT:
            scope = {key: value for key, value in output.values.items() if key != "value"}
            key = tuple(sorted(scope.items()))
            self.limits[key] = output.values
            self._said_of.discard(key)

    def saw(self, raw: bytes, header: Any, sessions: dict[str, int]) -> None:
        """A SIGNAL event. sessions: the index of each session's name."""
        if int(header["session"]) != sessions.get(self.name) or not self.waiting:
            return
        row = request(raw, m.SIGNAL_EVENT)
        if int(row["what"]) != SignalWhat.VALUE:
            return
        self.come += 1
        self.waiting.popleft()
        self._under_way = max(0, self._under_way - 1)

    # ---- to the core ---------------------------------------------------------------------------------------

    def push(self, address: str, seq: int, sessions: dict[str, int]) -> None:
        """Sends what waits, as far as there is room. seq: the last event that the source has read."""
        if not self.waiting and len(self._said_of) == len(self.limits):
            return
        try:
            client = self._client or self._begin(address)
            if client is None or seq < self._from:
                return
            if client.session != sessions.get(self.name):
                self.close()  # the session before it hasn't ended yet
                return
            while self._under_way < len(self.waiting):
                self._signal(client, self.waiting[self._under_way])
                self._under_way += 1
            self._set_limits(client)
        except Busy:
            return
        except (ClientError, OSError) as error:
            self._say("the core doesn't take what it asks for", why=str(error))
            self.close()

    def _begin(self, address: str) -> Client | None:
        if time.monotonic() < self._next_s:
            return None
        self._next_s = time.monotonic() + AGAIN_S
        self._client = connect(address, name=self.name, cancel_on_disconnect=False)
        self._from = int(self._client.status()["seq"])
        self._under_way = 0
        self._said_of.clear()
        return self._client

    def _signal(self, client: Client, values: dict[str, Any]) -> None:
        value = Decimal(repr(values["value"]))
        client.signal(values["name"], value, values.get("symbol"), at_ns=values.get("at_ns", 0))

    def _set_limits(self, client: Client) -> None:
        for key, values in self.limits.items():
            if key in self._said_of:
                continue
            try:
                client.risk_set(values | {"by": self.name})
            except Refused as error:
                self._say("a limit was refused", limit=values, why=str(error))
            self._said_of.add(key)

    def close(self) -> None:
        """Ends its session."""
        if self._client is not None:
            self._client.close()
        self._client = None
        self._under_way = 0
