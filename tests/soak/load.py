"""Market data and traders of a soak: so many inputs a second, sessions that come and go."""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import Any

import numpy as np

from core import messages as m
from core.torture.live import INPUT, Client, Process, until
from core.torture.rounds import SAID, TAKEN

PATIENCE_S = 300.0
BID, ASK = 110000, 110010
FEEDS = 256
"""Quotes that are made once, and sent in turn."""


class Feed:
    """A session of market data: quotes of two venues at so many a second."""

    def __init__(self, core: Process, rng: random.Random) -> None:
        self.client = Client(core, "feed", feeds=True, patience_s=PATIENCE_S)
        self.rows = [_quote(rng, i % 2) for i in range(FEEDS)]
        self.refused = 0

    def push(self) -> bool:
        """One more; False: the ring is full."""
        row = self.rows[self.client.sent % FEEDS]
        row["source_seq"] = self.client.sent + 1
        pushed = self.client.requests.try_push(row.tobytes())
        self.client.sent += pushed
        self.refused += not pushed
        return pushed

    def workers(self) -> list[dict[str, Any]]:
        """The core's other processes: name, pid, stages."""
        found: list[dict[str, Any]] = self.client.must("status")["workers"]
        return found


def _quote(rng: random.Random, venue: int) -> np.void:
    quote = np.zeros((), m.QUOTE_EVENT)
    quote["venue"], quote["bid_px"], quote["ask_px"] = venue, BID - rng.randrange(9), ASK + rng.randrange(9)
    quote["bid_qty"], quote["ask_qty"] = rng.randrange(100_000, 900_000), rng.randrange(100_000, 900_000)
    row = np.zeros((), INPUT)
    row["kind"], row["request"] = m.Kind.QUOTE, np.void(quote.tobytes().ljust(256, b"\0"))
    return row


class Trader:
    """A session that trades, hears all that it is told, and leaves when it has its answers."""

    def __init__(self, core: Process, name: str) -> None:
        self.client = Client(core, name, patience_s=PATIENCE_S)
        self.name = name
        self.orders = 0
        self.told: dict[str, list[np.void]] = {}
        self.problems: list[str] = []

    def push(self, rng: random.Random, venue: int | None = None, expire_ns: int = 0) -> bool:
        """An order, either side, that rests, crosses or expires, direct or routed; some are changed, or
        canceled. False: the ring is full.
        """
        name, side = f"{self.name}-{self.orders}", rng.randrange(2)
        near, far = (BID - 1000 - rng.randrange(50), ASK) if side == m.Side.BUY else (ASK + 1000, BID)
        more: dict[str, Any] = {
            "venue": rng.choice((0, 1, m.NONE16)) if venue is None else venue,
            "side": side,
        }
        if expire_ns:
            flags = m.OrderFlag.HAS_QTY | m.OrderFlag.HAS_PRICE | m.OrderFlag.HAS_EXPIRE
            more |= {"time_in_force": m.TimeInForce.GTD, "flags": flags, "expire_ns": expire_ns}
        elif rng.random() < 0.1:
            more["time_in_force"] = m.TimeInForce.IOC
        if not self.client.order(name, far if rng.random() < 0.3 else near, **more):
            return False
        self.orders += 1
        what = 1.0 if expire_ns else rng.random()
        if what < 0.1:
            self.client.replace(name, f"{name}c", 150)
        elif what < 0.5:
            self.client.cancel(name, f"{name}c")
        return True

    def read(self) -> None:
        told = self.client.responses
        if told.claimed_seq - self.client.read > told.capacity:
            raise AssertionError(f"{self.name} read too slowly: answers were overwritten")
        while (row := self.client.next()) is not None:
            if int(row["number"]) != self.client.read:
                self.problems.append(f"{self.name}: response {row['number']} at {self.client.read}")
            raw = row["cl_ord_id"].tobytes()
            self.told.setdefault(raw[1 : 1 + raw[0]].decode(), []).append(row)

    def is_answered(self) -> bool:
        self.read()
        return all(f"{self.name}-{i}" in self.told for i in range(self.orders))

    def await_answers(self) -> None:
        until(self.is_answered, f"{self.name}: every order is answered", PATIENCE_S)

    def leave(self) -> None:
        """Once each order has its answer; what it was told is looked at."""
        self.await_answers()
        self.problems += wrong(self.told)
        self.client.close()

    @property
    def names(self) -> list[str]:
        return [f"{self.name}-{i}" for i in range(self.orders)]


def wrong(told: dict[str, list[np.void]]) -> list[str]:
    """Each order is first told to be taken or denied, nothing twice, and its quantity only grows."""
    found = []
    for name, rows in told.items():
        if not name.endswith("c") and rows[0]["kind"] == 2 and rows[0]["status"] not in TAKEN:
            found.append(f"{name}: the first that is told is {rows[0]}")
        said = Counter(
            tuple(int(row[key]) for key in SAID)
            for row in rows
            if row["exec_type"] != m.ExecType.CANCEL_REJECTED
        )
        if said and max(said.values()) > 1:
            found.append(f"{name}: told twice")
        filled = [int(row["cum_qty"]) for row in rows]
        if filled != sorted(filled):
            found.append(f"{name}: its fills go back: {filled}")
    return found


class Pace:
    """How many are due by now, at so many a second; what is late by more than a second is let go of, and
    counted.
    """

    def __init__(self, per_s: float) -> None:
        self.per_s = per_s
        self.since = time.monotonic()
        self.done = 0
        self.late = 0

    def due(self) -> int:
        owed = int((time.monotonic() - self.since) * self.per_s) - self.done - self.late
        if owed > self.per_s:
            self.late += owed - int(self.per_s)
            owed = int(self.per_s)
        return owed
