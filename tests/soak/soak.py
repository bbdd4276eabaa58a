"""A core under ten times the demonstration's load, for as long as it is asked: sessions come and go, every
ring is full now and then, its processors are stolen; nothing may be lost, doubled, or grow.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.board import MAX_SESSIONS as SEATS
from core.live.observe import observe
from core.recovery import replay
from core.torture.live import DECLARED, Client, Process
from core.torture.rounds import order_names
from tests.soak.load import PATIENCE_S, Feed, Pace, Trader
from tests.soak.squeeze import SQUEEZES, Rings
from tests.soak.watch import Watch

CONFIG = """
segment_mb = 1
wait = "sleep"
touch_memory = true
placement = "fused"
[placements]
sequencer = "pinned"
gateways = "pinned"
venues = "pinned"
[capacity]
sessions = 2048
loopback = 512
orders = {orders}
more_children = {orders}
ids = {ids}
"""
VENUES = [
    *(line for line in DECLARED if line["type"] not in ("account", "limit")),
    {"type": "venue", "venue": "V2", "mode": "match", "symbols": ["EURUSD"], "taker_fee_bps": "0.3"},
    {"type": "account", "account": "A", "currency": "USD", "cash": "1000000000000"},
]  # fmt: skip
BUSY = "import os\nwhile os.getppid() == {}: sum(range(10000))"
"""Takes a processor while its parent lives."""
LOOK_S, STEAL_PART = 1.0, 0.1
SESSIONS_MAX = 1000


@dataclass(frozen=True)
class Plan:
    """seconds: of load. at_once: traders that are in at any time; sessions: in all, one after the other.
    quotes_per_s, orders_per_s: of all of them. squeezes: how often each ring is filled. steals: how often all
    processors are taken away, for a tenth of the time in all.
    """

    seconds: float
    sessions: int
    at_once: int = 56
    quotes_per_s: float = 2220.0
    orders_per_s: float = 50.0
    squeezes: int = 1
    steals: int = 1
    seed: int = 1

    def orders(self) -> int:
        """For how many there must be room: a squeeze takes up to 4,000."""
        wanted = int(self.seconds * self.orders_per_s) + 4096 * len(SQUEEZES) * self.squeezes
        return 1 << max(wanted.bit_length(), 15)


class Soak:
    """One run."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.plan, self.rng = plan, random.Random(plan.seed)
        config = folder / "core.toml"
        config.write_text(CONFIG.format(orders=plan.orders(), ids=2 * plan.orders()))
        self.core = Process(folder, "--config", str(config), declared=VENUES)
        self.watch = Watch()
        self.traders: list[Trader] = []
        self.sent = Counter[str]()  # orders, by session
        self.problems: list[str] = []
        self.opened = 0
        self.stolen_s = 0.0

    def run(self) -> dict[str, Any]:
        """All of it; what it came to."""
        try:
            self.core.start()
            self.board = observe(self.core.socket)
            self.feed = Feed(self.core, self.rng)
            self.rings = Rings(self.core, self.board, self.feed, self.rng)
            self._load()
            return self._end()
        finally:
            self.core.end()

    # ---- under load ----------------------------------------------------------------------------------------

    def _load(self) -> None:
        plan = self.plan
        self.began = time.monotonic()
        quotes, orders = Pace(plan.quotes_per_s), Pace(plan.orders_per_s)
        jobs = self._jobs()
        looked = 0.0
        self._come(plan.at_once)
        while (at := time.monotonic() - self.began) < plan.seconds:
            self._turn(quotes, orders)
            if at >= looked + min(LOOK_S, plan.seconds / 60):
                self.watch.look(at, self._pids())
                looked = at
            while jobs and jobs[0][0] <= at:
                self._job(jobs.pop(0)[1])
            self._rotate(at)
            time.sleep(0.002)
        for _, name in jobs:
            self._job(name)
        self._rotate(plan.seconds)
        self.late = quotes.late + orders.late

    def _turn(self, quotes: Pace, orders: Pace) -> None:
        for _ in range(quotes.due()):
            if not self.feed.push():
                break
            quotes.done += 1
        for _ in range(orders.due()):
            if not self.rng.choice(self.traders).push(self.rng):
                break
            orders.done += 1
        for each in self.traders:
            each.read()

    def _jobs(self) -> list[tuple[float, str]]:
        """(when, what), spread over the time in rounds that have each once: a heap that hasn't met all of
        them before it is judged would grow then.
        """
        rounds = [[*SQUEEZES, "seats"] for _ in range(self.plan.squeezes)]
        for i in range(self.plan.steals):
            rounds[i % len(rounds)].append("steal")
        for each in rounds:
            self.rng.shuffle(each)
        names = [name for each in rounds for name in each]
        every = self.plan.seconds / (len(names) + 1)
        return [((i + 1) * every, name) for i, name in enumerate(names)]

    def _job(self, name: str) -> None:
        if name == "steal":
            self._steal(self.plan.seconds * STEAL_PART / max(self.plan.steals, 1))
        elif name == "seats":
            self._fill_seats()
        else:
            self.rings.fill(name)
            self.sent[self.rings.trader.name] += self.rings.trader.orders
            self.core.clients.remove(self.rings.trader.client)

    def _rotate(self, at: float) -> None:
        """Sessions come as fast as the time passes; for each the oldest one leaves."""
        due = self.plan.at_once + (self.plan.sessions - self.plan.at_once) * at / self.plan.seconds
        while self.opened < min(int(due), self.plan.sessions):
            self._leave(self.traders.pop(0))
            self._come(1)

    def _come(self, count: int) -> None:
        for _ in range(count):
            self.traders.append(Trader(self.core, f"s{self.opened}"))
            self.opened += 1

    def _leave(self, one: Trader) -> None:
        one.leave()
        self.sent[one.name] += one.orders
        self.problems += one.problems
        self.core.clients.remove(one.client)

    def _steal(self, seconds: float) -> None:
        """A busy loop on each processor, beside the same load."""
        command = [sys.executable, "-c", BUSY.format(os.getpid())]
        thieves = [subprocess.Popen(command) for _ in range(2 * (os.cpu_count() or 1))]
        quotes, orders = Pace(self.plan.quotes_per_s), Pace(self.plan.orders_per_s)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._turn(quotes, orders)
            time.sleep(0.002)
        for thief in thieves:
            thief.kill()
            thief.wait()
        self.stolen_s += seconds

    def _fill_seats(self) -> None:
        """Every seat is taken; one more is told `busy`, and those that have one trade on."""
        free = range(SEATS - len(self.traders) - 1)
        extra = [Client(self.core, f"extra-{i}", patience_s=PATIENCE_S) for i in free]
        told = Client(self.core, "one-more", patience_s=PATIENCE_S).told
        if told["ok"] or "busy" not in told.get("error", ""):
            self.problems.append(f"a session too many was told {told}")
        else:
            self.rings.saw("seats")
        for each in (*extra, self.core.clients[-1]):
            each.close()
            self.core.clients.remove(each)
        before = self.feed.client.must("status")["sessions"]
        if len(before) < len(self.traders):
            self.problems.append(f"{len(before)} sessions are in, of {len(self.traders)}")

    def _pids(self) -> dict[str, int]:
        if not hasattr(self, "workers"):
            self.workers = {each["name"]: each["pid"] for each in self.feed.workers()}
        return {"server": self.core.pid, **self.workers}

    # ---- at the end ----------------------------------------------------------------------------------------

    def _end(self) -> dict[str, Any]:
        while self.traders:
            self._leave(self.traders.pop())
        pushed, seconds = self.feed.client.sent, time.monotonic() - self.began
        restarts = self.feed.client.must("status").get("restarts", 0)
        stopped = self.core.stop()
        played = replay(self.core.journal)
        lost, doubled = self._compare()
        slopes = self.watch.slopes(self.plan.seconds)
        self.problems += self.rings.problems
        if not played["ok"]:
            self.problems.append(f"replay: {played['problem']}")
        inputs = pushed + sum(self.sent.values())
        return {
            "minutes": round(self.plan.seconds / 60, 2),
            "sessions": self.opened, "at_once": self.plan.at_once,
            "quotes_per_s": self.plan.quotes_per_s, "orders_per_s": self.plan.orders_per_s,
            "inputs": inputs, "inputs_per_s": round(inputs / seconds), "late": self.late,
            "orders": sum(self.sent.values()), "events": stopped["seq"], "restarts": restarts,
            "stolen_s": round(self.stolen_s, 1), "filled": dict(sorted(self.rings.filled.items())),
            "most": self.rings.most, "slopes": slopes, "flat": all(each["flat"] for each in slopes),
            "lost": lost, "duplicated": doubled, "seed": self.plan.seed,
            "replay_equal": played["ok"] and played["state_hash"] == stopped["state_hash"],
            "problems": self.problems,
        }  # fmt: skip

    def _compare(self) -> tuple[int, int]:
        """(orders that were sent and aren't in the journal, those that are in it twice)."""
        found = Counter(order_names(self.core.journal))
        sent = {f"{name}-{i}" for name, orders in self.sent.items() for i in range(orders)}
        return len(sent - found.keys()), sum(count > 1 for count in found.values())
