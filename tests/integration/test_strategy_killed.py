"""A live strategy, killed at seeded points and in a save of its state, has the orders of one left alone."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from periphery.client import Client, connect
from tests.integration.live_core import Process, until

KILLS = int(os.environ.get("NACRE_STRATEGY_KILLS", "10"))
"""Beside one in a save; over the bridge a third of them."""
SEED = int(os.environ.get("NACRE_STRATEGY_SEED", "11"))
PATIENCE_S = 120.0
QUOTE = {"type": "quote", "venue": "V1", "symbol": "EURUSD", "bid_qty": "1000000", "ask_qty": "1000000"}
DECLARED: list[dict[str, Any]] = [
    {
        "type": "instrument", "symbol": "EURUSD", "kind": "fx", "price_precision": 5, "qty_precision": 0,
        "tick": "0.00001", "lot": "1", "base_currency": "EUR", "currency": "USD",
    },
    {"type": "venue", "venue": "V1", "mode": "match", "symbols": ["EURUSD"], "taker_fee_bps": "0.2"},
    {"type": "account", "account": "A", "currency": "USD", "cash": "1000000"},
]  # fmt: skip
IN_HANDLERS = ("quote", "asked", "answered", "outside")
IN_SAVES = ("save", "written", "renamed")
STRATEGY = """
import os
import signal
from pathlib import Path

from periphery.strategy import Parameters, Strategy

fsync, replace = os.fsync, Path.replace

class Steady(Strategy):
    '''An order a quote. What has no answer yet is asked for again under the same id.'''
    at_stop = "keep"

    class Params(Parameters, frozen=True):
        at: int = 0
        where: str = ""

    def on_start(self):
        self.quotes = self.sum = 0
        self.due = {}
        os.fsync = self.sync
        Path.replace = lambda new, path: self.rename(new, path)

    def save(self):
        self.die("save")
        return {"quotes": self.quotes, "sum": self.sum, "due": self.due}

    def load(self, state):
        self.quotes, self.sum, self.due = state["quotes"], state["sum"], state["due"]

    def on_live(self):
        for cl_ord_id, (side, qty) in self.due.items():
            self.submit("EURUSD", side, qty, cl_ord_id=cl_ord_id)

    def on_quote(self, quote):
        self.quotes += 1
        self.sum = (31 * self.sum + int(quote.bid_px * 100_000)) % 9973
        self.die("quote")
        cl_ord_id, side, qty = f"S-{self.quotes}", "buy" if self.sum % 2 else "sell", 1 + self.sum % 100
        self.due[cl_ord_id] = [side, qty]
        self.submit("EURUSD", side, qty, cl_ord_id=cl_ord_id)
        self.die("asked")

    def on_order(self, order):
        self.die("answered")
        self.due.pop(order.cl_ord_id, None)

    def on_deny(self, denial):
        if denial.reason != "warming_up":
            self.due.pop(denial.cl_ord_id, None)

    def die(self, where):
        if not self.warming and (self.quotes, where) == (self.params.at, self.params.where):
            os.kill(os.getpid(), signal.SIGKILL)

    def sync(self, number):
        fsync(number)
        self.die("written")

    def rename(self, new, path):
        replace(new, path)
        self.die("renamed")
"""


class Point(NamedTuple):
    """Where it dies: at which quote, and where in its process."""

    quote: int
    where: str


class Told(NamedTuple):
    """What came of it."""

    orders: list[tuple[str, ...]]
    positions: list[dict[str, Any]]
    state: dict[str, Any]


def points(kills: int) -> list[Point]:
    """So many seeded ones, and one in a save; no two at the same quote."""
    chance = random.Random(SEED)
    wheres = [chance.choice(IN_HANDLERS) for _ in range(kills)]
    wheres.insert(chance.randrange(kills), chance.choice(IN_SAVES))
    quotes = sorted(chance.sample(range(2, quotes_of(kills)), len(wheres)))
    return [Point(*each) for each in zip(quotes, wheres, strict=True)]


def quotes_of(kills: int) -> int:
    return 4 * kills + 4


class Lives:
    """One strategy, begun again each time that it has died."""

    def __init__(self, core: Process, address: str, left: list[Point]) -> None:
        self.core = core
        self.left = left
        self.chance = random.Random(SEED)
        self.state = core.folder / "steady.json"
        self.log = core.folder / "steady.log"
        file = core.folder / "steady.py"
        file.write_text(STRATEGY)
        self.words = [sys.executable, "-m", "core.cli", "strategy", "run", str(file), "--connect", address]
        self.words += ["--token-file", str(core.socket.with_suffix(".token")), "--warm-up-journal"]
        self.words += ["--state", str(self.state), "--save-s", "0.02", "--wait", "sleep"]
        self.lives = 0
        self.process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        self.lives += 1
        dies = self.left[0] if self.left else Point(0, "")
        params = ["--param", f"at={dies.quote}", "--param", f"where={dies.where}"]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*self.words, *params], cwd=self.core.root, stdout=subprocess.DEVNULL, stderr=log
            )
        until(self.has_begun, "it has begun", PATIENCE_S)

    def has_begun(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        return '"begun"' in self.log.read_text()

    def wait(self) -> int:
        """How it ended."""
        assert self.process is not None
        return self.process.wait(PATIENCE_S)

    def die(self) -> None:
        """It does at the next point, or is killed from outside."""
        if self.left.pop(0).where == "outside":
            time.sleep(self.chance.random() * 0.003)
            self.end(signal.SIGKILL)
        assert self.wait() == -signal.SIGKILL, self.log.read_text()

    def stop(self) -> dict[str, Any]:
        """In order; the state that it has left."""
        self.end(signal.SIGTERM)
        assert self.wait() == 0, self.log.read_text()
        kept: dict[str, Any] = json.loads(self.state.read_text())["state"]
        return kept

    def end(self, number: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(number)


def lived(core: Process, address: str, quotes: int, left: list[Point]) -> Told:
    """So many quotes, each with its order before the next one comes."""
    chance, deaths = random.Random(SEED), len(left)
    lives = Lives(core, address, left)
    try:
        lives.begin()
        with connect(core.socket, name="desk", cancel_on_disconnect=False) as desk:
            for i in range(1, quotes + 1):
                px = 109_000 + chance.randrange(1000)
                desk.market({**QUOTE, "bid_px": f"1.{px:06d}"[:-1], "ask_px": f"1.{px + 20:06d}"[:-1]})
                if lives.left and lives.left[0].quote == i:
                    lives.die()
                    lives.begin()

                def filled(i: int = i) -> bool:
                    rows = desk.orders(live_only=False)  # the latest first
                    return len(rows) >= i and rows[0]["ord_status"] == "filled" and is_booked(desk, rows)

                until(filled, f"the order of quote {i} is filled", PATIENCE_S)
            state = lives.stop()
            rows = desk.orders(live_only=False)
            held = list(desk.positions()["positions"])
        assert lives.lives == deaths + 1
    finally:
        if lives.process is not None:
            lives.process.kill()
            lives.wait()
    names = ("cl_ord_id", "side", "order_qty", "cum_qty", "avg_px", "ord_status")
    return Told([tuple(str(row[name]) for name in names) for row in reversed(rows)], held, state)


def is_booked(desk: Client, rows: list[dict[str, Any]]) -> bool:
    """Whether what is held is what was filled."""
    filled = sum(int(row["cum_qty"]) * (1 if row["side"] == "buy" else -1) for row in rows)
    return filled == sum(int(row["qty"]) for row in desk.positions()["positions"])


@contextmanager
def a_core(folder: Path) -> Iterator[Process]:
    folder.mkdir()
    core = Process(folder, declared=DECLARED)
    core.start()
    try:
        yield core
        core.stop()
    finally:
        core.end()


@contextmanager
def a_bridge(core: Process) -> Iterator[str]:
    orders, feed = (f"ipc://{core.socket.parent}/{name}" for name in ("orders", "feed"))
    words = [sys.executable, "-m", "core.cli", "bridge", "run", "--socket", str(core.socket)]
    process = subprocess.Popen([*words, "--orders", orders, "--feed", feed], cwd=core.root)
    try:
        yield orders
    finally:
        process.terminate()
        assert process.wait(PATIENCE_S) == 0


def undisturbed(folder: Path, quotes: int) -> Told:
    with a_core(folder) as core:
        return lived(core, str(core.socket), quotes, [])


def test_killed_at_ten_points_and_in_a_save_its_orders_are_the_same(tmp_path: Path) -> None:
    with a_core(tmp_path / "killed") as core:
        found = lived(core, str(core.socket), quotes_of(KILLS), points(KILLS))
    alone = undisturbed(tmp_path / "alone", quotes_of(KILLS))
    assert [row[0] for row in alone.orders] == [f"S-{i}" for i in range(1, quotes_of(KILLS) + 1)]
    assert found == alone


def test_killed_over_the_bridge_too(tmp_path: Path) -> None:
    kills = max(KILLS // 3, 1)
    with a_core(tmp_path / "killed") as core, a_bridge(core) as address:
        found = lived(core, address, quotes_of(kills), points(kills))
    assert found == undisturbed(tmp_path / "alone", quotes_of(kills))
