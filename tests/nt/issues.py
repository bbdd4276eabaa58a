"""Faults that nodes of NautilusTrader had when they were started again, each a case: the node is killed by
SIGKILL, the core too, and the next node must believe what the last one did.

    3046  a fill that was replayed at a restart counted twice
    3176  orders of a kept cache came again as others, of other kinds
    4736  a position of a kept cache was closed by a fill that nobody made
    5000  orders that worked were dropped where fills didn't come to the position
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from periphery.client import connect
from tests.integration.live_core import Process
from tests.nt.desk import DECLARED, Feed

ROOT = Path(__file__).parents[2]
WAIT_S = 120.0
BASE = {"type": "open_position", "account": "A", "symbol": "EURUSD", "qty": "777", "avg_cost": "1.2"}
type Belief = dict[str, Any]


@contextmanager
def node(python: str, core: Process, what: str, port: int) -> Iterator[Belief]:
    """What it believes once it has come to rest; then SIGKILL."""
    command = [python, "-m", "tests.nt.issues_v1", str(core.socket), what, str(port)]
    child = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        line = next((line for line in child.stdout if line.startswith("{")), None)
        if line is None:
            raise AssertionError(f"the node that should {what} ended with {child.wait()}")
        yield json.loads(line)
    finally:
        child.kill()
        child.wait()


@contextmanager
def kept(folder: Path) -> Iterator[int]:
    """The port of a Redis server that a node keeps its cache in."""
    program = shutil.which("redis-server")
    if program is None:
        raise SystemExit("no redis-server here: run `make servers`, as root")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--dir",
        str(folder),
        "--save",
        "",
        "--appendonly",
        "no",
    ]
    server = subprocess.Popen([program, *words], stdout=subprocess.DEVNULL)
    end = time.monotonic() + WAIT_S
    try:
        while not _takes(port):
            if time.monotonic() > end or server.poll() is not None:
                raise AssertionError("redis-server doesn't start")
            time.sleep(0.02)
        yield port
    finally:
        server.terminate()
        server.wait()


def _takes(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def market(core: Process) -> Iterator[None]:
    with connect(core.socket, name="feed") as client:
        feed = Feed(client)
        feed.start()
        try:
            yield
        finally:
            feed.stop()


def no_fill_twice(before: Belief, after: Belief) -> None:
    """The name of the fill that stands for what was before the journal is each node's own."""
    for name, order in before["orders"].items():
        if not name.startswith("O-"):
            continue
        assert after["orders"][name]["trades"] == order["trades"], (name, order, after["orders"][name])
        assert after["orders"][name]["filled"] == order["filled"], (name, order, after["orders"][name])
    trades = [each for position in after["positions"] for each in position["trades"]]
    assert len(trades) == len(set(trades)), trades


def no_order_again(before: Belief, after: Belief) -> None:
    made = {name for name in after["orders"] if name not in before["orders"]}
    assert not made, {name: after["orders"][name] for name in made}
    for name, order in before["orders"].items():
        for key in ("type", "tif", "qty", "status"):
            assert after["orders"][name][key] == order[key], (name, key, order, after["orders"][name])


def position_stays(before: Belief, after: Belief) -> None:
    assert [p["net"] for p in before["positions"]] == [p["net"] for p in after["positions"]], (before, after)
    assert [bool(Decimal(each["net"])) for each in after["positions"]] == [True], after


def works_still(before: Belief, after: Belief) -> None:
    """The node that knows nothing finds every order that works, and the position with what was before."""
    works = {name for name, order in before["orders"].items() if order["status"] == "ACCEPTED"}
    assert works, before
    assert all(after["orders"].get(name, {}).get("status") == "ACCEPTED" for name in works), (works, after)
    net = sum((Decimal(p["net"]) for p in after["positions"]), Decimal(0))
    assert net == 2000 + Decimal(BASE["qty"]), after["positions"]


WARM: dict[str, Callable[[Belief, Belief], None]] = {
    "3046: a fill of a kept cache counts once": no_fill_twice,
    "3176: an order of a kept cache comes once, as it was": no_order_again,
    "4736: a position of a kept cache stays": position_stays,
}
COLD: dict[str, Callable[[Belief, Belief], None]] = {
    "3046: a fill that is reported counts once": no_fill_twice,
    "5000: what works is not dropped where fills don't come to the position": works_still,
}


def one(python: str, warm: bool) -> tuple[Belief, Belief]:
    """A node trades and is killed, the core is killed, the next node comes."""
    with tempfile.TemporaryDirectory(prefix="nacre-nt-") as name, kept(Path(name)) as port:
        core = Process(Path(name), "--wait", "sleep", declared=[*DECLARED, BASE])
        core.start()
        port = port if warm else 0
        try:
            with market(core), node(python, core, "leave", port) as before:
                pass
            core.kill()
            core.start()
            with market(core), node(python, core, "find", port) as after:
                pass
        finally:
            core.end()
    return before, after


def run(python: str) -> int:
    """Exit code."""
    failed = 0
    for warm, cases in ((True, WARM), (False, COLD)):
        before, after = one(python, warm)
        for name, holds in cases.items():
            try:
                holds(before, after)
            except (AssertionError, KeyError) as wrong:
                failed += 1
                print(f"issue {name}: failed: {wrong!r}", flush=True)
            else:
                print(f"issue {name}: passed", flush=True)
    return 1 if failed else 0
