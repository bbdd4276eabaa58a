"""SIGKILL of the core at seeded points of a session, again and again: the node agrees with the venue's own
records.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import threading
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from core.live.sample import EURUSD
from periphery.client import connect
from periphery.client.errors import ClientError
from tests.integration.live_core import Process
from tests.nt.venue import Venue

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120.0
KILLS_A_SESSION = 20
DECLARED: list[dict[str, Any]] = [
    EURUSD,
    {"type": "venue", "venue": "V1", "mode": "manual", "symbols": ["EURUSD"]},
    {"type": "account", "account": "A", "currency": "USD", "cash": "100000000"},
]  # fmt: skip
CONFIG = """
wait = "sleep"
segment_mb = 4
[capacity]
orders = 32768
more_children = 32768
ids = 131072
fills = 65536
book_orders = 1024
"""
"""Small tables: the core, and who reads its journal, make them anew after every kill. A core that spins takes
a processor from the node and from its own next start.
"""


class Session:
    """A core, a venue, a node; all but the core live through every kill."""

    def __init__(self, folder: Path, python: str, version: str, seed: int) -> None:
        self.random = Random(seed)
        config = folder / "core.toml"
        config.write_text(CONFIG)
        self.core = Process(folder, "--config", str(config), declared=DECLARED)
        self.core.start()
        self.venue = Venue(folder, str(self.core.socket), seed)
        self.turn_until(lambda: self.venue.sends.client is not None, "the venue's gateway has a session")
        command = [python, "-m", f"tests.nt.kills_v{version}", str(self.core.socket), str(seed)]
        pipe = subprocess.PIPE
        self.node = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        self.said: list[str] = []
        self._reader = threading.Thread(target=self._read, name="node")
        self._reader.start()

    def _read(self) -> None:
        """What the node says: a pipe that nobody reads would hold it up."""
        assert self.node.stdout is not None
        self.said.extend(line for line in self.node.stdout if line.startswith("{"))

    def turn_until(self, true: Any, what: str, seconds: float = PATIENCE_S) -> None:
        """The venue works meanwhile."""
        end = time.monotonic() + seconds
        while not true():
            if time.monotonic() > end:
                raise AssertionError(f"not within {seconds} s: {what}; {self.stands()}")
            try:
                busy = self.venue.turn()
            except ClientError as wrong:
                self.venue.sends.lost(str(wrong))
                busy = False
            if not busy:
                time.sleep(0.001)

    def stands(self) -> str:
        """For who looks for a fault."""
        sends, node = self.venue.sends, self.node.poll()
        try:
            core = str(dict(Counter(self.core_has().values())))
        except ClientError as wrong:
            core = str(wrong)
        return (
            f"{len(self.venue.records)} orders at the venue; its gateway: {sends.why or 'in session'}, next "
            f"{next(iter(sends.waiting), None)}; the node: {'runs' if node is None else f'ended, {node}'}, "
            f"said {self.said[-1:]}; the core: {core}"
        )

    def kill(self) -> None:
        """After some orders more have reached the venue, and a little while."""
        until = len(self.venue.records) + self.random.randrange(1, 12)
        self.turn_until(
            lambda: len(self.venue.records) >= until or self.node.poll() is not None, "orders come"
        )
        pause = time.monotonic() + self.random.uniform(0, 0.01)
        self.turn_until(lambda: time.monotonic() >= pause, "a little while")
        self.core.kill()
        self.venue.sends.lost("killed")
        self.core.start()

    def end(self) -> dict[str, Any]:
        """What the node believes, once everything is settled."""
        assert self.node.stdin is not None
        self.venue.quiet = True
        self.node.stdin.write("\n")
        self.node.stdin.close()
        self.turn_until(lambda: self.node.poll() is not None, "the node ends", 300)
        self._reader.join()
        rows = [json.loads(line) for line in self.said]
        if self.node.returncode or "orders" not in rows[-1]:
            raise AssertionError(f"the node ended with {self.node.returncode}: {rows[-1:]}")
        return dict(rows[-1])

    def core_has(self) -> dict[str, str]:
        """What the core says of each order, for who looks for a fault."""
        with connect(self.core.socket, name="look") as client:
            rows = client.request("executions")["orders"]
        return {row["first_cl_ord_id"]: f"{row['ord_status']}, {row['cum_qty']} filled" for row in rows}

    def close(self) -> None:
        if self.node.poll() is None:
            self.node.kill()
            self.node.wait()
        self.venue.sends.close()
        self.core.end()


def disagreements(believed: dict[str, Any], venue: Venue, core: dict[str, str]) -> list[str]:
    """Of the node with the venue's records; the venue is right."""
    found = [f"{child} reached the venue {r.news} times" for child, r in venue.records.items() if r.news != 1]
    filled = Counter[str]()
    trades = Counter[str]()
    net = Decimal(0)
    for child, record in venue.records.items():
        order = child.rpartition(".")[0]
        filled[order] += int(record.filled)
        trades[order] += len(record.fills)
        net += record.filled if record.side == "buy" else -record.filled
    known = {row["cl_ord_id"]: row for row in believed["orders"]}
    found += [f"{order}: at the venue, not in the node" for order in filled if order not in known]
    for name, row in known.items():
        if int(row["filled"]) != filled[name] or len(row["trades"]) != trades[name]:
            found.append(
                f"{name}: {filled[name]} filled in {trades[name]} at the venue, "
                f"the node has {row}, the core {core.get(name)}"
            )
        if len(set(row["trades"])) != len(row["trades"]):
            found.append(f"{name}: a trade twice: {row['trades']}")
        child = venue.records.get(f"{name}.1")
        if child is None and row["status"] not in ("REJECTED", "DENIED", "CANCELED"):
            found.append(f"{name}: {row['status']}, and it never reached the venue")
        if child is not None and not child.over and row["status"] not in ("ACCEPTED", "PARTIALLY_FILLED"):
            found.append(f"{name}: {row['status']}, and it works at the venue")
    if Decimal(believed["net"]) != net:
        found.append(f"a position of {believed['net']}, the venue has {net}")
    return found


def run(version: str, python: str, kills: int, seed: int) -> int:
    """In sessions of so many: what a node asks about as it begins is all of its day, which grows."""
    begun = range(0, kills, KILLS_A_SESSION)
    return max(
        _session(version, python, min(KILLS_A_SESSION, kills - n), seed + i) for i, n in enumerate(begun)
    )


def _session(version: str, python: str, kills: int, seed: int) -> int:
    with tempfile.TemporaryDirectory(prefix="nacre-nt-") as folder:
        session = Session(Path(folder), python, version, seed)
        try:
            for n in range(kills):
                session.kill()
                if (n + 1) % 10 == 0:
                    print(f"{n + 1} kills, {len(session.venue.records)} orders at the venue", flush=True)
            believed = session.end()
            found = disagreements(believed, session.venue, session.core_has())
        finally:
            session.close()
    states = dict(Counter(row["status"] for row in believed["orders"]))
    print(f"{kills} kills, seed {seed}: {len(believed['orders'])} orders, {states}, net {believed['net']}")
    for each in found[:20]:
        print(f"DIFFERS: {each}")
    return 1 if found or len(believed["orders"]) < kills else 0
