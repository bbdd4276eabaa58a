"""What does it cost the path to be timed?

The same live core twice, all stages on one thread, once with the stages timed (core/timing) and once not,
over the same orders; callgrind counts what core's modules execute. Turns that find nothing count too.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.callgrind import count
from bench.machine import machine
from bench.path_rows import SYMBOLS, VENUES, declarations, make, quote
from core import messages as m
from core.board import Board, make_memory
from core.capacity import Capacity
from core.live.book import Book
from core.live.desk import TOGETHER, Desk
from core.live.intake import SOURCE_DESK
from core.live.killing import open_page
from core.live.plan import Plan
from core.live.worker import Worker
from core.path import config_request
from core.scenario.encoder import Event
from core.scenario.reader import Line
from core.scenario.values import convert
from core.topology import LIVE_STAGES

ORDERS = 3000
CAPACITY = Capacity(orders=1 << 14, ids=1 << 15, spine=1024)
IDLE = 3  # turns that find nothing, before the next orders come
TIMING = "core.timing"


def run(orders: int = ORDERS, seed: int = 1) -> dict[str, Any]:
    """ok: both sequenced the same number of events, and only one of them was timed. NoData: no valgrind."""
    timed, untimed = (_counted(orders, seed, is_timed) for is_timed in (True, False))
    more = {name: timed[0][name] - untimed[0][name] for name in timed[0]}
    each = {"timed": _each(*timed), "untimed": _each(*untimed)}
    return {
        "ok": timed[1] == untimed[1] and more[TIMING] > 0,
        "instructions_per_event": each,
        "cost_per_event": round(each["timed"] - each["untimed"], 2),
        "ratio": round(each["timed"] / each["untimed"], 5),
        "events": timed[1],
        "more_by_module": {name: more[name] for name in sorted(more) if more[name]},
        "machine": machine(),
        "placement": {"fused": "under valgrind", "processes": 1},
        "wait": "none: inputs lie ready",
    }


def _counted(orders: int, seed: int, is_timed: bool) -> tuple[Counter[str], int]:
    found, said = count(f"from bench.timing import play; play({orders}, {seed}, {is_timed})")
    return found, json.loads(said)["events"]


def _each(counts: Counter[str], events: int) -> float:
    return round(counts.total() / events, 2)


def play(orders: int, seed: int, is_timed: bool) -> None:
    """One of the two, in the process that is counted."""
    with tempfile.TemporaryDirectory(prefix="nacre-bench-") as folder:
        core = Alone(Path(folder), is_timed)
        core.take([Event(int(m.Kind.CONFIG), 0, config_request(CAPACITY))])
        core.say(*declarations())
        rows = make(orders, seed).inputs
        for first in range(0, orders, TOGETHER):
            core.say(*(quote(symbol, venue) for symbol in range(SYMBOLS) for venue in range(VENUES)))
            core.take([
                Event(int(row["kind"]), 0, bytes(row["request"])) for row in rows[first : first + TOGETHER]
            ])  # fmt: skip
        print(json.dumps({"events": core.board.seq}))


class Alone:
    """A live core's only worker, without its supervisor."""

    def __init__(self, folder: Path, is_timed: bool) -> None:
        open_page(folder / "core.sock", create=True)
        (folder / "journal").mkdir()
        board = make_memory(CAPACITY)
        Board.of(board, CAPACITY, True)
        self.worker = Worker(_plan(folder), None, board)
        self.board = self.worker.board
        if not is_timed:
            self.board.timings.clear()
        self.first = self.worker.build()
        self.desk = Desk(self, {})
        self.book = Book()

    def keep_going(self) -> bool:
        """The desk waits for us to take what it pushed."""
        self.first.turn_once()
        return True

    def say(self, *lines: dict[str, Any]) -> None:
        """Lines of the text interface."""
        for line in lines:
            kind, _, data = convert(line)
            self.take(self.book.events(Line(0, 0, kind, data)))

    def take(self, events: list[Event]) -> None:
        """The inputs, and all that comes of them."""
        self.desk.push(events, SOURCE_DESK)
        idle = 0
        while idle < IDLE:
            idle = 0 if self.first.turn_once() else idle + 1


def _plan(folder: Path) -> Plan:
    return Plan(
        index=0, name="core", stages=LIVE_STAGES[:-1], cpu=None, wait="yield", venues_apart=False,
        capacity=asdict(CAPACITY), journal=str(folder / "journal"), socket=str(folder / "core.sock"),
        durability="async", segment_bytes=1 << 24, touch=False,
    )  # fmt: skip
