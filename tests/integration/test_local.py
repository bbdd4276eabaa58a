"""`nacre up --local`: a core and what follows it, killed one after the other, stopped in order."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.integration.live_core import until

NACRE = [sys.executable, "-m", "core.cli"]
WAIT_S = 60.0


class Up:
    """What runs, and what it said."""

    def __init__(self, place: Path, *more: str) -> None:
        self.socket = place / "core.sock"
        self.store = f"sqlite:///{place / 'store.db'}"
        self.folder = place / "local"
        words = ["up", "--local", "--folder", str(self.folder), "--socket", str(self.socket)]
        words += ["--store", self.store, *(more or ("--engine", "risk"))]
        self.process = subprocess.Popen(
            [*NACRE, *words], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line.rstrip())

    def said(self, part: str, words: str) -> int:
        return sum(line.startswith(part) and words in line for line in self.lines)

    def child(self, words: str) -> int:
        """The pid of the process of it with these words."""
        parent = f"\nPPid:\t{self.process.pid}\n"
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                status, words_of = (entry / "status").read_text(), (entry / "cmdline").read_text()
            except OSError:
                continue  # it has just ended
            if parent in status and words in words_of.replace("\0", " "):
                return int(entry.name)
        return 0

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(WAIT_S)
        self._reader.join()
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code

    def run(self, *words: str) -> Any:
        ran = subprocess.run([*NACRE, *words], capture_output=True, text=True, check=False)
        assert ran.returncode == 0, (ran.stdout, ran.stderr, self.lines)
        return json.loads(ran.stdout)


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    made = Up(tmp_path)
    try:
        yield made
    finally:
        if made.process.poll() is None:
            made.stop()


def kill(up: Up, words: str) -> None:
    """Until it is gone."""
    pid = until(lambda: up.child(words), words)
    os.kill(pid, signal.SIGKILL)
    until(lambda: up.child(words) != pid, f"{words} is gone")


def test_each_killed_and_brought_back(up: Up) -> None:
    until(lambda: up.said("risk", "begins") and up.said("recorder", "from event"), "all run", WAIT_S)

    def buy(n: int) -> None:
        words = ["order", "buy", "AAPL", "1", "--limit", "1.00", "--venue", "XNAS", "--id", f"o{n}"]
        up.run(*words, "--socket", str(up.socket), "-o", "json")

    buy(0)
    for n, words in enumerate(("engine run risk", "recorder run"), 1):
        kill(up, words)
        buy(n)
        until(lambda words=words: up.child(words), f"{words} is brought back", WAIT_S)

    def kept() -> bool:
        rows = up.run("recorder", "show", "orders", "--store", up.store, "-o", "json")
        return {row["cl_ord_id"] for row in rows} == {f"o{n}" for n in range(3)}

    until(kept, "the store has all orders", WAIT_S)
    assert up.stop() == 0
    ends = [line.split()[0] for line in up.lines if '"ends"' in line or "through event" in line]
    assert ends[-2:] == ["risk", "recorder"]  # the core after them
    words = ["engine", "replay", "risk", "--journal", str(up.folder / "journal")]
    (told,) = up.run(*words, "--against", str(up.folder / "risk"), "-o", "json")
    assert told["equal"]
    assert not up.socket.exists()


def state(up: Up, name: str) -> str:
    ran = subprocess.run(
        [*NACRE, "ps", "--folder", str(up.folder), "-o", "json"], capture_output=True, text=True, check=False
    )
    rows = json.loads(ran.stdout or "[]")
    states = {row["name"]: str(row["state"]) for row in rows}
    assert (ran.returncode == 0) == bool(rows and set(states.values()) <= {"ready", "running"})
    return states.get(name, "")


def test_one_without_its_input_is_unready_and_a_paused_one_unhealthy(up: Up) -> None:
    until(lambda: state(up, "risk") == "ready", "risk is ready", WAIT_S)
    until(lambda: state(up, "recorder") == "ready", "the recorder is ready", WAIT_S)
    journal = up.folder / "journal"
    journal.rename(up.folder / "away")
    until(lambda: state(up, "risk") == "unready", "its input is gone", WAIT_S)
    (up.folder / "away").rename(journal)
    until(lambda: state(up, "risk") == "ready", "it is there again", WAIT_S)
    pid = up.child("engine run risk")
    os.kill(pid, signal.SIGSTOP)
    try:
        until(lambda: state(up, "risk") == "unhealthy", "it is paused", WAIT_S)
    finally:
        os.kill(pid, signal.SIGCONT)
    until(lambda: state(up, "risk") == "ready", "it goes on", WAIT_S)
    assert up.said("risk", "is unready: ")
    assert up.said("risk", "is unhealthy: ")
    assert up.stop() == 0
    ran = subprocess.run(
        [*NACRE, "ps", "--folder", str(up.folder)], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, "nothing runs there" in ran.stderr) == (2, True)


def test_a_bad_configuration_is_said_and_tried_again(tmp_path: Path) -> None:
    bad = tmp_path / "core.toml"
    bad.write_text("nonsense = 1\n")
    words = [*NACRE, "up", "--local", "--folder", str(tmp_path / "local"), "--config", str(bad)]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert process.stderr is not None
    said = [process.stderr.readline() for _ in range(3)]
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert "nonsense" in "".join(said)
    assert process.returncode == 0


def test_the_backend_is_a_part(tmp_path: Path) -> None:
    file = tmp_path / "engines.toml"
    file.write_text(f'[backend]\nstate = "{tmp_path / "people"}"\nlisten = "127.0.0.1:0"\n')
    words = ["user", "add", "anna", "--scope", "view", "--config", str(file)]
    secret = "a password of anna's"
    subprocess.run(
        [*NACRE, "backend", *words], input=secret + "\n", text=True, check=True, capture_output=True
    )
    up = Up(tmp_path, "--engines", str(file))
    try:
        until(lambda: state(up, "backend") == "ready", "the backend has found the core", WAIT_S)
        [line] = until(
            lambda: [line for line in up.lines if line.startswith("backend") and '"ready": true' in line],
            "it has said where",
            WAIT_S,
        )
        told = json.loads(line.partition(" ")[2])
        url = f"http://127.0.0.1:{told['port']}"
        form = {"username": "anna", "password": secret}
        token = requests.post(f"{url}/auth/token", data=form, timeout=WAIT_S).json()["access_token"]
        bearer = {"Authorization": f"Bearer {token}"}
        assert requests.get(f"{url}/orders", headers=bearer, timeout=WAIT_S).json()["orders"] == []
        rows = requests.get(f"{url}/orders/history", headers=bearer, timeout=WAIT_S)
        assert rows.status_code == 200  # the recorder's store is the one of `up`
        counted = 'nacre_backend_requests_total{operation="GET /orders",status="200"} 1.0'
        metrics = f"http://127.0.0.1:{told['probes']}/metrics"
        until(lambda: counted in requests.get(metrics, timeout=WAIT_S).text, "it is counted", WAIT_S)
    finally:
        assert up.stop() == 0
