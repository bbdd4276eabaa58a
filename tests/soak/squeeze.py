"""Each ring of a running core is filled on purpose: a process is stopped for a moment, and more is sent
than its ring holds. What a full ring refuses is told at once; what it took is all there afterwards.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress

from core import messages as m
from core.board import Board
from core.torture.live import Client, Process
from tests.soak.load import PATIENCE_S, Feed, Trader

HOLD_S, TOGETHER = 2.0, 16
"""A process that is stopped for longer is taken for dead."""
TRIES = 5
PLACE_FOR_REPORT, CROWDED = 1, 4
DERIVES_MAX = 160
"""Of core/engine.pxd: an engine that finds less room on its loopback ring waits."""
type Squeeze = Callable[["Rings"], None]


class Rings:
    """The rings of one core, how full each was seen, and who fills them."""

    def __init__(self, core: Process, board: Board, feed: Feed, rng: random.Random) -> None:
        self.core, self.board, self.feed, self.rng = core, board, feed, rng
        self.trader: Trader
        self.most: dict[str, int] = {}
        self.filled: dict[str, int] = {}
        self.problems: list[str] = []
        self.turn = 0

    def capacities(self) -> dict[str, int]:
        """From how many on it counts as full: who writes there waits then."""
        capacity = self.board.capacity
        return {
            "spine": capacity.spine - PLACE_FOR_REPORT,
            "reports": capacity.loopback - CROWDED,
            **dict.fromkeys(("sends", "from_venues"), capacity.loopback),
            "to_venues": capacity.loopback - 1,
            **{f"loopback.{name}": capacity.loopback - DERIVES_MAX for name in self.board.loopbacks},
        }

    def levels(self) -> dict[str, int]:
        board = self.board
        return {
            "spine": board.spine.claimed_seq - board.spine.slowest_gating,
            **{name: len(getattr(board, name)) for name in ("reports", "sends", "to_venues", "from_venues")},
            **{f"loopback.{name}": len(ring) for name, ring in board.loopbacks.items()},
        }

    def look(self) -> set[str]:
        """Which are full now."""
        levels, most = self.levels(), self.capacities()
        for name, level in levels.items():
            self.most[name] = max(level, self.most.get(name, 0))
        return {name for name, level in levels.items() if level >= most[name]}

    def fill(self, name: str) -> None:
        """With a trader of its own, and all that it asked for answered afterwards. Where the machine was too
        slow for the moment that a process may stand still, again.
        """
        squeeze, wanted = SQUEEZES[name]
        before = dict(self.filled)
        self.trader = Trader(self.core, f"squeeze-{name}-{self.turn}")
        for _ in range(TRIES):
            squeeze(self)
            self.trader.await_answers()
            if all(self.filled.get(each, 0) > before.get(each, 0) for each in wanted):
                break
        else:
            self.problems.append(f"not full in {TRIES} tries: one of {wanted}; seen: {self.most}")
        self.turn += 1
        self.trader.leave()
        self.problems += self.trader.problems

    def saw(self, *names: str) -> None:
        for name in names:
            self.filled[name] = self.filled.get(name, 0) + 1

    def hold(self, work: Callable[[], object], *wanted: str | Callable[[], bool]) -> None:
        """Works until all of that is so, or the ring of that name full; what is full meanwhile is noted."""
        end, seen = time.monotonic() + HOLD_S, set[str]()

        def done() -> bool:
            return all(each in seen if isinstance(each, str) else each() for each in wanted)

        while time.monotonic() < end and not done():
            for _ in range(TOGETHER):
                work()
            seen |= self.look()
            self.trader.read()
        self.saw(*sorted(seen))

    def need(self, true: bool, what: str) -> None:
        if not true:
            self.problems.append(what)


class Stopped:
    """The processes that have these stages stand still; the first to be stopped goes on first."""

    def __init__(self, feed: Feed) -> None:
        self.pids = {stage: each["pid"] for each in feed.workers() for stage in each["stages"]}
        self.still: list[str] = []

    def stop(self, stage: str) -> None:
        self._signal(stage, signal.SIGSTOP)
        self.still.append(stage)

    def go_on(self) -> None:
        self._signal(self.still.pop(0), signal.SIGCONT)

    def _signal(self, stage: str, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):  # it was silent for too long, and was replaced
            os.kill(self.pids[stage], number)

    def __enter__(self) -> Stopped:
        return self

    def __exit__(self, *_: object) -> None:
        while self.still:
            self.go_on()


def requests(rings: Rings) -> None:
    """Nobody takes from sessions: a trader's ring and the market's are full, and say so to who pushes."""
    trader, feed = rings.trader.client.requests, rings.feed.client.requests
    before = trader.fulls, feed.fulls
    with Stopped(rings.feed) as still:
        still.stop("sequencer")
        rings.hold(lambda: rings.trader.push(rings.rng), lambda: trader.fulls > before[0])
        rings.hold(rings.feed.push, lambda: feed.fulls > before[1])
    rings.saw(
        *["session requests"] * (trader.fulls > before[0]), *["market requests"] * (feed.fulls > before[1])
    )


def spine(rings: Rings) -> None:
    """An engine stands still: the spine is full, and holds back who feeds it; nothing is overwritten."""
    with Stopped(rings.feed) as still:
        still.stop("resolve")
        rings.hold(rings.feed.push, "spine")


def sends(rings: Rings) -> None:
    """Venues stand still, then the sequencer: what goes to them and what comes back fills each ring."""
    with Stopped(rings.feed) as still:
        still.stop("venues")
        rings.hold(lambda: rings.trader.push(rings.rng, venue=0), "to_venues", "sends")
        still.stop("sequencer")
        still.go_on()
        rings.hold(lambda: None, "reports", "from_venues")


def loopback(rings: Rings) -> None:
    """Routed orders that expire ask for timers: engines that go on while the sequencer stands still fill
    their rings.
    """
    soon = time.time_ns() + 3_000_000_000
    with Stopped(rings.feed) as still:
        still.stop("orders")
        rings.hold(lambda: rings.trader.push(rings.rng, m.NONE16, soon), "spine")
        still.stop("sequencer")
        still.go_on()
        rings.hold(lambda: None, "loopback.orders", "loopback.router")


def responses(rings: Rings) -> None:
    """A session that hears nothing: its answers are overwritten, it sees the gap, and asks again."""
    deaf = Client(rings.core, "squeeze-deaf", patience_s=PATIENCE_S)
    sent = 0

    def push() -> bool:
        nonlocal sent
        sent += deaf.order(f"deaf-{rings.turn}-{sent}", 109000, venue=0)
        return deaf.responses.claimed_seq <= deaf.responses.capacity

    end = time.monotonic() + PATIENCE_S
    while push() and time.monotonic() < end:
        rings.feed.push()
    rings.need(deaf.responses.read(1) is None, "an overwritten response is still read")
    answer = deaf.must("orders", live_only=True)["orders"]
    rings.need(bool(answer), "a session that missed answers asks for its orders, and hears of none")
    rings.saw(*["session responses"] * (deaf.responses.claimed_seq > deaf.responses.capacity))
    while deaf.quotes.claimed_seq <= deaf.quotes.capacity and time.monotonic() < end:
        rings.feed.push()
    rings.saw(*["session quotes"] * (deaf.quotes.claimed_seq > deaf.quotes.capacity))
    rings.need(deaf.quotes.read(1) is None, "an overwritten quote is still read")
    deaf.close()


SQUEEZES: dict[str, tuple[Squeeze, tuple[str, ...]]] = {
    "requests": (requests, ("session requests", "market requests")),
    "spine": (spine, ("spine",)),
    "sends": (sends, ("to_venues", "sends", "reports", "from_venues")),
    "loopback": (loopback, ("loopback.orders", "loopback.router")),
    "responses": (responses, ("session responses", "session quotes")),
}
"""Each with the rings that it must fill. The desk's two rings can't be full: their one producer waits until
its input is taken. Those of risk, execution and positions have a few events: the simulation fills them.
"""
