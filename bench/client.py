"""How long does an order take from a strategy in Python to the core's answer, against a bare round trip?

Two processors. On the one a whole core, fused and spinning, with a journal on a real file; on the other a
client of `periphery.client`, which sends an order and polls for its answer. *Raw* is the ping-pong of a cache
line between the same two processors. Blocks of the two alternate: in a raw block the core is off its
processor, in the other the raw answerer is.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from bench.desk_core import DeskCore, desk_core
from bench.hop import LAYOUT, answerer, asker_on
from bench.hop_loop import BOARD_BYTES, SLOT_BYTES, Asker
from bench.machine import choose_two, machine, pinned, siblings
from core import messages as m
from core.recovery import replay
from core_ext.clock import read_ticks, ticks_ns
from core_ext.histogram import Histogram
from core_ext.journal import JournalReader
from core_ext.region import Region
from core_ext.spine import Spine
from periphery.client import Client, Event, OrderEvent, connect

GOAL_NS = 3000
"""Submit to acknowledgement beyond the raw round trip."""

LEAST_TRIPS = 50
"""With fewer orders a block says nothing: one of the processes did not run. Its pair is left out."""

WARM_ORDERS = 10
"""At the start of each block, not counted: the core has just come back to its processor."""

MOST_ORDERS = 1 << 19
FILL_EVERY = 16
SPINS = 20_000_000
"""Polls without an answer after which the core is lost."""

SYMBOL, VENUE, ACCOUNT = "EURUSD", "V", "A"
BID, ASK, RESTING = "1.10000", "1.10010", "1.09990"
LIMITS = (
    ("max_order_qty", "1000000"),
    ("max_order_notional", "10000000"),
    ("price_collar_bps", "500"),
    ("max_position", "1000000000"),
)
DECLARED: list[dict[str, Any]] = [
    {
        "type": "instrument", "symbol": SYMBOL, "kind": "fx", "price_precision": 5, "qty_precision": 0,
        "tick": "0.00001", "lot": "1", "base_currency": "EUR", "currency": "USD",
    },
    {"type": "venue", "venue": VENUE, "mode": "match", "symbols": [SYMBOL]},
    {"type": "account", "account": ACCOUNT, "currency": "USD", "cash": "1000000000"},
    *({"type": "limit", "check": check, "value": value, "account": ACCOUNT} for check, value in LIMITS),
    {"type": "limit", "check": "order_rate", "value": "100000000", "window_s": "1", "account": ACCOUNT},
]  # fmt: skip


class Lost(RuntimeError):
    """The core gave no answer, or another one than there must be."""


@dataclass(slots=True)
class Blocks:
    """What the blocks of a run gave: whole histograms, and by pair what an order took beyond a raw trip."""

    raw: Histogram = field(default_factory=Histogram)
    total: Histogram = field(default_factory=Histogram)
    submit: Histogram = field(default_factory=Histogram)
    decode: Histogram = field(default_factory=Histogram)
    beyond_ns: list[float] = field(default_factory=list)
    disturbed: int = 0
    gap_ns: int = 0


def run(blocks: int = 100, block_ms: float = 10.0, journal: Path | None = None) -> dict[str, Any]:
    """`blocks` pairs of a raw block and one of orders, of at most `block_ms` each. TooFewProcessors.

    journal: the folder in which the core's journal is written and removed; None: the temporary one.
    """
    first, second = choose_two()
    size = BOARD_BYTES + Spine.bytes_needed(1, SLOT_BYTES, 2)
    capacity = {"orders": MOST_ORDERS, "ids": 2 * MOST_ORDERS, "fills": MOST_ORDERS // 8}
    with (
        _orderly_end(),
        desk_core(second, DECLARED, capacity, "spin", journal) as core,
        Region.create(f"nacre-bench-client-{os.getpid()}", size, LAYOUT) as region,
        pinned(first),
    ):
        region.touch()
        with memoryview(region) as block:
            asker, taken = asker_on(block, 1, 1)
            found = _measure(core, region.name, asker, taken, second, blocks, int(block_ms * 1e6))
            del asker
    return found | {
        "machine": machine(),
        "placement": {
            "client": first, "core": second, "core_placement": core.ready["placement"],
            "same_core": second in siblings(first), "processes": 2 + core.ready["workers"],
        },
        "wait": {"client": "spin", "core": "spin"},
    }  # fmt: skip


@contextmanager
def _orderly_end() -> Iterator[None]:
    """SIGTERM ends this process as Ctrl-C does: what it started must not outlive it."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _measure(
    core: DeskCore, name: str, asker: Asker, taken: Any, cpu: int, pairs: int, block_ns: int
) -> dict[str, Any]:
    with connect(core.socket, name="bench") as client, answerer(name, cpu) as other:
        trader = Trader(client)
        pair = Pair(core, trader, asker, taken, other.pid, block_ns)
        with pair:
            pair.measure(Blocks(), 2)  # warms up
            done = pair.measure(Blocks(), pairs)
        found = trader.compare()
    told = core.stop()
    checks = found | _journaled(core.journal, trader.counts, told)
    raw_seen = asker.seen()
    checks["raw_seen"] = raw_seen["raw_asked"] == raw_seen["raw_answered"] and not asker.lost
    return _report(done, checks, trader.counts, raw_seen["gap_ns"])


class Pair:
    """The two kinds of block, one at a time on the processor that both need."""

    def __init__(
        self, core: DeskCore, trader: Trader, asker: Asker, taken: Any, answerer: int, block_ns: int
    ) -> None:
        self._core = core
        self._trader = trader
        self._asker = asker
        self._taken = taken
        self.answerer = answerer
        self._block_ns = block_ns

    def __enter__(self) -> None:
        self._pause_answerer()

    def __exit__(self, *_: object) -> None:
        """The answerer is told to leave while it has the processor."""
        self._core.pause()
        os.kill(self.answerer, signal.SIGCONT)
        self._asker.end()
        self._core.resume()

    def _pause_answerer(self) -> None:
        os.kill(self.answerer, signal.SIGSTOP)
        os.waitid(os.P_PID, self.answerer, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def measure(self, into: Blocks, pairs: int) -> Blocks:
        """Until there are so many whole pairs; three times as many tries at most."""
        for turn in range(3 * pairs):
            if len(into.beyond_ns) == pairs or self._asker.lost or self._trader.is_full:
                break
            kinds: tuple[Callable[[Blocks], Any], ...] = (self._raw, self._orders)
            medians = {kind: kind(into) for kind in (kinds if turn % 2 else kinds[::-1])}
            if None in medians.values():
                into.disturbed += 1
                continue
            into.beyond_ns.append(medians[self._orders] - medians[self._raw])
        return into

    def _raw(self, into: Blocks) -> float | None:
        """The median round trip, ns."""
        self._core.pause()
        os.kill(self.answerer, signal.SIGCONT)
        count = self._asker.raw(self._block_ns)
        self._asker.record(into.raw, count)
        into.gap_ns = max(into.gap_ns, self._asker.hiccup(self._block_ns // 2))
        self._pause_answerer()
        self._core.resume()
        return ticks_ns(int(np.median(self._taken[:count]))) if count > LEAST_TRIPS else None

    def _orders(self, into: Blocks) -> float | None:
        """The median from submit to acknowledgement, ns."""
        times = self._trader.block(into, self._block_ns)
        return float(np.median(times)) if len(times) > LEAST_TRIPS else None


class Trader:
    """The client's orders, one at a time, and what must come of them, counted apart from the core."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.counts: Counter[str] = Counter()
        self._market = {"type": "quote", "venue": VENUE, "symbol": SYMBOL, "bid_px": BID, "ask_px": ASK}
        self._quote()

    @property
    def is_full(self) -> bool:
        """Whether the core's tables would not hold another block."""
        return self.counts["orders"] > MOST_ORDERS // 2

    def _quote(self) -> None:
        """As much on offer as the fills until the next one can take."""
        self._client.market(self._market | {"bid_qty": "1000000", "ask_qty": "1000000000"})

    def block(self, into: Blocks, block_ns: int) -> list[int]:
        """Orders until the time is over; ns from each submit to its acknowledgement."""
        for _ in range(WARM_ORDERS):
            self._trip(Blocks())
        times: list[int] = []
        end = read_ticks() + int(block_ns / ticks_ns(1 << 20) * (1 << 20))
        while read_ticks() < end:
            times.append(self._trip(into))
        return times

    def _trip(self, into: Blocks) -> int:
        """An order, its acknowledgement, and then, not timed, its end."""
        fills = self.counts["orders"] % FILL_EVERY == 0
        price, qty = (ASK if fills else RESTING), 1 + self.counts["orders"] % 7
        submit, poll = self._client.submit, self._client.poll
        begin = read_ticks()
        sent = submit(SYMBOL, "buy", qty, "limit", price, ACCOUNT, VENUE)
        submitted = read_ticks()
        event = poll()
        spins = 0
        while event is None and spins < SPINS:
            event = poll()
            spins += 1
        taken_ns = ticks_ns(read_ticks() - begin)
        into.total.add(taken_ns)
        into.submit.add(ticks_ns(submitted - begin))
        self._expect(event, sent, "pending_new")
        self.counts["orders"] += 1
        self._finish(into, sent, fills, qty)
        return taken_ns

    def _finish(self, into: Blocks, sent: str, fills: bool, qty: int) -> None:
        """Until the order has ended: filled, or cancelled here."""
        self._next(into, sent, "new")
        if fills:
            self._next(into, sent, "trade")
            self.counts["fills"] += 1
            self.counts["bought"] += qty
            return
        asked = self._client.cancel(sent)
        self.counts["cancels"] += 1
        self._next(into, asked, "pending_cancel")
        self._next(into, asked, "canceled")

    def _next(self, into: Blocks, cl_ord_id: str, exec_type: str) -> None:
        """The next answer; the poll that gave it is timed."""
        poll = self._client.poll
        for _ in range(SPINS):
            begin = read_ticks()
            event = poll()
            taken = read_ticks() - begin
            if event is not None:
                into.decode.add(ticks_ns(taken))
                break
        self._expect(event, cl_ord_id, exec_type)

    def _expect(self, event: Event | None, cl_ord_id: str, exec_type: str) -> None:
        if not isinstance(event, OrderEvent) or (event.cl_ord_id, event.exec_type) != (cl_ord_id, exec_type):
            raise Lost(f"{exec_type} of {cl_ord_id} was to come, not {event}")
        self.counts[exec_type] += 1

    def compare(self) -> dict[str, bool]:
        """What the core knows against what was counted here."""
        status = self._client.status()
        (session,) = (row for row in status["sessions"] if row["session"] == self._client.session)
        held = {row["symbol"]: row for row in self._client.positions()["positions"]}
        position = held.get(SYMBOL, {"qty": "0", "avg_cost": ASK})
        requests = self.counts["orders"] + self.counts["cancels"]
        return {
            "accepted": self.counts["pending_new"] == self.counts["orders"],
            "requests": session["requests"] == requests,
            "sends": status["sends"]["intents"] == requests,
            "working": self._client.orders() == [],
            "position": Decimal(position["qty"]) == self.counts["bought"],
            "avg_cost": Decimal(position["avg_cost"]) == Decimal(ASK),
        }


def _journaled(path: Path, counts: Counter[str], told: dict[str, Any]) -> dict[str, bool]:
    """The journal's inputs counted one by one, and its replay against what the core said at its end."""
    kinds: Counter[int] = Counter()
    reports: Counter[int] = Counter()
    size = m.HEADER.itemsize
    for _, body in JournalReader(path):
        kind = int(np.frombuffer(body, m.HEADER, 1)[0]["kind"])
        kinds[kind] += 1
        if kind == m.Kind.REPORT:
            reports[int(np.frombuffer(body[size:].ljust(256, b"\0"), m.REPORT_EVENT, 1)[0]["exec_type"])] += 1
    again = replay(path)
    return {
        "journaled_orders": kinds[m.Kind.ORDER] == counts["orders"],
        "journaled_cancels": kinds[m.Kind.CANCEL] == counts["cancels"],
        "journaled_fills": reports[m.ExecType.TRADE] == counts["fills"],
        "journaled_cancelled": reports[m.ExecType.CANCELED] == counts["cancels"],
        "replayed": again["ok"] and again["state_hash"] == told["state_hash"],
    }


def _report(done: Blocks, checks: dict[str, bool], counts: Counter[str], gap_ns: int) -> dict[str, Any]:
    beyond = [round(float(x)) for x in np.percentile(done.beyond_ns or [0], [50, 25, 75])]
    return {
        "ok": all(checks.values()) and bool(done.beyond_ns),
        "beyond_raw_ns_p50": beyond[0],
        "beyond_raw_ns_iqr": beyond[1:],
        "goal_ns": GOAL_NS,
        "reached": bool(done.beyond_ns) and beyond[0] <= GOAL_NS,
        "raw_rtt_ns": done.raw.to_dict(),
        "submit_to_ack_ns": done.total.to_dict(),
        "submit_ns": done.submit.to_dict(),
        "decode_ns": done.decode.to_dict(),
        "blocks": len(done.beyond_ns),
        "blocks_disturbed": done.disturbed,
        "hiccup_max_ns": max(done.gap_ns, gap_ns),
        "reference_equal": checks,
        "counts": {key: counts[key] for key in ("orders", "fills", "cancels", "bought")},
    }
