"""A live core's stages on one processor or on two, driven without sessions: orders lie ready and are fed to
the desk's ring by who has the sequencer.

    with Line(groups, cpus) as line: line.play(planned) -> when each order was done

Each group of stages is a process, `python -m bench.model_core`, spoken to by lines of JSON. The first group
feeds; the last one says when an order is done. All events are orders for a venue that answers by hand, so
that nothing comes back: an order is one event.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, Self

import numpy as np

from bench.model_loop import Player
from bench.orders import HEAD, Array, Inputs, Shape
from core import messages as m
from core.board import Board, make_memory
from core.capacity import Capacity
from core.egress.engine import Egress
from core.live.book import Book
from core.live.killing import open_page
from core.live.plan import Plan
from core.live.worker import Worker
from core.path import config_request
from core.scenario.reader import Line as Said
from core.scenario.values import convert
from core.stage import EngineStage
from core.topology import LIVE_STAGES

ROOT = Path(__file__).resolve().parents[1]
STAGES = LIVE_STAGES[:-1]
"""Without simulated venues: nobody answers."""

SYMBOLS, ACCOUNTS, ORDERS = 16, 8, 1 << 19
CAPACITY = Capacity(symbols=64, accounts=16, orders=ORDERS, ids=2 * ORDERS, spine=1024)
BATCH = 24
INPUT = np.dtype([*HEAD, ("request", "V256")])
PATIENCE_NS = 60 * 10**9
AWAKE_NS = 2_000_000
"""So long before it begins a process turns with nothing to do: a processor comes to its speed meanwhile."""
TURNS_MAX = 1 << 16
"""Of a play, that are told of."""
LIMITS = {"max_order_qty": "1000", "max_order_notional": "1000000", "price_collar_bps": "500",
          "max_position": "1000000000"}  # fmt: skip


class Failed(RuntimeError):
    """A process ended, or an order wasn't done in time; the message says which."""


def rows(orders: int, seed: int) -> tuple[Array, int]:
    """INPUT rows, numbered: all that is declared, quotes among it, then orders. How many before those."""
    book = Book()
    said = [event for line in declarations() for event in book.events(Said(0, 0, *_converted(line)))]
    table = np.zeros(len(said) + 1 + orders, INPUT)
    for row, (kind, session, request) in zip(
        table, [(int(m.Kind.CONFIG), 0, config_request(CAPACITY)), *said], strict=False
    ):
        row["kind"], row["session"], row["length"] = kind, session, len(request)
        row["request"] = np.void(request.ljust(256, b"\0"))
    made = Inputs(Shape(symbols=SYMBOLS, accounts=ACCOUNTS, seed=seed))
    made.declared(0)
    new = made.orders(orders)
    table["kind"][-orders:] = new["kind"]
    table["length"][-orders:] = new["length"]
    table["request"][-orders:] = new["request"].view(f"V{m.ORDER_EVENT.itemsize}").astype("V256")
    table["source_seq"] = np.arange(1, len(table) + 1)
    return table, len(table) - orders


def _converted(line: dict[str, Any]) -> tuple[str, Any]:
    kind, _, data = convert(line)
    return kind, data


def declarations() -> Iterator[dict[str, Any]]:
    """What the orders refer to."""
    symbols = [f"S{i}" for i in range(SYMBOLS)]
    for symbol in symbols:
        yield {"type": "instrument", "symbol": symbol, "kind": "equity", "price_precision": 2,
               "qty_precision": 0, "tick": "0.01", "lot": "1", "currency": "USD"}  # fmt: skip
    yield {"type": "venue", "venue": "V", "mode": "manual", "symbols": symbols}
    for i in range(ACCOUNTS):
        yield {"type": "account", "account": f"A{i}", "currency": "USD", "cash": "1000000000"}
        for check, value in LIMITS.items():
            yield {"type": "limit", "check": check, "value": value, "account": f"A{i}"}
    for symbol in symbols:
        yield {"type": "quote", "venue": "V", "symbol": symbol, "bid_px": "99.50", "bid_qty": "1000",
               "ask_px": "100.50", "ask_qty": "1000"}  # fmt: skip


class Line:
    """A core whose stages run in `groups`, each a process on its processor of `cpus`. seed: of its orders."""

    def __init__(self, groups: Sequence[Sequence[str]], cpus: Sequence[int], seed: int = 1) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="nacre-bench-")
        self.folder = Path(self._scratch.name)
        open_page(self.folder / "core.sock", create=True)
        (self.folder / "journal").mkdir()
        self._fd = make_memory(CAPACITY)
        Board.of(self._fd, CAPACITY, True)
        self._processes: list[subprocess.Popen[str]] = []
        try:
            for number, (group, cpu) in enumerate(zip(groups, cpus, strict=True)):
                self._start(number, group, cpu, seed)
            for process in self._processes:
                _read(process)
            self.turns: list[Array] = []
            """Of the last play, a group each: events and ns of each turn that found something."""
            self.was_interrupted = False
            """Whether it lost a processor to another process for a while."""
            self.play(np.zeros(rows(1, seed)[1], np.int64))
        except BaseException:
            self.close()
            raise

    def _start(self, number: int, group: Sequence[str], cpu: int, seed: int) -> None:
        words = [str(self._fd), str(self.folder), str(number), ",".join(group), str(cpu), str(seed)]
        self._processes.append(
            subprocess.Popen(
                [sys.executable, "-m", "bench.model_core", *words],
                cwd=ROOT,
                pass_fds=[self._fd],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )

    def play(self, planned: Array) -> Array:
        """planned: int64 ns at which each order comes. When each was done, of the same clock. Failed."""
        np.save(self.folder / "planned.npy", planned)
        begin = time.monotonic_ns() + 20_000_000
        for process in self._processes:
            _say(process, {"op": "play", "begin_ns": begin})
        told = [_read(process) for process in self._processes]
        if not all(each["ok"] for each in told):
            raise Failed(f"bench model: the orders aren't done: {told}")
        self.turns = [np.load(self.folder / f"turns{number}.npy") for number in range(len(told))]
        self.was_interrupted = any(each["interrupted"] for each in told)
        done: Array = np.load(self.folder / "done.npy")
        return done - begin

    def ask(self, op: str, **values: Any) -> dict[str, Any]:
        """Of the only process."""
        _say(self._processes[0], {"op": op, **values})
        return _read(self._processes[0])

    def told(self) -> dict[str, int]:
        """Of the last group: events of the core and those that were fed; orders that it denied, but for those
        that came when the disk was behind (`journal_full`)."""
        _say(self._processes[-1], {"op": "told"})
        return _read(self._processes[-1])

    def close(self) -> None:
        for process in self._processes:
            assert process.stdin is not None
            with suppress(OSError):
                process.stdin.close()
        for process in self._processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            if process.poll() is None:
                process.kill()
                process.wait()
            _out(process).close()
        os.close(self._fd)
        self._scratch.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _out(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdout is not None
    return process.stdout


def _say(process: subprocess.Popen[str], what: dict[str, Any]) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(what) + "\n")
    process.stdin.flush()


def _read(process: subprocess.Popen[str]) -> dict[str, Any]:
    line = _out(process).readline()
    if not line:
        raise Failed(f"bench model: a process of the core ended with {process.wait()}: see above")
    told: dict[str, Any] = json.loads(line)
    return told


class Group:
    """The process's side: its stages, its loop."""

    def __init__(self, fd: int, folder: Path, number: int, stages: tuple[str, ...], seed: int) -> None:
        self.folder = folder
        self.number = number
        self.worker = Worker(_plan(folder, number, stages), None, fd)
        first = self.worker.build()
        self.stages = self.worker.stages
        self.feeds = stages[0] == STAGES[0]
        self.is_last = stages[-1] == STAGES[-1]
        table, _ = rows(ORDERS - 1, seed)
        last = self.stages[stages[-1]]
        also = self.stages.get("egress", last)  # gateways don't wait for it
        self.player = Player(self.worker.board, first, last, also, table.view(np.uint8), table.dtype.itemsize)
        self.base = 0
        self.took = np.ones((TURNS_MAX, 2), np.int64)  # not zeros: those are pages that nobody has touched

    def op_play(self, begin_ns: int) -> dict[str, Any]:
        planned = np.load(self.folder / "planned.npy")
        done = np.ones(len(planned), np.int64)
        while time.monotonic_ns() < begin_ns - AWAKE_NS:
            time.sleep(AWAKE_NS / 1e9)
        before = _interruptions()
        ok = self.player.play(self.feeds, planned, done, self.took, self.base, begin_ns, PATIENCE_NS)
        interrupted = _interruptions() - before
        self.base += len(planned)
        if self.is_last:
            np.save(self.folder / "done.npy", done)
        np.save(self.folder / f"turns{self.number}.npy", self.took[: self.player.took_turns])
        return {"ok": ok, "interrupted": interrupted}

    def op_told(self) -> dict[str, Any]:
        egress = self.stages["egress"]
        assert isinstance(egress, EngineStage)
        assert isinstance(egress.engine, Egress)
        reasons = egress.engine.denials_by_reason()
        full = reasons.get(int(m.Reason.JOURNAL_FULL), 0)
        told = {"events": self.worker.board.seq, "fed": self.base}
        return told | {"denied": egress.engine.denials - full, "journal_full": full}

    def op_idle(self, count: int) -> dict[str, Any]:
        """{ns: the median of turns of the chain that find nothing}."""
        took = np.zeros(count, np.int64)
        self.player.idle(took)
        return {"ns": float(np.median(took))}

    def op_steps(self, batch: int, count: int) -> dict[str, Any]:
        """{ns: of the feeding and of each stage the median}."""
        took = np.zeros((count, len(self.stages) + 1), np.int64)
        ok = self.player.steps(batch, list(self.stages.values()), took)
        self.base += batch * count
        return {"ok": ok, "ns": np.median(took, axis=0).tolist()}


def _interruptions() -> int:
    """How often another process took this thread's processor."""
    return resource.getrusage(resource.RUSAGE_THREAD).ru_nivcsw


def _plan(folder: Path, number: int, stages: tuple[str, ...]) -> Plan:
    return Plan(
        index=number, name=stages[0], stages=stages, cpu=None, wait="spin", venues_apart=False,
        capacity=asdict(CAPACITY), journal=str(folder / "journal"), socket=str(folder / "core.sock"),
        durability="async", segment_bytes=1 << 26, touch=True,
    )  # fmt: skip


def main(fd: str, folder: str, number: str, stages: str, cpu: str, seed: str) -> None:
    group = Group(int(fd), Path(folder), int(number), tuple(stages.split(",")), int(seed))
    os.sched_setaffinity(0, {int(cpu)})  # the journal's helper thread is not pinned
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(getattr(group, f"op_{asked.pop('op')}")(**asked)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
