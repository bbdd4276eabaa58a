"""A live core, its bridge with keys, an engine over the stream: killed and cut off, all come back, nothing is
lost or doubled.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from periphery.client import connect
from periphery.client.errors import BadRequest, ClientError, HangUp, Refused
from periphery.client.outputs import Outputs
from periphery.service.state import read_said
from periphery.stream.ask import status
from periphery.stream.keys import make
from tests.integration.live_core import ROOT, Process, until

WAIT_S = 90.0
PARAMS = ("period_s=0.05", "least=3", "draws=50")
DESK = {"orders": "true", "desk": "true"}


def quote(cents: int) -> dict[str, Any]:
    line = {"type": "quote", "venue": "V1", "symbol": "EURUSD", "bid_qty": "1000000", "ask_qty": "1000000"}
    return {**line, "bid_px": f"1.{cents:05}", "ask_px": f"1.{cents + 10:05}"}


class Started:
    """A command of nacre in a process of its own."""

    def __init__(self, log: Path, *words: str) -> None:
        self.words, self.log = [sys.executable, "-m", "core.cli", *words], log
        self.begin()

    def begin(self) -> None:
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(self.words, cwd=ROOT, stderr=out, stdout=out)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        assert self.process.wait(WAIT_S) == 0, self.log.read_text()


@pytest.fixture
def started() -> Iterator[Callable[..., Started]]:
    """Begins commands; none outlives the test."""
    found: list[Started] = []

    def begin(log: Path, *words: str) -> Started:
        found.append(Started(log, *words))
        return found[-1]

    yield begin
    for each in found:
        each.kill()


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Process]:
    found = Process(tmp_path)
    found.start()
    yield found
    found.end()


def folder_of(path: Path, **clients: dict[str, str]) -> Path:
    """Keys of a publisher, and of clients with these rights."""
    make(path, "server")
    sections = []
    for name, rights in clients.items():
        _, public = make(path, name)
        sections.append(f'[{name}]\nkey = "{public}"\n' + "".join(f"{k} = {v}\n" for k, v in rights.items()))
    (path / "clients.toml").write_text("\n".join(sections))
    return path


def files(keys: Path, name: str) -> dict[str, str]:
    return {"key": str(keys / f"{name}.secret"), "server_key": str(keys / "server.public")}


def test_an_engine_over_the_stream_says_what_it_says_over_the_journal(
    core: Process, tmp_path: Path, started: Callable[..., Started]
) -> None:
    """With SIGKILL of the engine, of the stream and of the bridge, and a gap that the journal fills."""
    keys = folder_of(tmp_path / "keys", desk=DESK, risk={}, reader={"topics": '["outputs"]'})
    ipc = {name: f"ipc://{core.socket.parent}/{name}" for name in ("orders", "feed", "stream", "said")}
    bridge = started(
        tmp_path / "bridge.log", "bridge", "run", "--socket", str(core.socket), "--orders", ipc["orders"],
        "--feed", ipc["feed"], "--stream", ipc["stream"], "--keys", str(keys),
    )  # fmt: skip
    over = [
        "--connect",
        ipc["stream"],
        *(f"--{k.replace('_', '-')}={v}" for k, v in files(keys, "risk").items()),
    ]
    engine = started(
        tmp_path / "engine.log", "engine", "run", "risk", *over, "--state", str(tmp_path / "risk"),
        "--publish", ipc["said"], "--http", "127.0.0.1:0", "--keys", str(keys),
        *(f"--param={each}" for each in PARAMS),
    )  # fmt: skip
    outputs, chance = Outputs(ipc["said"], **files(keys, "reader")), random.Random(6)
    found: list[Any] = []
    far = until(lambda: _connected(ipc["orders"], keys), "the bridge is there", WAIT_S)
    try:
        far.market(quote(9000))
        far.submit("EURUSD", "buy", 1000, "limit", "1.09010", account="A")
        for what in ("quotes", "engine", "stream", "engine", "bridge", "stopped", "quotes"):
            _upset(what, engine, bridge)
            for _ in range(20):
                far = _moved(far, ipc["orders"], keys, quote(9000 + chance.randrange(-50, 50)))
                found += outputs.follow(0.01)
            if what == "stopped":
                engine.process.send_signal(signal.SIGCONT)
        seq = core.ask("status")["seq"]
        reader = files(keys, "desk")
        until(lambda: _at(ipc["stream"], reader) >= seq, "the engine has it all", WAIT_S)
        count = until(
            lambda: _said_by(tmp_path / "engine.log", seq), "the engine has lived through it", WAIT_S
        )
        until(
            lambda: found.extend(outputs.follow(0.1)) or len(found) >= count,
            f"its {count} outputs are there",
            WAIT_S,
        )
    finally:
        far.close()
        outputs.close()
    engine.end()
    bridge.end()
    expected = _over_journal(core.journal, tmp_path / "risk")
    assert expected["equal"]
    said = read_said(tmp_path / "risk" / "outputs")
    assert len(said) == expected["outputs"] > 5
    assert [tuple(each)[1:] for each in found] == said


def _connected(address: str, keys: Path) -> Any:
    try:
        return connect(address, name="desk", timeout=5, **files(keys, "desk"))
    except ClientError:
        return None


def _moved(far: Any, address: str, keys: Path, line: dict[str, Any]) -> Any:
    """The market moves, whatever becomes of the bridge."""
    while True:
        try:
            far.market(line)
            return far
        except ClientError:
            far.close()
            far = until(lambda: _connected(address, keys), "the bridge is there again", WAIT_S)


def _upset(what: str, engine: Started, bridge: Started) -> None:
    if what == "engine":
        engine.kill()
        engine.begin()
    elif what == "bridge":
        bridge.kill()
        bridge.begin()
    elif what == "stream":
        os.kill(_child(bridge.process.pid), signal.SIGKILL)
    elif what == "stopped":
        engine.process.send_signal(signal.SIGSTOP)


def _child(pid: int) -> int:
    """The bridge's own child."""
    tasks = Path(f"/proc/{pid}/task")
    return int(
        until(
            lambda: "".join((each / "children").read_text() for each in tasks.iterdir()), "a child"
        ).split()[0]
    )


def _at(address: str, keys: dict[str, str]) -> int:
    """How far the engine's subscription is, once it took all that it was sent."""
    told = status(address, keys["key"], keys["server_key"])
    mine = [each for each in told["subscribers"] if each["client"] == "risk"] if told else []
    return mine[0]["at"] if mine and not mine[0]["under_way"] else 0


def _said_by(log: Path, seq: int) -> int:
    """How many outputs the engine has said, once it is at that event; its log says where it tells that."""
    begins = [json.loads(line) for line in log.read_text().splitlines() if '"begins"' in line]
    try:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{begins[-1]['port']}/status", timeout=WAIT_S
        ) as answer:
            told = json.loads(answer.read())
    except (OSError, IndexError):
        return 0
    return int(told["outputs"]) if told["last_seq"] >= seq else 0


def _over_journal(journal: Path, state: Path) -> dict[str, Any]:
    command = [
        sys.executable,
        "-m",
        "core.cli",
        "engine",
        "replay",
        "risk",
        "--journal",
        str(journal),
        "-o",
        "json",
    ]
    command += ["--against", str(state), *(f"--param={each}" for each in PARAMS)]
    told: dict[str, Any] = json.loads(
        subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    )[0]
    return told


def test_orders_by_key(core: Process, tmp_path: Path, started: Callable[..., Started]) -> None:
    """Accounts, orders and the desk's questions, each by its key; taken back, it ends."""
    rights = {"desk": DESK, "trader": {"orders": "true", "accounts": '["B"]'}, "reader": {}}
    keys = folder_of(tmp_path / "keys", **rights)
    orders, feed = (f"ipc://{core.socket.parent}/{name}" for name in ("orders", "feed"))
    words = ["--socket", str(core.socket), "--orders", orders, "--feed", feed, "--keys", str(keys)]
    bridge = started(tmp_path / "bridge.log", "bridge", "run", *words)
    desk = until(lambda: _connected(orders, keys), "the bridge is there", WAIT_S)
    desk.market(quote(9000))
    trader = connect(orders, name="trader", timeout=20, **files(keys, "trader"))
    trader.submit("EURUSD", "buy", 1000, "limit", "1.05", account="B")
    assert next(trader.events(timeout=WAIT_S)).ord_status in ("pending_new", "new")  # type: ignore[union-attr]
    assert (trader.directory.accounts, desk.directory.accounts) == (["B"], ["A", "B"])
    with pytest.raises(BadRequest, match="no right"):
        trader.submit("EURUSD", "buy", 1000, "limit", "1.05", account="A")
    trader.directory.accounts.append("A")  # a client that doesn't look
    other = trader.submit("EURUSD", "buy", 1000, "limit", "1.05", account="A")
    denied = next(event for event in trader.events(timeout=WAIT_S) if event.cl_ord_id == other)  # type: ignore[union-attr]
    assert denied.reason == "unknown_account"  # type: ignore[union-attr]
    with pytest.raises(Refused, match="this key may not"):
        trader.market(quote(9001))
    with pytest.raises(Refused, match="orders = true"):
        connect(orders, name="reader", timeout=20, **files(keys, "reader"))
    with pytest.raises(Refused, match="it wants keys"):
        connect(orders, core.socket.with_suffix(".token").read_text(), timeout=WAIT_S)
    (keys / "clients.new").write_text((keys / "clients.toml").read_text().split("[trader]")[0])
    (keys / "clients.new").replace(keys / "clients.toml")
    with pytest.raises(HangUp, match="rights of this key have changed"):
        until(lambda: trader.orders() is None, "it is let go of", WAIT_S)
    desk.market(quote(9002))
    for each in (desk, trader):
        each.close()
    bridge.end()
