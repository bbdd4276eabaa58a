"""How long from a client's submit to the core's acknowledgement, against the bare round trip of a cache line?

A real core (`nacre core run`, every check on, a journal on a real file), fused on one processor; a client
on the other. Its requests are a mix: orders that rest, orders that fill, routed ones over two venues,
replaces, cancels. *Closed loop*: one request at a time, each sent once the one before has had all its
answers. *Open loop*: requests at planned times, each measured from its plan, so that a stall is not hidden.
Blocks alternate with blocks of the bare ping-pong between the same two processors, for which the core's
process is stopped.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench.desk_core import DeskCore, desk_core
from bench.hop import LAYOUT, answerer, asker_on
from bench.hop_loop import BOARD_BYTES, SLOT_BYTES, Asker
from bench.machine import choose_two, machine, pinned
from bench.path_loop import Submitter
from bench.path_reference import compare
from bench.path_rows import SYMBOLS, VENUES, declarations, make, quote
from bench.raw_session import Session, board_of
from core.capacity import Capacity
from core_ext.histogram import Histogram
from core_ext.region import Region
from core_ext.spine import Spine

RATES = (50_000, 200_000)
GOALS_NS = {"closed": 1_000, "open_50000": 1_500, "open_200000": 1_500}
"""Beyond the raw round trip, at the median."""

CAPACITY = Capacity(
    symbols=64, accounts=16, orders=1 << 20, ids=1 << 21, more_children=1 << 17, fills=1 << 20
)
ROWS_MAX = 900_000
FEED_S = 0.01
PRIORITY = 10


@dataclass(slots=True)
class Found:
    """Histograms by block, whole, and of each raw block its median."""

    raw: Histogram = field(default_factory=Histogram)
    raw_p50: list[float] = field(default_factory=list)
    ack: dict[str, Histogram] = field(default_factory=dict)
    ack_p50: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    venue: Histogram = field(default_factory=Histogram)
    hiccup: Histogram = field(default_factory=Histogram)
    sent: int = 0


def run(
    blocks: int = 40,
    block_ms: float = 10.0,
    seed: int = 1,
    realtime: bool = False,
    journal: Path | None = None,
) -> dict[str, Any]:
    """blocks: of each kind. realtime: both spinning threads at a real-time priority. TooFewProcessors."""
    client_cpu, core_cpu = choose_two()
    found = Found()
    rows = make(min(ROWS_MAX, _rows_needed(blocks, block_ms)), seed)
    size = BOARD_BYTES + Spine.bytes_needed(1024, SLOT_BYTES, 2)
    with ExitStack() as stack:
        core = stack.enter_context(
            desk_core(None, declarations(), _sizes(), "spin", journal, cpus=[core_cpu])
        )
        region = stack.enter_context(Region.create(f"nacre-bench-path-{os.getpid()}", size, LAYOUT))
        stack.enter_context(pinned(client_cpu))
        session = Session(core.socket, "bench")
        block = stack.enter_context(memoryview(region))
        asker, taken = asker_on(block, 1024, 1)
        other = stack.enter_context(answerer(region.name, core_cpu))
        submitter = Submitter(
            session.requests,
            session.responses,
            rows.inputs.view(np.uint8),
            np.zeros(len(rows.inputs), np.int64),
            np.zeros(len(rows.inputs), np.int64),
        )
        if realtime:
            _set_realtime([0, other.pid, *core.workers])
        with _market(core):
            _measure(core, other.pid, asker, taken, submitter, found, blocks, int(block_ms * 1e6))
        os.kill(other.pid, signal.SIGCONT)
        asker.end()
        submitter.settle()
        found.sent = submitter.sent
        acked, lapped, busy = submitter.acked, submitter.lapped, submitter.busy
        session.close()
        told = core.stop()
        checks = compare(core.journal, found.sent, told["state_hash"])
        checks["acknowledged"] = acked == found.sent
        del asker, submitter
    return _report(found, checks) | {
        "requests": found.sent,
        "busy": busy,
        "lapped": lapped,
        "machine": machine(),
        "placement": {"core": core_cpu, "client": client_cpu, "core_is": core.ready["placement"]},
        "wait": core.ready["wait"],
        "realtime": realtime,
    }


def _rows_needed(blocks: int, block_ms: float) -> int:
    """Closed blocks take a request in two microseconds or more."""
    return int(blocks * block_ms * 1e-3 * (sum(RATES) + 2 * 200_000)) + 20_000


def _sizes() -> dict[str, int]:
    return {name: getattr(CAPACITY, name) for name in Capacity.__slots__}


def _set_realtime(pids: list[int]) -> None:
    for pid in pids:
        os.sched_setscheduler(pid, os.SCHED_FIFO, os.sched_param(PRIORITY))


@contextmanager
def _market(core: DeskCore) -> Iterator[None]:
    """Quotes, refreshed one symbol after the other: what was taken of the first venue's levels is back."""
    feeder = Session(core.socket, "market")
    for symbol in range(SYMBOLS):
        for venue in range(VENUES):
            feeder.ask("market", line=quote(symbol, venue))
    ended = threading.Event()

    def refresh() -> None:
        symbol = 0
        while not ended.wait(FEED_S):
            feeder.ask("market", line=quote(symbol % SYMBOLS, 0))
            symbol += 1

    thread = threading.Thread(target=refresh, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        feeder.close()


def _measure(
    core: DeskCore,
    other: int,
    asker: Asker,
    taken: Any,
    submitter: Submitter,
    found: Found,
    blocks: int,
    block_ns: int,
) -> None:
    """Rounds of: raw, closed loop, each rate of the open loop, to the venue. The first two rounds warm up."""
    sends = board_of(core.pid, CAPACITY).sends
    names = ["closed", *(f"open_{rate}" for rate in RATES)]
    for turn in range(blocks + 2):
        if turn == 2:
            found.raw, found.venue, found.hiccup = Histogram(), Histogram(), Histogram()
            found.raw_p50, found.ack, found.ack_p50 = [], {}, {}
        core.pause()
        os.kill(other, signal.SIGCONT)
        count = asker.raw(block_ns, False)
        asker.record(found.raw, count)
        raw = float(np.median(taken[: max(count, 1)]))
        os.kill(other, signal.SIGSTOP)
        core.resume()
        submitter.settle()
        found.raw_p50.append(raw)
        for name in names:
            block = Histogram()
            if name == "closed":
                submitter.closed(block_ns, block)
            else:
                submitter.open(block_ns, float(name.split("_")[1]), block, found.hiccup)
            _add(found, name, block, raw)
        submitter.until_sent(block_ns // 2, found.venue, sends)
        time.sleep(0.001)


def _add(found: Found, name: str, block: Histogram, raw_ticks: float) -> None:
    whole = found.ack.setdefault(name, Histogram())
    whole.merge(block)
    if block.count:
        found.ack_p50.setdefault(name, []).append((float(block.to_dict()["p50"]), raw_ticks))


def _report(found: Found, checks: dict[str, bool]) -> dict[str, Any]:
    raw = found.raw.to_dict()
    beyond = {name: histogram.to_dict()["p50"] - raw["p50"] for name, histogram in found.ack.items()}
    best = {name: min((p50 for p50, _ in pairs), default=0.0) for name, pairs in found.ack_p50.items()}
    return {
        "ok": all(checks.values()),
        "raw_rtt_ns": _told(found.raw),
        "submit_to_ack_ns": {name: _told(histogram) for name, histogram in found.ack.items()},
        "submit_to_venue_ns": _told(found.venue),
        "beyond_raw_p50_ns": beyond,
        "best_block_p50_ns": best,
        "goals_beyond_raw_p50_ns": GOALS_NS,
        "hiccup_ns": _told(found.hiccup),
        "reference_equal": checks,
    }


def _told(histogram: Histogram) -> dict[str, int]:
    found = histogram.to_dict()
    return {key: found[key] for key in ("p50", "p99", "p999", "max", "count")}
