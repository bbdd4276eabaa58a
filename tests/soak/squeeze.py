"""Each ring of a running core is filled on purpose: a process is stopped for a moment, and more is sent than its
ring holds. What a full ring refuses its client is told at once; what it took is all there afterwards.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from core.board import Board
from core.engine_limits import DERIVES_MAX
from core.torture.live import Client, Process, until
from tests.soak.load import PATIENCE_S, Feed, Trader

HOLD_S = 1.5
"""A process that is stopped for longer is taken for dead."""
PLACE_FOR_REPORT = 1
CROWDED = 4
type Squeeze = Callable[["Rings"], None]


class Rings:
    """The rings of one core, how full each was seen, and who fills them."""

    def __init__(self, core: Process, board: Board, feed: Feed, rng: random.Random) -> None:
        self.core, self.board, self.feed, self.rng = core, board, feed, rng
        self.trader: Trader
        self.most: dict[str, int] = {}
        self.filled: dict[str, int] = {}
        self.problems: list[str] = []

    def capacities(self) -> dict[str, int]:
        """From how many on it counts as full: who writes there waits then."""
        capacity = self.board.capacity
        return {
            "spine": capacity.spine - PLACE_FOR_REPORT,
            "reports": capacity.loopback - CROWDED,
            **dict.fromkeys(("sends", "to_venues", "from_venues"), capacity.loopback),
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

    def fill(self, squeeze: Squeeze, name: str) -> None:
        """One squeeze with a trader of its own, and all that it asked for answered afterwards."""
        self.trader = Trader(self.core, f"squeeze-{name}")
        squeeze(self)
        self.trader.leave()
        self.problems += self.trader.problems

    def saw(self, *names: str) -> None:
        for name in names:
            self.filled[name] = self.filled.get(name, 0) + 1

    def hold(self, work: Callable[[], bool], *wanted: str) -> None:
        """Works until those are full; what is full meanwhile is noted, once."""
        end, seen = time.monotonic() + HOLD_S, set[str]()
        while time.monotonic() < end:
            went_on = work()
            seen |= self.look()
            if seen.issuperset(wanted) and (wanted or not went_on):
                break
        self.saw(*sorted(seen))

    def need(self, true: bool, what: str) -> None:
        if not true:
            self.problems.append(what)


@contextmanager
def stopped(core: Process, stage: str) -> Iterator[None]:
    """The process that has the stage stands still."""
    pid = next(each["pid"] for each in core.workers() if stage in each["stages"])
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):  # it took too long, and was replaced
            os.kill(pid, signal.SIGCONT)


def requests(rings: Rings) -> None:
    """Nobody takes from sessions: a trader's ring and the market's are full, and say so to who pushes."""
    busy = rings.trader.client.requests.fulls
    with stopped(rings.core, "sequencer"):
        rings.hold(lambda: rings.trader.push(rings.rng))
        refused = rings.trader.client.requests.fulls - busy
        rings.hold(lambda: rings.feed.push())
        market = rings.feed.refused
    rings.need(refused > 0, "a trader's request ring never said that it is full")
    rings.saw(*["session requests"] * (refused > 0), *["market requests"] * (market > 0))


def spine(rings: Rings) -> None:
    """An engine stands still: the spine is full, and holds back who feeds it; nothing is overwritten."""
    with stopped(rings.core, "resolve"):
        rings.hold(lambda: rings.feed.push(), "spine")


def sends(rings: Rings) -> None:
    """Venues stand still, then the sequencer: what goes to them and what comes back fills every ring between."""
    with stopped(rings.core, "sequencer"):
        with stopped(rings.core, "venues"):
            pass
    with stopped(rings.core, "venues"):
        rings.hold(lambda: rings.trader.push(rings.rng), "to_venues", "sends")
        with stopped(rings.core, "sequencer"):
            pid = None
    del pid


def responses(rings: Rings) -> None:
    """A session that hears nothing: its answers are overwritten, it sees the gap, and asks again."""
    deaf = Client(rings.core, "squeeze-deaf")
    sent = 0

    def push() -> bool:
        nonlocal sent
        sent += deaf.order(f"deaf-{sent}", 109000, venue=0)
        return deaf.responses.claimed_seq <= deaf.responses.capacity

    end = time.monotonic() + PATIENCE_S
    while push() and time.monotonic() < end:
        rings.feed.push()
    claimed = deaf.responses.claimed_seq
    rings.need(claimed > deaf.responses.capacity, f"a deaf session was told {claimed} only")
    rings.need(deaf.responses.read(1) is None, "an overwritten response is still read")
    answer = deaf.must("orders", live_only=True)["orders"]
    rings.need(bool(answer), "a session that missed answers asks for its orders, and hears of none")
    if claimed > deaf.responses.capacity:
        rings.saw("session responses")
    while deaf.quotes.claimed_seq <= deaf.quotes.capacity and time.monotonic() < end:
        rings.feed.push()
    rings.saw(*["session quotes"] * (deaf.quotes.claimed_seq > deaf.quotes.capacity))
    rings.need(deaf.quotes.read(1) is None, "an overwritten quote is still read")
    deaf.close()
