"""A trading floor for a browser: core, recorded market, recorder, websocket engine, backend, and people."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from periphery.recorder.recorder import Recorder
from periphery.recorder.stores import open_store
from periphery.websocket.rights import read_secret
from tests.browser.engines import following
from tests.browser.files import prepare
from tests.browser.market import DECLARED, Feed
from tests.integration.live_core import Process
from tests.support_backend import Serving, config_of

WAIT_S = 60.0
PEOPLE = {
    "anna": ("view", "trade", "risk", "admin"),
    "bert": ("view", "trade", "risk"),
    "vera": ("view",),
}
CORE = 'second_person = true\n[groups]\ndesk = ["A1", "B2"]\n'


class Engine:
    """`nacre websocket run`; after `kill` it starts anew at the same address."""

    def __init__(self, folder: Path, journal: Path, outputs: Mapping[str, Path], retained: int) -> None:
        """outputs: of engines beside the core, the folder of what each says. retained: changes of a topic."""
        self._retained = str(retained)
        self.secret = folder / "websocket.secret"
        words = [sys.executable, "-m", "core.cli", "websocket"]
        subprocess.run([*words, "secret", str(self.secret)], check=True, capture_output=True, timeout=WAIT_S)
        read_secret(self.secret)
        self._words = [*words, "run", "--journal", str(journal), "--secret", str(self.secret)]
        for name, said in outputs.items():
            self._words += ["--outputs", f"{name}={said}"]
        self.port = 0
        self.start()

    def start(self) -> None:
        listen = ["--listen", f"127.0.0.1:{self.port}", "--http", "127.0.0.1:0"]
        # A machine that runs tests may stand still for a while; nobody is to be cut for that.
        patient = os.environ | {"NACRE_WEBSOCKET_RETAINED": self._retained, "NACRE_WEBSOCKET_STALL_S": "120"}
        words = [*self._words, *listen]
        self.process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=patient)
        assert self.process.stderr is not None
        begins = json.loads(self.process.stderr.readline())
        assert begins["message"] == "begins", begins
        self.port = begins["listen"]

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.communicate(timeout=WAIT_S)


class Kept:
    """A recorder in a thread: everything that the core journals is in the store soon."""

    def __init__(self, journal: Path, address: str) -> None:
        store = open_store(address)
        store.migrate()
        store.close()
        self._ending = threading.Event()
        self.seq = 0
        self._thread = threading.Thread(target=self._run, args=(journal, address), name="recorder")
        self._thread.start()

    def _run(self, journal: Path, address: str) -> None:
        store = open_store(address)
        recorder = Recorder(journal, store, "core")
        while not self._ending.wait(0.05):
            while recorder.poll():
                pass
            self.seq = recorder.stored.seq
        store.close()

    def end(self) -> None:
        self._ending.set()
        self._thread.join()


class Floor:
    """All of it, while it is open. said: of engines beside the core, the folder of what each says."""

    said: Mapping[str, Path]

    def __init__(self, core: Process, kept: Kept, engine: Engine, backend: Serving, feed: Feed) -> None:
        self._kept = kept
        self.core = core
        self.engine = engine
        self.backend = backend
        self.feed = feed

    def restart_backend(self) -> None:
        """It ends in order, and another one begins at its address, from its files."""
        address = self.url.removeprefix("http://")
        self.close()
        self.backend = Serving(replace(self.backend.config, listen=address), PEOPLE)
        self.backend.__enter__()

    def close(self) -> None:
        self.backend.__exit__(None, None, None)

    def recorded(self) -> int:
        """The last event that is in the store."""
        return self._kept.seq

    @property
    def url(self) -> str:
        return self.backend.url


@contextmanager
def opened(
    folder: Path,
    declared: list[dict[str, Any]] | None = None,
    core_text: str = CORE,
    engines: tuple[str, ...] = (),
    retained: int = 50_000,
) -> Iterator[Floor]:
    """declared: other than what comes with the recorded market. engines: that follow the core.

    retained: changes of a topic that the websocket engine can go on from.
    """
    (folder / "core.toml").write_text(core_text)
    core = Process(folder, "--config", str(folder / "core.toml"), declared=declared or DECLARED)
    core.start()
    store = f"sqlite:///{folder / 'nacre.db'}"
    with ExitStack() as ends:
        ends.callback(core.end)
        kept = Kept(core.journal, store)
        ends.callback(kept.end)
        followers = ends.enter_context(following(folder, core.journal, engines))
        engine = Engine(folder, core.journal, followers.folders, retained)
        ends.callback(engine.kill)
        feed = Feed(core.socket)
        ends.callback(feed.end)
        more: dict[str, Any] = {
            "websocket": f"127.0.0.1:{engine.port}",
            "websocket_secret": str(engine.secret),
            "engines": dict(followers.probes),
            **prepare(folder),
        }
        backend = Serving(config_of(folder, core.socket, store=store, **more), PEOPLE)
        floor = Floor(core, kept, engine, backend, feed)
        floor.said = followers.folders
        backend.__enter__()
        ends.callback(floor.close)
        yield floor
