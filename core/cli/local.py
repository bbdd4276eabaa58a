"""A core and what follows it as processes of this machine, without containers: `nacre up --local`.

They are started in order and looked after: one that ends is started again, after a while that grows. The core
comes first, since the others read its journal; it is stopped last, so that they see its end.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from core.cli.health_watch import HealthWatch
from core.cli.lazy import load
from core.cli.output import BadInput
from core_ext.held_lock import HeldLock

AGAIN_S = 0.2
AGAIN_MOST_S = 5.0
WELL_S = 10.0
"""One that ran so long begins with the shortest while again."""
LOOK_S = 0.05
STOP_S = 30.0
READY_S = 60.0
SERVICES = ("websocket", "cache", "backend")
LOCK = "up.lock"
"""In the folder: held by who runs there."""
MARKET_DATA = "market_data"
"""Sections of the engines' file that are of no engine: [websocket] and [backend] are their settings, [cache]
its options.
"""


@dataclass(slots=True)
class Part:
    """A process: the words of its `nacre` command. ready: whether the next may start, once it is true.
    port: of its probes, once it has said so.
    """

    name: str
    words: list[str]
    ready: Callable[[], bool] = lambda: True
    process: subprocess.Popen[str] | None = None
    wait_s: float = AGAIN_S
    due_s: float = 0.0
    since_s: float = 0.0
    starts: int = 0
    port: int | None = None
    readers: list[threading.Thread] = field(default_factory=list)


class Local:
    """All parts. say: gets each line that a part writes, with the part's name before it. folder: where
    `nacre ps` finds how they are.
    """

    def __init__(
        self, parts: Sequence[Part], say: Callable[[str], object], folder: Path | None = None
    ) -> None:
        self.folder = folder
        self.parts = list(parts)
        self.say = say
        self.watch = HealthWatch(self.parts, folder, say)

    def run(self, stopped: Callable[[], bool]) -> None:
        """Until it is stopped; then all end in order. BadInput: another one runs in the folder."""
        lock = None if self.folder is None else _lock(self.folder)
        try:
            self._run(stopped)
        finally:
            if lock is not None:
                lock.release()

    def _run(self, stopped: Callable[[], bool]) -> None:
        self.watch.start()
        try:
            for part in self.parts:
                if stopped():
                    break
                self._start(part)
                end = time.monotonic() + READY_S
                while not part.ready() and not stopped() and time.monotonic() < end:
                    self._look_after()
                    time.sleep(LOOK_S)
            while not stopped():
                self._look_after()
                time.sleep(LOOK_S)
        finally:
            self.watch.end()
            self._stop()

    def _start(self, part: Part) -> None:
        part.process = subprocess.Popen(
            [sys.executable, "-m", "core.cli", *part.words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # a terminal's Ctrl-C is for us: we stop them in order
        )
        part.starts += 1
        part.port = None
        part.since_s = time.monotonic()
        for stream in (part.process.stdout, part.process.stderr):
            assert stream is not None
            part.readers.append(threading.Thread(target=self._pass_on, args=(part, stream), daemon=True))
            part.readers[-1].start()

    def _pass_on(self, part: Part, stream: IO[str]) -> None:
        for line in stream:
            self.say(f"{part.name:10} {line.rstrip()}")
            if part.port is None:
                part.port = _port_in(line)

    def _look_after(self) -> None:
        now = time.monotonic()
        for part in self.parts:
            if part.process is None or part.process.poll() is None:
                continue
            if not part.due_s:
                part.wait_s = AGAIN_S if now - part.since_s > WELL_S else min(2 * part.wait_s, AGAIN_MOST_S)
                part.due_s = now + part.wait_s
                self.say(f"{part.name:10} ended with {part.process.returncode}; again in {part.wait_s:g} s")
            elif now >= part.due_s:
                part.due_s = 0.0
                self._close(part)
                self._start(part)

    def _stop(self) -> None:
        for part in reversed(self.parts):
            if part.process is None:
                continue
            part.process.send_signal(signal.SIGTERM)
            try:
                part.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.say(f"{part.name:10} doesn't end within {STOP_S:g} s: killed")
                part.process.kill()
                part.process.wait()
            self._close(part)

    def _close(self, part: Part) -> None:
        """What its ended process has said is passed on; its pipes are closed."""
        for reader in part.readers:
            reader.join()
        part.readers.clear()
        assert part.process is not None
        for stream in (part.process.stdout, part.process.stderr):
            assert stream is not None
            stream.close()


def _lock(folder: Path) -> HeldLock:
    """Two would write the same journal, states and store. BadInput: somebody holds it."""
    try:
        return HeldLock(os.fspath(folder / LOCK))
    except BlockingIOError:
        raise BadInput(
            f"`nacre up --local` runs already in {folder}: stop it (Ctrl-C there, or SIGTERM), or give "
            "another --folder and --socket"
        ) from None


def _check_engines(names: Iterable[str]) -> None:
    """BadInput: one that there isn't would be started again for ever."""
    asked = list(names)
    known = load("periphery.service.registry", "PLACES") if asked else {}
    unknown = [name for name in asked if name not in known]
    if unknown:
        raise BadInput(f"engine {unknown[0]!r}: there is {', '.join(sorted(known))}")


def _port_in(line: str) -> int | None:
    """Of its probes, where that line of a service's log says so."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    port = found.get("probes", found.get("port")) if isinstance(found, dict) else None
    return port if isinstance(port, int) else None


def parts(
    folder: Path,
    config: Path,
    engines: Path | None,
    sections: Mapping[str, Mapping[str, Any]],
    core: Path,
    socket: Path | None,
    store: str | None,
    bridge: bool,
    strategy: Path | None,
    health: Callable[[], bool],
) -> list[Part]:
    """The processes of one machine. folder: of the journal and each engine's state. sections: of the engines'
    file, one for each engine that runs, for SERVICES, and for each venue whose market data is
    taken, called `market_data` or beginning so. core: its socket. BadInput: an engine that there isn't.
    """
    services = {
        name: section
        for name, section in sections.items()
        if name in SERVICES or name.startswith(MARKET_DATA)
    }
    sections = {name: section for name, section in sections.items() if name not in services}
    _check_engines(sections)
    journal = str(folder / "journal")
    where = ["--socket", str(socket)] if socket else []
    made = [Part("core", ["core", "run", "--config", str(config), "--journal", journal, *where], health)]
    probes = ["--http", "127.0.0.1:0"]
    if bridge:
        stream = ["--stream", "tcp://127.0.0.1:7703", "--journal", journal]
        made.append(Part("bridge", ["bridge", "run", *where, *stream]))
    said = [f"--outputs={name}={folder / name}" for name in sections]
    if store is not None:
        made.append(Part("recorder", ["recorder", "run", journal, "--store", store, *said, *probes]))
    file = ["--config", str(engines)] if engines else []
    for name, section in sections.items():
        words = ["engine", "run", name, *file, "--journal", journal, "--state", str(folder / name)]
        asked = [] if "http" in section else probes
        made.append(Part(name, [*words, "--core", str(core), *asked]))
    for name in services:
        if name.startswith(MARKET_DATA):
            asked = [] if "http" in services[name] else probes
            words = ["market-data", "run", *file, "--section", name, "--core", str(core), *asked]
            made.append(Part(name, words))
    if "websocket" in services:
        asked = [] if "http" in services["websocket"] else probes
        made.append(Part("websocket", ["websocket", "run", *file, "--journal", journal, *said, *asked]))
    if "cache" in services:
        options = {"http": probes[1], **services["cache"]}
        words = [f"--{key}={value}" for key, value in options.items()]
        made.append(Part("cache", ["cache", "run", journal, *words]))
    if "backend" in services:
        options = {"state": folder / "backend", "core": core, "local": folder, "http": probes[1]}
        options |= {} if store is None else {"store": store}
        words = [f"--{key}={value}" for key, value in options.items() if key not in services["backend"]]
        made.append(Part("backend", ["backend", "run", *file, *words]))
    if strategy is not None:
        where = ["--connect", str(socket)] if socket else []
        made.append(Part("strategy", ["strategy", "run", str(strategy), *where, *probes]))
    return made
