"""A live core without its processes and its socket: small tables, declared names, all stages in one chain."""

from __future__ import annotations

import gc
import json
import mmap
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import messages as m
from core.board import Board, make_memory, parts
from core.capacity import Capacity
from core.fused import state_hash
from core.live.book import Book
from core.live.desk import INPUT as DESK_INPUT, Desk
from core.live.killing import open_page
from core.live.plan import Plan
from core.live.seating import rights_events
from core.live.sessions import Rings
from core.live.shadow import Shadow
from core.live.worker import Worker
from core.path import config_request
from core.recovery import replay
from core.scenario.encoder import Event
from core.scenario.reader import Line
from core.scenario.values import convert
from core.stage import EngineStage, Stage
from core.topology import LIVE_CURSORS, LIVE_STAGES
from core_ext.journal import JournalReader
from core_ext.killpage import KillPage

SMALL = Capacity(
    symbols=4, accounts=4, strategies=8, sessions=16, orders=2048, more_children=512, ids=8192, fills=4096,
    positions=64, limits=16, counters=64, cells=64, rate_times=1024, depths=4, spine=256, loopback=512,
)  # fmt: skip
DECLARED: list[dict[str, Any]] = [
    {
        "type": "instrument", "symbol": "X", "kind": "equity", "price_precision": 2, "qty_precision": 0,
        "tick": "0.01", "lot": "1", "currency": "USD",
    },
    {"type": "venue", "venue": "V", "mode": "match", "symbols": ["X"]},
    {"type": "account", "account": "A", "currency": "USD", "cash": "1000"},
    {"type": "account", "account": "B", "currency": "USD"},
    {"type": "limit", "check": "order_rate", "account": "B", "value": "500", "window_s": "2"},
    {"type": "fx", "pair": "EUR/USD", "rate": "1.1"},
]  # fmt: skip
INPUT = np.dtype(
    [("time_ns", "<i8"), ("source_seq", "<u8"), ("kind", "<u2"), ("pad", "V30"), ("request", "V256")]
)


def field(text: str) -> np.void:
    return np.void(bytes([len(text)]) + text.encode().ljust(39, b"\0"))


def plan(folder: Path, index: int, stages: tuple[str, ...], apart: bool, **more: Any) -> Plan:
    """A worker of the test's core."""
    values: dict[str, Any] = {
        "name": stages[0], "cpu": None, "wait": "yield", "venues_apart": apart, "capacity": asdict(SMALL),
        "journal": str(folder / "journal"), "socket": str(folder / "core.sock"), "durability": "async",
        "segment_bytes": 1 << 21, "touch": False,
    }  # fmt: skip
    return Plan(index=index, stages=stages, **(values | more))


def part_of(board: Board, name: str) -> memoryview:
    """A part's memory."""
    at = 0
    for each, size in parts(board.capacity).items():
        if each == name:
            return memoryview(board.memory)[at : at + size]
        at += -(-size // 4096) * 4096
    raise KeyError(name)


def page_of(board: Board, seq: int) -> memoryview:
    """The page of that event."""
    at = 128 + 64 * len(LIVE_CURSORS) + seq % board.capacity.spine * m.PAGE.itemsize
    return part_of(board, "spine")[at : at + m.PAGE.itemsize]


def untake(board: Board, ring: str) -> None:
    """The consumer died before it gave its last slot back."""
    head = part_of(board, ring)[192:200]
    head[:] = (int.from_bytes(head, "little") - 1).to_bytes(8, "little")


def untake_requests(memory: mmap.mmap, count: int) -> None:
    """The same of a session's requests."""
    memory[192:200] = (int.from_bytes(memory[192:200], "little") - count).to_bytes(8, "little")


def fill_reports(board: Board) -> int:
    """Reports of nobody's orders until the ring is full; how many. Of no venue that there is, so none is
    halted for them.
    """
    source, number = 3, 0
    head = np.zeros((), DESK_INPUT)
    head["kind"], head["length"], head["source"] = m.Kind.REPORT, m.REPORT_EVENT.itemsize, source
    request = np.zeros((), m.REPORT_EVENT)
    request["venue"] = 9
    while True:
        head["source_seq"] = number + 1
        if not board.reports.try_push(head.tobytes() + request.tobytes()):
            return number
        number += 1


def sizes(capacity: Capacity) -> dict[str, int]:
    """As a plan tells them."""
    return asdict(capacity)


class Chain:
    """The workers of a core, taking turns in this process over one board. One that dies is just forgotten."""

    def __init__(self, folder: Path, groups: list[tuple[str, ...]], start_seq: int = 0, **more: Any) -> None:
        apart = ("venues",) in groups
        self.plans = [plan(folder, i, stages, apart, **more) for i, stages in enumerate(groups)]
        capacity = Capacity(**self.plans[0].capacity)
        self.fd = make_memory(capacity)
        self.board = Board.of(self.fd, capacity, True)
        self.board.spine.start_at(start_seq)
        self.workers: dict[int, Worker] = {}
        self.firsts: dict[int, Stage] = {}
        for each in self.plans:
            self.build(each.index)

    def build(self, i: int) -> None:
        self.workers[i] = Worker(self.plans[i], None, self.fd)
        self.firsts[i] = self.workers[i].build()

    def lose(self, stage: str) -> int:
        """The worker with that stage dies; its index, for `build`."""
        i = next(each.index for each in self.plans if stage in each.stages)
        del self.workers[i], self.firsts[i]
        gc.collect()  # its journal is let go of with its last reference
        return i

    def stage(self, name: str) -> Any:
        return next(worker.stages[name] for worker in self.workers.values() if name in worker.stages)

    def keep_going(self) -> bool:
        for first in self.firsts.values():
            first.turn_once()
        return True

    def run(self, most: int = 100_000) -> None:
        """Turns until nothing moves any more."""
        idle = 0
        for _ in range(most):
            taken = sum(first.turn_once() for first in self.firsts.values())
            idle = 0 if taken else idle + 1
            if idle == 3:
                return
        raise AssertionError("it doesn't come to rest")

    def state_hash(self) -> str:
        stages = [stage for worker in self.workers.values() for stage in worker.stages.values()]
        digests = {
            stage.name: stage.engine.arena.digest() for stage in stages if isinstance(stage, EngineStage)
        }
        return state_hash(self.board.seq, digests)

    def close(self) -> None:
        for worker in self.workers.values():
            if worker.journal is not None:
                worker.journal.close()
        self.workers.clear()
        self.firsts.clear()
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


class Bench:
    """A core, its names, and sessions on it."""

    def __init__(self, folder: Path, *groups: tuple[str, ...], **more: Any) -> None:
        self.folder = folder
        self.groups = list(groups) or [LIVE_STAGES[:-1]]
        self.more = more
        self.page: KillPage = open_page(folder / "core.sock", create=True)
        (folder / "journal").mkdir()
        self.book = Book()
        self.rings: dict[int, Rings] = {}
        self.requests: dict[int, mmap.mmap] = {}
        self.bases: dict[int, int] = {}
        self.sessions: dict[int, tuple[int, bytes | None]] = {}
        self.sent: dict[int, int] = {}
        self.hears_all: dict[int, bool] = {}
        self.chain = Chain(folder, self.groups, **more)
        self.desk = Desk(self.chain, {})
        self.feed([Event(int(m.Kind.CONFIG), 0, config_request(self.chain.board.capacity))])
        for line in DECLARED:
            self.line(line)
        self.tell()

    @property
    def board(self) -> Board:
        return self.chain.board

    def again(self) -> None:
        """The whole core has ended, and comes back from its journal."""
        self.chain.close()
        shadow = self.shadow()
        self.chain = Chain(self.folder, self.groups, shadow.follow(), **self.more)
        self.desk = Desk(self.chain, shadow.core.sequencer.counts())
        self.tell()

    def shadow(self) -> Shadow:
        found = Shadow(self.folder / "journal", self.board.capacity)
        found.follow()
        return found

    def open_orders(self, kind: int = 0, key: int = 0) -> int:
        return self.shadow().open_orders(kind, key)

    def tell(self) -> None:
        d = self.book.directory
        strategies = len(d.space_lists[m.Space.STRATEGY])
        self.board.declare(len(d.symbol_list), len(d.venue_list), len(d.account_list), strategies)

    def feed(self, events: list[Event], source: int = 0) -> None:
        self.desk.push(events, source)
        self.desk.await_taken()

    def line(self, values: dict[str, Any], source: int = 0) -> None:
        kind, _, data = convert(json.loads(json.dumps(values)))
        events = self.book.events(Line(0, 0, kind, data))
        self.feed(events, source)
        for event in events:
            if event.kind in (m.Kind.LIMIT, m.Kind.FX) or kind not in ("instrument", "venue", "account"):
                self.book.note(event.kind, event.request)

    def reader(self) -> JournalReader:
        return JournalReader(self.folder / "journal")

    def sit(self, seat: int, name: str, rights: bytes | None = None, hears_all: bool = False) -> Rings:
        """A session connects, with its rights by account."""
        self.line({"type": "connect", "session": name})
        index = self.book.directory.spaces[m.Space.SESSION][name]
        self.feed(rights_events(index, rights))
        rings = Rings(name)
        self.requests[seat] = mmap.mmap(rings.fds[0], 0)
        rings.close_fds()
        self.rings[seat], self.sessions[seat] = rings, (index, rights)
        self.hears_all[seat] = hears_all
        self.open_responses(seat)
        self.open_requests(seat)
        return rings

    def open_requests(self, seat: int) -> None:
        session, rights = self.sessions[seat]
        intake = self.chain.stage("sequencer")
        requests = self.rings[seat].requests
        self.bases[seat] = intake.open_seat(seat, session, 0, requests, rights, self.bases.get(seat))

    def open_responses(self, seat: int) -> None:
        rings = self.rings[seat]
        session, rights = self.sessions[seat]
        hears_all = self.hears_all[seat]
        self.chain.stage("egress").open_seat(seat, session, rings.responses, rings.quotes, hears_all, rights)

    def restart(self, stage: str) -> None:
        """The worker with that stage dies, another one takes its place."""
        i = self.chain.lose(stage)
        self.chain.build(i)
        for seat in self.sessions:
            if "sequencer" in self.chain.plans[i].stages:
                self.open_requests(seat)
            if "egress" in self.chain.plans[i].stages:
                self.open_responses(seat)

    def push(self, seat: int, kind: int, dtype: np.dtype[Any], **values: Any) -> None:
        row = np.zeros((), dtype)
        for key, value in values.items():
            row[key] = field(value) if isinstance(value, str) else value
        self.sent[seat] = self.sent.get(seat, 0) + 1
        item = np.zeros((), INPUT)
        item["source_seq"], item["kind"] = self.sent[seat], kind
        item["request"] = np.void(row.tobytes().ljust(256, b"\0"))
        assert self.rings[seat].requests.try_push(item.tobytes())

    def order(self, seat: int, cl_ord_id: str, **values: Any) -> None:
        made: dict[str, Any] = {
            "strategy": m.NONE,
            "venue": m.NONE16 - 0xFFFF,
            "ord_type": m.OrdType.LIMIT,
            "time_in_force": m.TimeInForce.GTC,
            "flags": m.OrderFlag.HAS_QTY | m.OrderFlag.HAS_PRICE,
            "qty": 10,
            "price": 1000,
        }
        self.push(seat, m.Kind.ORDER, m.ORDER_EVENT, cl_ord_id=cl_ord_id, **(made | values))

    def run(self) -> None:
        """Turns until all is done."""
        self.chain.run()

    def told(self, seat: int) -> list[tuple[str, str]]:
        """(cl_ord_id, status or reason) of every response so far."""
        out = []
        for seq in range(1, self.rings[seat].responses.claimed_seq + 1):
            row = np.frombuffer(self.rings[seat].responses.read(seq) or b"", m.RESPONSE, 1)[0]
            assert row["number"] == seq
            raw = row["cl_ord_id"].tobytes()
            what = m.Reason(row["reason"]) if row["kind"] == 1 else m.OrdStatus(row["status"])
            out.append((raw[1 : 1 + raw[0]].decode(), what.name.lower()))
        return out

    def same_as_its_journal(self) -> bool:
        """Whether a fresh replay of the journal comes to the state that the engines are in."""
        state = self.chain.state_hash()
        played = replay(self.folder / "journal")
        assert played["ok"], played
        return bool(played["state_hash"] == state)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.chain.close()
