"""A core under load, and what is looked at when its processes were killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from core import messages as m
from core.live.intake import SOURCE_SESSIONS
from core.recovery import replay
from core.torture.live import DECLARED, ROOT, Client, Process, until
from core_ext.journal import JournalReader

PLACEMENTS = {
    "pinned": 'placement = "pinned"\nplacements = {venues = "pinned"}\n',
    "fused": 'placement = "fused"\nplacements = {venues = "pinned"}\n',
    "mixed": 'placement = "fused"\n'
    'placements = {sequencer = "pinned", gateways = "pinned", venues = "pinned"}\n',
    "inside": 'placement = "pinned"\n',  # the venues die with the gateways
}
VENUES = [
    *DECLARED,
    {
        "type": "venue", "venue": "V2", "mode": "match", "symbols": ["EURUSD"], "taker_fee_bps": "0.3",
        "latency_us": "700",
    },
]  # fmt: skip
SAID = ("kind", "exec_type", "status", "reason", "order_qty", "cum_qty", "leaves_qty", "price")
_FIELDS: Any = m.HEADER.fields
_KIND, _FLAGS, _SOURCE, _NUMBER = (
    int(_FIELDS[name][1]) for name in ("kind", "flags", "source", "source_seq")
)
TAKEN = (m.OrdStatus.PENDING_NEW, m.OrdStatus.NEW)
CLIENT, CORE = "client", "the core"
"""Who can be killed besides the core's workers."""
VICTIM = """
import sys, time
from pathlib import Path
sys.path.append(sys.argv[3])
from core.live.worker import name_process
from core.torture.live import Client, Process
name_process("client")
client = Client(Process(Path(sys.argv[1])), sys.argv[2])
i = 0
print("ready", flush=True)
while True:
    client.order(f"{sys.argv[2]}-{i}", 109000 - i % 50, account=1)
    i += 1
    time.sleep(0.001)
"""


class Wrong(AssertionError):
    """Something was lost, doubled, or differs."""


@dataclass
class Tally:
    """What all rounds came to."""

    kills: Counter[str] = field(default_factory=Counter)
    damages: Counter[str] = field(default_factory=Counter)
    disks: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    duplicated: int = 0
    replay_equal: int = 0
    replays: int = 0
    orders: int = 0
    unknown: int = 0
    resume_ms: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """What another part came to."""
        for each in fields(self):
            before, more = getattr(self, each.name), getattr(other, each.name)
            setattr(self, each.name, before + more)

    def note(self, problem: str) -> None:
        self.problems.append(problem)

    def told(self) -> dict[str, Any]:
        return {
            "kills": sum(self.kills.values()),
            "by": dict(sorted(self.kills.items())),
            "damages": dict(sorted(self.damages.items())),
            "disks": dict(sorted(self.disks.items())),
            "orders": self.orders,
            "lost": self.lost,
            "duplicated": self.duplicated,
            "unknown_asked": self.unknown,
            "replays": self.replays,
            "replay_equal": self.replay_equal == self.replays,
            "resume_ms": self.resumed(),
            "problems": self.problems,
        }

    def resumed(self) -> dict[str, int]:
        """From a kill to the answer of an order that was sent after it."""
        found = sorted(self.resume_ms) or [0.0]
        at = {"p50": len(found) // 2, "p99": len(found) * 99 // 100, "max": len(found) - 1}
        return {name: round(found[i]) for name, i in at.items()} | {"count": len(self.resume_ms)}


class Session:
    """A client that reads all that it is told, and remembers it."""

    def __init__(self, core: Process, name: str) -> None:
        self.client = Client(core, name, cancels=False)
        self.name = name
        self.sent = 0
        self.orders = 0
        self.told: dict[str, list[np.void]] = {}

    def push(self, rng: random.Random) -> None:
        """An order that rests, crosses or expires, direct or routed; some are changed, or canceled."""
        name = f"{self.name}-{self.orders}"
        more: dict[str, Any] = {"venue": rng.choice((0, 1, m.NONE16, m.NONE16))}
        if rng.random() < 0.1:
            more |= {"time_in_force": m.TimeInForce.IOC}
        elif rng.random() < 0.1:
            flags = m.OrderFlag.HAS_QTY | m.OrderFlag.HAS_PRICE | m.OrderFlag.HAS_EXPIRE
            soon = time.time_ns() + 50_000_000
            more |= {"time_in_force": m.TimeInForce.GTD, "flags": flags, "expire_ns": soon}
        if self.client.order(name, 110010 if rng.random() < 0.3 else 109000 - rng.randrange(50), **more):
            self.orders += 1
            self.follow_up(rng, name)
        self.read()

    def follow_up(self, rng: random.Random, name: str) -> None:
        what = rng.random()
        if what < 0.15:
            self.client.replace(name, f"{name}c", 150)
        elif what < 0.4:
            self.client.cancel(name, f"{name}c")

    def read(self) -> None:
        while (row := self.client.next()) is not None:
            if int(row["number"]) != self.client.read:
                raise Wrong(f"{self.name}: response {self.client.read} says that it is {row['number']}")
            raw = row["cl_ord_id"].tobytes()
            self.told.setdefault(raw[1 : 1 + raw[0]].decode(), []).append(row)

    def load(self, rng: random.Random, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for _ in range(4):
                self.push(rng)
            time.sleep(0.002)

    def until_answered(self) -> None:
        """Until each order has an answer."""

        def answered() -> bool:
            self.read()
            return all(f"{self.name}-{i}" in self.told for i in range(self.orders))

        until(answered, f"{self.name}: every order is answered", 60)

    def acknowledged(self) -> set[str]:
        return {name for name in self.told if not name.endswith("c")}


class Round:
    """One core, its journal, its kills."""

    def __init__(
        self, folder: Path, placement: str, rng: random.Random, tally: Tally, settings: str = "", **more: Any
    ) -> None:
        """settings: lines of the core's configuration. more: of the process."""
        self.rng = rng
        self.tally = tally
        self.placement = placement
        config = folder / "core.toml"
        config.write_text("segment_mb = 1\n" + settings + PLACEMENTS[placement])
        self.core = Process(folder, "--config", str(config), declared=VENUES, **more)
        self.victims: list[subprocess.Popen[str]] = []
        self.sessions: list[Session] = []
        try:
            self.begin()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """However it went: no process of it is left."""
        for victim in self.victims:
            victim.kill()
            victim.wait()
        self.core.end()

    # ---- lives ---------------------------------------------------------------------------------------------

    def begin(self) -> None:
        self.core.start()
        self.session = Session(self.core, f"s{len(self.sessions)}")
        self.sessions.append(self.session)
        self.show_market()
        told = self.until_answered_by_venues()
        self.intents_before = told["sends"]["intents"] - told["venues"]["messages"]
        self.venue_kills = 0

    def show_market(self) -> None:
        for venue in ("V1", "V2"):
            qty = str(self.rng.randrange(200, 5000))
            line = {"type": "quote", "venue": venue, "symbol": "EURUSD", "bid_qty": qty, "ask_qty": qty}
            self.session.client.must("market", line={**line, "bid_px": "1.10000", "ask_px": "1.10010"})

    def until_answered_by_venues(self) -> dict[str, Any]:
        """Until nothing is under way to or from venues, and all that they said has been everywhere."""

        def quiet() -> dict[str, Any] | None:
            told = self.status()
            done = {told["seq"], *told["cursors"].values()}
            return told if told["sends"]["under_way"] == 0 and len(done) == 1 else None

        found: dict[str, Any] = until(lambda: quiet() and quiet(), "venues have answered", 60)
        return found

    def strike(self, target: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Kills under load, and waits until an order that is sent afterwards is answered."""
        self.session.load(self.rng, self.rng.uniform(0.02, 0.15))
        began = time.monotonic()
        if target == CORE:
            self.kill_core()
        elif target == CLIENT:
            self.kill_client()
        else:
            self.kill_worker(target, number)
        self.tally.kills[target if number == signal.SIGKILL else f"{target} stopped"] += 1
        self.session.load(self.rng, 0.02)
        self.session.until_answered()
        self.tally.resume_ms.append((time.monotonic() - began) * 1000)

    def kill_worker(self, name: str, number: signal.Signals) -> None:
        before = self.status()
        pid = next(each["pid"] for each in before["workers"] if each["name"] == name)
        self.session.load(self.rng, self.rng.uniform(0.0, 0.02))
        os.kill(pid, number)
        self.venue_kills += name == "venues" or self.placement == "inside"
        until(lambda: self.is_back(name, pid), f"{name} is brought back", 60)

    def is_back(self, name: str, pid: int) -> bool:
        for _ in range(2):  # orders go on; to ask too often would take the time from who comes back
            self.session.push(self.rng)
            time.sleep(0.004)
        workers = self.status()["workers"]
        return all(each["going"] and each["pid"] != pid for each in workers)

    def kill_client(self) -> None:
        """Its orders are canceled, its seat is free again."""
        name = f"v{len(self.victims)}"
        victim = self.start_victim(name)
        self.session.load(self.rng, self.rng.uniform(0.02, 0.1))
        victim.kill()
        victim.communicate()
        self.await_gone(name)

    def start_victim(self, name: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", VICTIM, str(self.core.folder), name, str(ROOT)]
        victim = subprocess.Popen(command, cwd=self.core.root, stdout=subprocess.PIPE, text=True)
        self.victims.append(victim)
        assert victim.stdout is not None
        victim.stdout.readline()
        return victim

    def await_gone(self, name: str) -> None:
        until(lambda: name not in self.seated(), f"{name} has left", 60)
        until(lambda: name not in self.owners(), f"the orders of {name} are canceled", 60)

    def seated(self) -> set[str]:
        return {each["name"] for each in self.status()["sessions"]}

    def owners(self) -> set[str]:
        """The sessions that have live orders of the victims' account."""
        rows = self.session.client.must("orders", account="B", live_only=True)["orders"]
        return {row["session"] for row in rows}

    def kill_core(self) -> None:
        """All of it at once."""
        self.core.kill()
        self.come_back()

    def come_back(self) -> None:
        """What was acknowledged is in the journal, and another core begins with the journal's state."""
        self.session.read()
        self.session.client.close()
        missing = self.session.acknowledged() - self.check_sources(whole=False).keys()
        if missing:
            self.tally.lost += len(missing)
            self.wrong(f"acknowledged and not in the journal: {sorted(missing)[:5]}")
        hash_before = self.check_replay()
        self.tally.orders += self.session.orders
        self.begin()
        restored = self.status()["restored"]["state_hash"]
        if restored != hash_before:
            self.wrong(f"came back as {restored}, the journal said {hash_before}")

    def status(self) -> dict[str, Any]:
        return self.session.client.must("status")

    def failed(self, error: Exception) -> None:
        """Why, and what the core said."""
        said = ""
        if self.core.process is not None:
            code = self.core.process.poll()
            self.core.process.kill()
            said = f"; the core ended with {code} and said: {self.core.reap()[2][-2000:]}"
        self.wrong(f"{type(error).__name__}: {error}{said}")

    def wrong(self, problem: str) -> None:
        self.tally.note(f"{self.placement}, {self.core.folder}: {problem}")

    # ---- what is looked at ---------------------------------------------------------------------------------

    def end(self) -> None:
        """Stops it in order, and looks at everything."""
        self.session.until_answered()
        self.check_venues()
        self.session.read()
        told = self.core.stop()
        self.session.read()
        self.check_responses()
        self.check_sources(whole=True)
        if self.check_replay() != told["state_hash"]:
            self.wrong(f"the state at the end is {told['state_hash']}, not the replay's")
            self.tally.replay_equal -= 1
        self.tally.orders += self.session.orders

    def check_replay(self) -> str:
        """A fresh replay of the journal derives what is recorded."""
        played = replay(self.core.journal)
        self.tally.replays += 1
        if played["ok"]:
            self.tally.replay_equal += 1
        else:
            self.wrong(f"replay: {played['problem']}")
        return str(played["state_hash"])

    def check_sources(self, *, whole: bool) -> Counter[str]:
        """Every source's inputs count 1, 2, 3, ...; whole: of the session there is all that it sent. Else the
        last of it may be missing: what was on its ring, or taken and neither recorded nor told.

        How often each order is in the journal.
        """
        counts: Counter[int] = Counter()
        names: Counter[str] = Counter()
        for source, number, name in recorded(self.core.journal):
            if name:
                names[name] += 1
            if source is None:
                continue
            counts[source] += 1
            if number != counts[source]:
                self.tally.duplicated += 1
                self.wrong(f"source {source}: {number} is number {counts}")
        doubled = [name for name, count in names.items() if count > 1]
        self.tally.duplicated += len(doubled)
        if doubled:
            self.wrong(f"orders that were taken twice: {doubled[:5]}")
        sent = [f"{self.session.name}-{i}" for i in range(self.session.orders)]
        missing, is_tail = not_taken(sent, names)
        if missing and (whole or not is_tail):
            self.tally.lost += len(missing)
            self.wrong(
                f"orders that were sent and not taken: {missing[:5]}, the last of {len(sent)} is {sent[-1]}"
            )
        assert SOURCE_SESSIONS in counts or not self.session.orders
        return names

    def check_responses(self) -> None:
        """Each order is first told to be taken or denied, nothing twice, and its quantity only grows."""
        for name, rows in self.session.told.items():
            said = [
                tuple(int(row[key]) for key in SAID)
                for row in rows
                if row["exec_type"] != m.ExecType.CANCEL_REJECTED  # each child may refuse
            ]
            if not name.endswith("c") and rows[0]["kind"] == 2 and rows[0]["status"] not in TAKEN:
                self.wrong(f"{name}: the first that is told is {rows[0]}")
            if len(set(said)) != len(said):
                self.tally.duplicated += 1
                self.wrong(f"{name}: told twice: {said}")
            filled = [int(row["cum_qty"]) for row in rows]
            if filled != sorted(filled):
                self.wrong(f"{name}: its fills go back: {filled}")

    def check_venues(self) -> None:
        """No message twice; each intent reached its venue, but for those that nobody knows of. What venues
        say agrees with what the core knows: it has halted none.
        """
        told = self.until_answered_by_venues()
        if told["halts"]:
            self.wrong(f"halted: {told['halts']}")
        if self.placement == "inside":
            return
        venues, sends = told["venues"], told["sends"]
        self.tally.duplicated += venues["doubled"]
        self.tally.unknown += sends["unknown"]
        if venues["doubled"]:
            self.wrong(f"{venues['doubled']} new orders came twice")
        written = sends["intents"] - self.intents_before
        if not written - sends["unknown"] <= venues["messages"] <= written + self.venue_kills:
            self.wrong(f"{written} written, {venues} came, venues killed {self.venue_kills} times; {sends}")
        if venues["bytes"] != venues["messages"] * m.SEND.itemsize:
            self.wrong(f"{venues}: bytes and messages differ")


def not_taken(sent: list[str], taken: Container[str]) -> tuple[list[str], bool]:
    """What isn't there, and whether it is the last that was sent: no more may a core's death cut off."""
    missing = [name for name in sent if name not in taken]
    return missing, missing == sent[len(sent) - len(missing) :]


def recorded(journal: Path) -> Iterator[tuple[int | None, int, str]]:
    """Of each event its source, None where the core derived it, and number there; the cl_ord_id of an order,
    else "". In one pass, by places: a journal is read for each death of a core.
    """
    for _, body in JournalReader(journal):
        kind = int.from_bytes(body[_KIND : _KIND + 2], "little")
        derived = body[_FLAGS] & m.HeaderFlag.DERIVED
        number = int.from_bytes(body[_NUMBER : _NUMBER + 8], "little")
        yield None if derived else body[_SOURCE], number, _name(body) if kind == m.Kind.ORDER else ""


def _name(body: bytes) -> str:
    raw = body[m.HEADER.itemsize : m.HEADER.itemsize + 40]
    return raw[1 : 1 + raw[0]].decode()


def order_names(journal: Path) -> Iterator[str]:
    """The cl_ord_id of each order in the journal."""
    return (name for _, _, name in recorded(journal) if name)
