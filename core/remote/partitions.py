"""Several engines that share one place on the path: each has the orders of its accounts, and together they
say what one would.

    batch of the proxy ─► split by account (or order) ─► an engine each ─► answers merged in the spine's
    order ─► proxy

Only execution can be shared out so: what it knows, it knows of one order at a time. Risk stays single: its
limits are of all.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import zmq

from core import messages as m
from core.capacity import Capacity
from core.execution.engine import RESERVED_BYTES
from core.fused import Fused
from core.remote.link import PAST_S, WAIT_MS, EngineLost, Link
from core.remote.stage import BATCH_BYTES, ProxyStage
from core.remote.wire import HEAD, What, message, values_of, what_of
from core.topology import PARAGRAPHS

STAGE = "execution"
DERIVED_BYTES, CAUSE_AT = 192, 8

type Rows = npt.NDArray[np.uint8]


@dataclass(slots=True)
class Asked:
    """A batch. parts: the engine of each event; answers: those that are here, by engine."""

    number: int
    parts: npt.NDArray[np.int64]
    answers: dict[int, bytes] = field(default_factory=dict)

    @property
    def is_answered(self) -> bool:
        return len(self.answers) == len(np.unique(self.parts))


class Partitioned:
    """As a `Link`, to several engines. by: account or order, the field of an outcome that says whose it is.
    EngineLost of any of them is that of all.
    """

    def __init__(self, addresses: Iterable[str], by: str) -> None:
        self.links = [Link(address) for address in addresses]
        self.out = memoryview(bytearray(BATCH_BYTES))
        self._asked: deque[Asked] = deque()
        self._numbers = [0] * len(self.links)
        self._began = b""
        self._capacity: dict[str, int] = {}
        _, self._written = PARAGRAPHS[STAGE]
        self._key = _offset("outcome", by)
        self._poller = zmq.Poller()
        for link in self.links:
            self._poller.register(link.socket, zmq.POLLIN)

    @property
    def counts(self) -> dict[str, int]:
        return {key: sum(link.counts[key] for link in self.links) for key in self.links[0].counts}

    def begin(self, stage: str, capacity: dict[str, int], build: str, past: Iterable[bytes]) -> None:
        """Each lives through the whole past; from then on it hears of its own orders alone."""
        pieces = list(past)
        for link in self.links:
            link.begin(stage, capacity, build, pieces)
        self._capacity = capacity
        self._began = self._ask(self.links[0], What.STATE)["state"]

    # ---- its work ------------------------------------------------------------------------------------------

    def turn(self, stage: ProxyStage, *, wait: bool) -> int:
        """As Link's."""
        done = self._send(stage)
        if not stage.apply():
            return done
        if stage.under_way and (not wait or done or self._poller.poll(WAIT_MS)):
            done += self._take(stage)
        if not done:
            for link in self.links:
                link.ping(bool(stage.under_way))
                if link.pinged > link.heard:
                    self._hear(link)
        return done

    def _send(self, stage: ProxyStage) -> int:
        size = stage.collect(self.out)
        if not size:
            return 0
        head, rows = _rows(self.out[:size], stage.reads)
        parts = self._parts(rows)
        self._asked.append(Asked(int(head["number"]), parts))
        for part in np.unique(parts):
            self._numbers[part] += 1
            own = rows[parts == part]
            self.links[part].send(_batch(len(own), self._numbers[part]) + own.tobytes())
        return 1

    def _parts(self, rows: Rows) -> npt.NDArray[np.int64]:
        """Which engine's each event is. Of one without an order it is all the same."""
        keys = rows[:, self._key : self._key + 4].copy().view("<u4")[:, 0]
        return (keys % len(self.links)).astype(np.int64)

    def _take(self, stage: ProxyStage) -> int:
        """What is there; an answer that is whole, and first, is applied. A ring without room: the rest
        waits.
        """
        heard = sum(self._hear(link) for link in self.links)
        while self._asked and self._asked[0].is_answered and stage.apply():
            stage.apply(self._merged(self._asked.popleft()))
        return heard

    def _hear(self, link: Link) -> int:
        """An answer of one engine belongs to the first batch that waits for it."""
        if (packet := link.receive()) is None or what_of(packet) == What.PING:
            return 0
        if what_of(packet) != What.PAGES:
            raise EngineLost(f"{link.address} began anew")
        part = self.links.index(link)
        waiting = next((a for a in self._asked if part in a.parts and part not in a.answers), None)
        if waiting is None:
            raise EngineLost(f"{link.address} answers what nobody asked")
        waiting.answers[part] = packet
        return 1

    def _merged(self, asked: Asked) -> bytes:
        """One answer: paragraphs as they were asked for, derived events and sends in the spine's order."""
        paragraphs = np.empty((len(asked.parts), self._written), np.uint8)
        derived: list[bytes] = []
        sends: list[bytes] = []
        for part, packet in asked.answers.items():
            head = np.frombuffer(packet, HEAD, 1)[0]
            own, at = int(head["count"]), HEAD.itemsize
            if own != int((asked.parts == part).sum()):
                raise EngineLost(f"{self.links[part].address} answers another batch")
            paragraphs[asked.parts == part] = _cut(packet, at, own, self._written)
            at += own * self._written
            derived += [row.tobytes() for row in _cut(packet, at, int(head["derived"]), DERIVED_BYTES)]
            at += int(head["derived"]) * DERIVED_BYTES
            sends += [row.tobytes() for row in _cut(packet, at, int(head["sends"]), m.SEND.itemsize)]
        derived.sort(key=lambda row: int.from_bytes(row[CAUSE_AT : CAUSE_AT + 8], "little"))
        sends.sort(key=lambda row: int.from_bytes(row[:8], "little"))
        whole = _batch(len(paragraphs), asked.number, len(derived), len(sends))
        return whole + paragraphs.tobytes() + b"".join(derived) + b"".join(sends)

    # ---- what is asked of all ------------------------------------------------------------------------------

    def digest(self, stage: ProxyStage) -> str:
        """Of the state that one engine would have. EngineLost."""
        self._drain(stage)
        states = [self._ask(link, What.STATE)["state"] for link in self.links]
        return merged_digest(Capacity(**self._capacity), self._began, states)

    def usage(self, stage: ProxyStage) -> dict[str, Any]:
        """Of all together."""
        self._drain(stage)
        told = [self._ask(link, What.USAGE) for link in self.links]
        return {key: sum(each[key] for each in told) for key in told[0]}

    def _drain(self, stage: ProxyStage) -> None:
        end = time.monotonic() + PAST_S
        while stage.under_way or not stage.apply():
            if stage.apply() and self._poller.poll(WAIT_MS):
                self._take(stage)
            if time.monotonic() > end:
                raise EngineLost(f"{', '.join(link.address for link in self.links)} don't answer")

    def _ask(self, link: Link, what: What) -> dict[str, Any]:
        """Where nothing is under way."""
        link.send(message(what))
        end = time.monotonic() + PAST_S
        while time.monotonic() < end:
            if not link.socket.poll(WAIT_MS) or (packet := link.receive()) is None:
                continue
            if what_of(packet) == what:
                return values_of(packet)
            if what_of(packet) != What.PING:
                raise EngineLost(f"{link.address} began anew")
        raise EngineLost(f"{link.address} doesn't tell {what.name}")

    def close(self) -> None:
        for link in self.links:
            link.close()


def merged_digest(capacity: Capacity, began: bytes, states: list[bytes]) -> str:
    """The digest of one engine's state, of those of several that began with the same one: each changed rows
    of its own orders alone, and no row is of two.
    """
    of_all = [_tables(capacity, state) for state in (began, *states)]
    first, *parts = (tables for _, tables in of_all)
    arena, whole = of_all[1]
    for name, rows in whole.items():
        if name == "execution.counts":
            rows[:] = np.max([tables[name].view("<u8") for tables in parts], axis=0).view(np.uint8)
            continue
        for tables in parts[1:]:
            rows ^= tables[name] ^ first[name]
    return str(arena.digest())


def _tables(capacity: Capacity, state: bytes) -> tuple[Any, dict[str, Rows]]:
    """(an arena with that state, the bytes of its tables)."""
    arena = Fused(capacity).execution.arena
    arena.load(state)
    layout = {
        "execution.reserved": (RESERVED_BYTES, capacity.orders),
        "execution.more": (8, capacity.more_children),
        "execution.counts": (8, 8),
    }
    assert set(layout) == set(arena.table_names)
    return arena, {
        name: np.frombuffer(arena.add_table(name, *each), np.uint8) for name, each in layout.items()
    }


def _offset(paragraph: str, name: str) -> int:
    assert m.PAGE.fields is not None
    kind, at = m.PAGE.fields[paragraph][:2]
    assert kind.fields is not None
    return int(at) + int(kind.fields[name][1])


def _rows(batch: memoryview, reads: int) -> tuple[Any, Rows]:
    """(head, a row of bytes an event)."""
    head = np.frombuffer(batch, HEAD, 1)[0]
    return head, np.frombuffer(batch, np.uint8, offset=HEAD.itemsize).reshape(int(head["count"]), reads)


def _batch(count: int, number: int, derived: int = 0, sends: int = 0) -> bytes:
    head = np.zeros(1, HEAD)
    for name, value in (
        ("what", What.PAGES),
        ("count", count),
        ("number", number),
        ("derived", derived),
        ("sends", sends),
    ):
        head[name] = value
    return head.tobytes()


def _cut(packet: bytes, at: int, count: int, size: int) -> Rows:
    return np.frombuffer(packet, np.uint8, count * size, at).reshape(count, size)
