"""What does an event cost from the core to a process that only talks ZeroMQ, against a bare hop of pyzmq?

Three processes, as in containers: this one writes events into a journal as a core's recorder does, `nacre
bridge stream` publishes them over TCP, a third one subscribes (bench/bridge_ear.py). *Raw* is the same row
sent by pyzmq from this process to the third, PUSH to PULL over TCP. Blocks of the two alternate, one event at
a time. Then as many as go through, in batches; then so many a second, each measured from when it was due, and
beside that from when it was written: what the writer was late for is not the stream's.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import zmq

from bench.bridge_ear import LATE_0_NS, told
from bench.machine import machine
from core import messages as m
from core.backtest.recorded import Recorded
from core.build import SCHEMA_VERSION, build_id
from core.capacity import DEFAULT
from core.recovery import replay
from core.scenario.directory import Directory
from core.scenario.encoder import Encoder
from core.scenario.reader import Line
from core.scenario.values import convert
from core_ext.journal import JournalReader, JournalWriter
from periphery.stream.ask import status
from periphery.stream.sockets import where

GOAL_RATIO = 1.5
GOAL_PER_S = 1_000_000
GOAL_P99_NS = 3_000_000
BLOCK = 100
"""Events of a block."""
PAUSE_S = 0.001
"""Between two events of a block: each finds everybody waiting."""
NAP_S = 0.0001
"""How long the writer of the open loop sleeps where nothing is due: it leaves its processor to the others."""
SEGMENT_BYTES = 64 << 20
DECLARED: list[dict[str, Any]] = [
    {
        "type": "instrument", "symbol": "EURUSD", "kind": "fx", "price_precision": 5, "qty_precision": 0,
        "tick": "0.00001", "lot": "1", "base_currency": "EUR", "currency": "USD",
    },
    {"type": "venue", "venue": "V", "mode": "match", "symbols": ["EURUSD"]},
    {"type": "account", "account": "A", "currency": "USD", "cash": "1000000"},
]  # fmt: skip
_STAMP = struct.Struct("<QqQQQ")
_PX = struct.Struct("<q")
_PX_AT = m.HEADER.itemsize + 8
_LATE_AT = _PX_AT + 3 * 8


class Failed(RuntimeError):
    """A process of the bench ended, or said nothing."""


def run(
    pairs: int = 20, events: int = 500_000, rate: int = 50_000, seconds: float = 5.0, wait: str = "sleep"
) -> dict[str, Any]:
    """pairs: of blocks of the hop. events: that go through in batches. rate, seconds: of the open loop. wait:
    the publisher's. Failed.
    """
    with tempfile.TemporaryDirectory(prefix="nacre-bench-bridge-") as name:
        begun, journal = Path(name, "begun"), Path(name, "journal")
        writer = Writer(begun)
        first = writer.seq
        for _ in range(events):
            writer.write(time.monotonic_ns())
        with _published(journal, wait) as (address, publisher), Ear(address, first) as ear:
            journal.symlink_to(begun)  # it is there at once, whole; its writer makes segments where it began
            batches = ear.ask("flow", events)
            hop = _hops(writer, ear, pairs)
            pids = {"writer": os.getpid(), "publisher": publisher, "subscriber": ear.pid}
            before = _processor(pids)
            loop = _open_loop(writer, ear, rate, seconds)
            loop["processors"] = _shares(before, _processor(pids), seconds)
            heard, stands = ear.ask("end", 0), status(address) or {}
        writer.close()
        checks = _checks(writer, first, heard, stands, journal)
    return _report(batches, hop, loop, checks, wait)


class Writer:
    """Writes quotes into a journal, as the recorder of a core does: each a record with its time."""

    def __init__(self, folder: Path) -> None:
        schema, build = SCHEMA_VERSION, build_id()
        with JournalWriter(folder, schema_version=schema, build_id=build) as journal:
            _declare(journal)
        last = list(JournalReader(folder))[-1]
        self.seq, self._row = last[0], bytearray(last[1])
        self._source_seq = _STAMP.unpack_from(self._row)[2]
        self._journal = JournalWriter(
            folder, schema_version=schema, build_id=build, segment_bytes=SEGMENT_BYTES, helper=True
        )
        self.bid_sum = 0

    def row(self, time_ns: int) -> bytearray:
        """The next quote: header and request."""
        seq = self.seq + 1
        px = 109_000 + seq % 100
        _STAMP.pack_into(self._row, 0, seq, time_ns, self._source_seq + 1, seq, seq)
        _PX.pack_into(self._row, _PX_AT, px)
        return self._row

    def write(self, time_ns: int, late_ns: int = 0) -> None:
        """A quote of that time, so late."""
        row = self.row(time_ns)
        _PX.pack_into(row, _LATE_AT, LATE_0_NS + late_ns)
        self.seq += 1
        self._source_seq += 1
        self.bid_sum += _PX.unpack_from(row, _PX_AT)[0]
        if not self._journal.append_bytes(self.seq, row):
            raise Failed("the journal has no room: is the temporary folder full?")

    def close(self) -> None:
        self._journal.close()


def _declare(journal: JournalWriter) -> None:
    """Declarations and a quote, by a core."""
    encoder, core = Encoder("bench", Directory()), Recorded(DEFAULT, journal)
    quote = {"type": "quote", "venue": "V", "symbol": "EURUSD", "bid_px": "1.09", "bid_qty": "1000000"}
    for i, values in enumerate([*DECLARED, {**quote, "ask_px": "1.091", "ask_qty": "1000000"}], 1):
        line_type, _, data = convert(values)
        for event in encoder.encode(Line(i, 0, line_type, data)):
            core.feed(event.kind, 0, event.request, event.session)


# ---- the other processes -----------------------------------------------------------------------------


@contextmanager
def _published(journal: Path, wait: str) -> Iterator[tuple[str, int]]:
    """`nacre bridge stream` for that journal; its address and pid."""
    words = ["bridge", "stream", "--journal", str(journal), "--at", "tcp://127.0.0.1:*", "--wait", wait]
    process = subprocess.Popen([sys.executable, "-m", "core.cli", *words], stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        found = re.search(r"at (tcp://\S+)", process.stderr.readline())
        if found is None:
            raise Failed("nacre bridge stream did not begin")
        yield found[1], process.pid
    finally:
        process.terminate()
        said = process.communicate()[1]
        if process.returncode:
            print(said, file=sys.stderr)


class Ear:
    """The process that hears both (bench/bridge_ear.py). raw: where this one sends to it."""

    def __init__(self, address: str, after: int) -> None:
        self.raw: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.PUSH)
        self.raw.setsockopt(zmq.LINGER, 0)
        self.raw.bind("tcp://127.0.0.1:*")
        words = [sys.executable, "-m", "bench.bridge_ear", address, str(after), where(self.raw)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True)
        self.pid = self._process.pid
        self._answer()  # it is welcome

    def begin(self, what: str, count: int) -> None:
        """Tells it what to wait for; `answer` has what became of it."""
        assert self._process.stdin is not None
        print(json.dumps({"do": what, "count": count}), file=self._process.stdin, flush=True)
        self._answer()  # it does

    def ask(self, what: str, count: int) -> dict[str, Any]:
        self.begin(what, count)
        return self.answer()

    def answer(self) -> dict[str, Any]:
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise Failed("the process that hears has ended: see what it said")
        found: dict[str, Any] = json.loads(line)
        return found

    def __enter__(self) -> Ear:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate()
        self.raw.close()


# ---- what is measured --------------------------------------------------------------------------------


def _hops(writer: Writer, ear: Ear, pairs: int) -> dict[str, Any]:
    """Blocks in turn: one event at a time, by pyzmq alone and by journal, publisher and subscriber."""
    found: dict[str, list[dict[str, Any]]] = {"raw": [], "stream": []}
    for _ in range(pairs):
        for what in ("raw", "stream"):
            ear.begin(what, BLOCK)
            for _ in range(BLOCK):
                time.sleep(PAUSE_S)
                if what == "raw":
                    ear.raw.send(writer.row(time.monotonic_ns()))
                else:
                    writer.write(time.monotonic_ns())
            found[what].append(ear.answer())
    ratios = [b["p50_ns"] / a["p50_ns"] for a, b in zip(found["raw"], found["stream"], strict=True)]
    return {
        "ratio_p50": round(statistics.median(ratios), 2),
        "ratio_iqr": [round(each, 2) for each in statistics.quantiles(ratios, n=4)[::2]],
        "goal_ratio": GOAL_RATIO,
        **{
            f"{what}_{part}_ns": statistics.median(each[f"{part}_ns"] for each in found[what])
            for part in ("p10", "p50")
            for what in ("raw", "stream")
        },
        "pairs": pairs,
        "events_each": BLOCK,
    }


def _open_loop(writer: Writer, ear: Ear, rate: int, seconds: float) -> dict[str, Any]:
    """So many a second, each at its time or as soon after as may be; measured from its time. `writer` is how
    late each was written, `added` what it took from there.
    """
    count = round(rate * seconds)
    ear.begin("loop", count)
    late_ns = np.zeros(count, np.int64)
    began, sent = time.monotonic_ns() + 1_000_000, 0
    while sent < count:
        now = time.monotonic_ns()
        due = min(count, (now - began) * rate // 1_000_000_000 + 1)
        if due <= sent:
            time.sleep(NAP_S)
            continue
        for n in range(sent, due):
            due_ns = began + n * 1_000_000_000 // rate
            late_ns[n] = time.monotonic_ns() - due_ns
            writer.write(due_ns, int(late_ns[n]))
        sent = due
    return {
        **ear.answer(),
        "writer": told(late_ns),
        "rate": rate,
        "sent": sent,
        "goal_p99_ns": GOAL_P99_NS,
    }


def _processor(pids: dict[str, int]) -> dict[str, tuple[int, int]]:
    """Of all threads of each process: ns that it ran, ns that it would have run but had no processor."""
    found = {}
    for name, pid in pids.items():
        threads = [path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/schedstat")]
        found[name] = sum(int(each[0]) for each in threads), sum(int(each[1]) for each in threads)
    return found


def _shares(
    before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]], seconds: float
) -> dict[str, dict[str, float]]:
    """Of one processor."""
    return {
        name: {
            word: round((after[name][i] - before[name][i]) / (seconds * 1e9), 3)
            for i, word in enumerate(("ran", "waited"))
        }
        for name in before
    }


def _checks(
    writer: Writer, first: int, heard: dict[str, Any], stands: dict[str, Any], journal: Path
) -> dict[str, bool]:
    """What was heard against what was written, and the journal against a core."""
    return {
        "events": heard["events"] == writer.seq - first,
        "bids": heard["bid_sum"] == writer.bid_sum,
        "in_order": heard["in_order"],
        "raw": heard["raw_missing"] == 0,
        "no_drops": heard["gaps"] == heard["left_out"] == stands.get("lapped") == stands.get("cut") == 0,
        "journal": replay(journal)["events"] == writer.seq,
    }


def _report(
    batches: dict[str, Any], hop: dict[str, Any], loop: dict[str, Any], checks: dict[str, bool], wait: str
) -> dict[str, Any]:
    return {
        "ok": all(checks.values()),
        "hop": hop,
        "batches": {**batches, "goal_per_s": GOAL_PER_S},
        "open_loop": {**loop, "drops": loop["sent"] - loop["count"]},
        "reference_equal": checks,
        "machine": machine(),
        "load": [round(each, 2) for each in os.getloadavg()],
        "placement": {"processes": 3, "pinned": False},
        "wait": {"publisher": wait, "subscriber": "poll"},
    }
