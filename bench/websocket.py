"""How many browsers does one websocket engine carry, and how late is what they see, against its library's
bare broadcast?

A core writes quotes into a journal at planned times, whatever becomes of them; the engine follows it, in a
process of its own; the clients are processes too. Each change is timed from its planned time to when a client
has it. Then the bare server sends as many messages of the same form to as many clients at the same pace.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from bench.desk_core import ROOT
from bench.machine import machine
from core.backtest.recorded import Recorded
from core.build import SCHEMA_VERSION, build_id
from core.scenario.directory import Directory
from core.scenario.encoder import Encoder
from core.scenario.reader import Line
from core.scenario.values import convert, parse_object
from core_ext.journal import JournalWriter

SYMBOLS = 10
PROCESSES = 2
SECRET = b"only for this bench: nobody else has it"
QUANTILES = {"p50": 50, "p99": 99, "p99_9": 99.9, "p99_99": 99.99, "max": 100}
WAIT_S = 180.0


def run(clients: int, rate: int, seconds: float, rounds: int) -> dict[str, Any]:
    """clients: each sees all quotes. rate: quotes a second. rounds: of both, in turn."""
    plan = {
        "clients": clients,
        "changes": round(rate * seconds),
        "every_ns": round(1e9 / rate),
        "seconds": seconds,
    }
    found: dict[str, list[dict[str, Any]]] = {"engine": [], "bare": []}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="nacre-bench-") as place:
            found["engine"].append(_engine(Path(place), plan))
            found["bare"].append(_bare(Path(place), plan))
    told = {name: _told(turns, plan) for name, turns in found.items()}
    engine = told["engine"]
    return {
        "ok": engine["lost"] == 0 == engine["closed"] and engine["seen"] == engine["expected"],
        **told,
        "ratio_p50": _ratio(told, "p50"),
        "ratio_p99": _ratio(told, "p99"),
        "clients": clients,
        "client_processes": PROCESSES,
        "quotes_per_s": rate,
        "seconds": seconds,
        "rounds": rounds,
        "load_average": round(os.getloadavg()[0], 1),
        "machine": machine(),
        "placement": {"engine": "anywhere", "clients": "anywhere"},
        "wait": "sleep",
    }


def _ratio(told: dict[str, Any], key: str) -> float:
    engine, bare = (float(told[name]["late_ms"][key]) for name in ("engine", "bare"))
    return round(engine / max(bare, 1e-6), 2)


def _told(turns: list[dict[str, Any]], plan: dict[str, Any]) -> dict[str, Any]:
    late = np.concatenate([turn["late_ns"] for turn in turns]) / 1e6
    sums = {
        key: sum(turn[key] for turn in turns)
        for key in ("messages", "changes", "conflated", "lost", "closed", "expected")
    }
    took_s = len(turns) * plan["seconds"]
    processor_s = sum(turn["processor_s"] for turn in turns)
    return {
        **sums,
        "seen": sums["changes"] + sums["conflated"],
        "delivered_per_s": round(sums["changes"] / took_s),
        "late_ms": {name: round(float(np.percentile(late, q)), 3) for name, q in QUANTILES.items()},
        "count": len(late),
        "processor_us_each": round(1e6 * processor_s / max(sums["changes"], 1), 2),
    }


# ---- the engine ----------------------------------------------------------------------------------------


class Feeder:
    """A core that writes quotes into a journal."""

    def __init__(self, journal: JournalWriter) -> None:
        self._directory = Directory()
        self._encoder = Encoder("bench", self._directory)
        self._core = Recorded(journal=journal)
        self._count = 0
        for i in range(SYMBOLS):
            self.feed(0, {"type": "instrument", "symbol": f"S{i}", "kind": "equity", "price_precision": 2,
                          "qty_precision": 0, "tick": "0.01", "lot": "1", "currency": "USD"})  # fmt: skip
        symbols = [f"S{i}" for i in range(SYMBOLS)]
        self.feed(0, {"type": "venue", "venue": "V", "mode": "match", "symbols": symbols})

    def feed(self, at: int, values: dict[str, Any]) -> None:
        self._count += 1
        line_type, _, data = convert(parse_object(json.dumps(values)))
        for event in self._encoder.encode(Line(self._count, at, line_type, data)):
            self._core.feed(event.kind, at, event.request, event.session)

    def quotes(self, plan: dict[str, Any]) -> None:
        """At their planned times, or as soon after as can be."""
        begin = time.time_ns()
        for i in range(plan["changes"]):
            planned = begin + i * plan["every_ns"]
            time.sleep(max(0, planned - time.time_ns()) / 1e9)
            px = {"bid_px": f"100.{i % 50:02}", "ask_px": f"100.{i % 50 + 1:02}"}
            sizes = {"bid_qty": "100", "ask_qty": "100"}
            self.feed(planned, {"type": "quote", "venue": "V", "symbol": f"S{i % SYMBOLS}", **px, **sizes})


def _engine(place: Path, plan: dict[str, Any]) -> dict[str, Any]:
    from periphery.websocket.rights import make_token

    (place / "secret").write_bytes(SECRET)
    (place / "secret").chmod(0o600)
    path = place / "engine.sock"
    words = ["core.cli", "websocket", "run", "--journal", str(place / "journal"), "--listen", f"unix:{path}"]
    with JournalWriter(place / "journal", schema_version=SCHEMA_VERSION, build_id=build_id()) as journal:
        feeder = Feeder(journal)
        more = {"NACRE_WEBSOCKET_CLIENTS": str(plan["clients"])}
        with _process(*words, "--secret", str(place / "secret"), env=more) as server:
            assert server.stderr is not None
            _line(server.stderr.readline)
            token = make_token(SECRET, "bench", ["*"], ["*"], 3600)
            topics = [f"quotes:S{i}" for i in range(SYMBOLS)]
            return _clients(server, path, plan, token, topics, lambda: feeder.quotes(plan))


def _bare(place: Path, plan: dict[str, Any]) -> dict[str, Any]:
    path = place / "bare.sock"
    with _process("bench.websocket_bare") as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps(plan | {"path": str(path), "symbols": SYMBOLS}) + "\n")
        server.stdin.flush()
        _line(server.stdout.readline)

        def go() -> None:
            assert server.stdin is not None
            server.stdin.write("\n")
            server.stdin.flush()

        return _clients(server, path, plan, "", [], go)


# ---- both ----------------------------------------------------------------------------------------------


def _clients(
    server: subprocess.Popen[str],
    path: Path,
    plan: dict[str, Any],
    token: str,
    topics: list[str],
    go: Callable[[], object],
) -> dict[str, Any]:
    """What all clients came to, and how much of a processor the server took meanwhile."""
    shares = [plan["clients"] // PROCESSES + (i < plan["clients"] % PROCESSES) for i in range(PROCESSES)]
    asked = plan | {"path": str(path), "token": token, "topics": topics}
    with _process("bench.websocket_client") as one, _process("bench.websocket_client") as two:
        for process, share in zip((one, two), shares, strict=True):
            assert process.stdin is not None
            process.stdin.write(json.dumps(asked | {"clients": share}) + "\n")
            process.stdin.flush()
        for process in (one, two):
            assert process.stdout is not None
            _line(process.stdout.readline)
        before = _processor_s(server.pid)
        go()
        found = [
            json.loads(process.communicate(timeout=WAIT_S + plan["seconds"])[0]) for process in (one, two)
        ]
        took = _processor_s(server.pid) - before
    late = [np.frombuffer(base64.b64decode(each.pop("late_ns")), np.int64) for each in found]
    sums = {key: sum(each[key] for each in found) for key in found[0]}
    return sums | {"late_ns": np.concatenate(late), "processor_s": took}


def _processor_s(pid: int) -> float:
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _line(read: Callable[[], str]) -> dict[str, Any]:
    line = read()
    if not line:
        raise RuntimeError("a process of the bench has ended: see what it said")
    told: dict[str, Any] = json.loads(line)
    return told


@contextmanager
def _process(module: str, *words: str, env: dict[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """A module as a process; ended whatever happens. A service's log is read, others' errors are shown."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [sys.executable, "-m", module, *words], cwd=ROOT, env=os.environ | (env or {}), text=True,
        stdin=pipe, stdout=pipe, stderr=pipe if words else None,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(WAIT_S)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()
