"""QuickFIX as the OMS that trades with our acceptor, and as the broker that our initiator calls."""

from __future__ import annotations

import gzip
import json
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from periphery.client import Client, OrderEvent, connect
from tests.integration.fix_gateway import SESSION, Forked, config_for
from tests.integration.live_core import DECLARED, Process
from tests.support_fix import PATIENCE_S, dictionary_of

ROOT = Path(__file__).resolve().parents[2]
PEER = ROOT / "build" / "fix-peer"
MANUAL = [{**line, "mode": "manual"} if line["type"] == "venue" else line for line in DECLARED]
QUOTE = {"type": "quote", "venue": "V1", "symbol": "EURUSD", "bid_px": "1.09000", "bid_qty": "1000000",
         "ask_px": "1.09010", "ask_qty": "1000000"}  # fmt: skip


class Peer:
    """QuickFIX in a process; its store outlives it. `next` gives what it tells, in order."""

    def __init__(self, kind: str, folder: Path, port: int) -> None:
        folder.mkdir(exist_ok=True)
        dictionary = folder / "FIX44.xml"
        dictionary.write_bytes(gzip.decompress(dictionary_of("FIX.4.4").read_bytes()))
        words = [
            sys.executable,
            str(Path(__file__).with_name("quickfix_side.py")),
            kind,
            str(folder),
            str(port),
        ]
        environment = os.environ | {"PYTHONPATH": str(PEER)}
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            [*words, str(dictionary)], env=environment, stdin=pipe, stdout=pipe, text=True
        )
        self.told: queue.Queue[dict[str, Any]] = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("{"):
                self.told.put(json.loads(line))

    def ask(self, **what: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()

    def send(self, *fields: tuple[int, str]) -> None:
        now = datetime.now(UTC).strftime("%Y%m%d-%H:%M:%S")
        timed = [(60, now)] if fields[0][1] in "DFG" else []
        self.ask(do="send", fields=[(str(tag), value) for tag, value in (*fields, *timed)])

    def next(self, event: str, *types: str) -> dict[str, str]:
        """The fields of the next event of that kind, of a message of one of those types."""
        end = time.monotonic() + PATIENCE_S
        while (left := end - time.monotonic()) > 0:
            try:
                told = self.told.get(timeout=left)
            except queue.Empty:
                break
            fields = dict(told.get("fields", ()))
            if told["event"] == event and (not types or fields.get("35") in types):
                return fields or {key: str(value) for key, value in told.items()}
        raise AssertionError(f"QuickFIX told no {event} {types} within {PATIENCE_S} s")

    def numbers(self) -> tuple[int, int]:
        """(its next number out, the next that it expects)."""
        self.ask(do="numbers")
        found = self.next("numbers")
        return int(found["out"]), int(found["in_"])

    def kill(self) -> None:
        self.process.kill()
        self._end()

    def close(self) -> None:
        if self.process.poll() is None:
            assert self.process.stdin is not None
            self.process.stdin.close()
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self._end()

    def _end(self) -> None:
        self.process.wait()
        self.reader.join()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None and not pipe.closed:
                pipe.close()


class Stage:
    """A core, gateways and peers of one test."""

    def __init__(self, folder: Path, core: Process) -> None:
        self.folder = folder
        self.core = core
        self.gateways: list[Forked] = []
        self.peers: list[Peer] = []
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]

    def gateway(self, session: str, *roles: str) -> Forked:
        path = config_for(self.core, session)
        path.write_text(path.read_text().replace("127.0.0.1:0", f"127.0.0.1:{self.port}"))
        self.gateways.append(Forked(path, **({"roles": roles} if roles else {})))
        return self.gateways[-1]

    def peer(self, kind: str) -> Peer:
        self.peers.append(Peer(kind, self.folder / kind, self.port))
        return self.peers[-1]

    def numbers(self, name: str) -> tuple[int, int]:
        """(our next number out, the next that we expect), as the gateway's status says once it is told."""
        told = json.loads((self.core.folder / "fix" / "test.status").read_text())
        (row,) = (row for row in told["sessions"] if row["name"] == name)
        return row["next_out"], row["next_in"]

    def agree(self, peer: Peer, name: str) -> None:
        """Each side expects what the other sends next."""
        _until(lambda: peer.numbers() == self.numbers(name)[::-1], "numbers that agree")

    def close(self) -> None:
        for peer in self.peers:
            peer.close()
        for gateway in self.gateways:
            if not gateway.is_dead:
                gateway.kill()
        self.core.end()


def _until(true: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, f"no {what} within {PATIENCE_S} s"
        time.sleep(0.1)


@pytest.fixture
def stages(tmp_path: Path) -> Iterator[Callable[[list[dict[str, Any]]], Stage]]:
    made: list[Stage] = []

    def stage(declared: list[dict[str, Any]]) -> Stage:
        core = Process(tmp_path, declared=declared)
        core.start()
        made.append(Stage(tmp_path, core))
        with connect(core.socket, name="market") as client:
            client.market(QUOTE)
        return made[-1]

    yield stage
    for each in made:
        each.close()


KEPT = SESSION + "cancel_on_disconnect = false\n"
WHAT = ((1, "A"), (55, "EURUSD"), (54, "1"))
ORDER = (*WHAT, (21, "1"))


def _order(peer: Peer, name: str, qty: str, price: str) -> None:
    peer.send((35, "D"), (11, name), (38, qty), (40, "2"), (44, price), *ORDER)


def _is(fields: dict[str, str], *wanted: str) -> bool:
    return tuple(fields.get(tag, "") for tag in ("11", "150", "39"))[: len(wanted)] == wanted


def test_as_an_oms(stages: Callable[[list[dict[str, Any]]], Stage]) -> None:
    stage = stages(DECLARED)
    stage.gateway(KEPT)
    peer = stage.peer("client")
    peer.next("logon")
    _order(peer, "o1", "300", "1.08000")
    assert _is(peer.next("message", "8"), "o1", "0", "0")
    peer.send((35, "G"), (11, "r1"), (41, "o1"), (38, "400"), (40, "2"), (44, "1.08010"), *ORDER)
    assert _is(peer.next("message", "8"), "r1", "E")
    assert _is(peer.next("message", "8"), "r1", "5")
    peer.send((35, "H"), (11, "r1"), (55, "EURUSD"), (54, "1"))
    assert _is(peer.next("message", "8"), "r1", "I", "0")
    peer.send((35, "AF"), (584, "m"), (585, "7"))
    assert peer.next("message", "8")["584"] == "m"
    peer.send((35, "F"), (11, "c1"), (41, "r1"), (38, "400"), *WHAT)
    assert _is(peer.next("message", "8"), "c1", "6")
    assert _is(peer.next("message", "8"), "c1", "4", "4")
    peer.send((35, "F"), (11, "c2"), (41, "r1"), (38, "400"), *WHAT)
    assert peer.next("message", "9")["11"] == "c2"
    _order(peer, "big", "20000", "1.08")
    assert _is(peer.next("message", "8"), "big", "8", "8")
    peer.send((35, "B"), (148, "news"), (33, "1"), (58, "line"))
    assert peer.next("message", "j")["380"] == "3"
    _order(peer, "o2", "50", "1.09010")
    assert _is(peer.next("message", "8"), "o2", "0")
    assert _is(peer.next("message", "8"), "o2", "F", "2")
    peer.send((35, "D"), (11, "bad"), (54, "1"))
    assert peer.next("admin", "3")["371"]
    stage.agree(peer, "oms")


def test_as_an_oms_that_dies_and_one_whose_gateway_dies(
    stages: Callable[[list[dict[str, Any]]], Stage],
) -> None:
    stage = stages(DECLARED)
    gateway = stage.gateway(KEPT)
    peer = stage.peer("client")
    peer.next("logon")
    _order(peer, "rests", "100", "1.08000")
    assert _is(peer.next("message", "8"), "rests", "0")
    peer.kill()
    with connect(stage.core.socket, name="desk") as client:
        client.market(QUOTE | {"bid_px": "1.07900", "ask_px": "1.07990"})  # its fill is told to nobody
    again = stage.peer("client")
    again.next("logon")
    assert _is(again.next("message", "8"), "rests", "F", "2")
    stage.agree(again, "oms")
    gateway.kill()
    again.next("logout")
    stage.gateway(KEPT)
    again.next("logon")
    _order(again, "after", "10", "1.07000")
    assert _is(again.next("message", "8"), "after", "0")
    stage.agree(again, "oms")


BROKER = '[[session]]\nname = "street"\nrole = "broker"\nsender = "DESK"\ntarget = "STREET"\nvenue = "V1"\n'


def test_as_a_broker(stages: Callable[[list[dict[str, Any]]], Stage]) -> None:
    stage = stages(MANUAL)
    session = BROKER + f'connect = "127.0.0.1:{stage.port}"\n'
    peer = stage.peer("broker")
    gateway = stage.gateway(session, "broker")
    peer.next("logon")
    with connect(stage.core.socket, name="desk", cancel_on_disconnect=False) as client:
        heard = Heard(client)
        kept = heard.accepted("kept")
        assert peer.next("message", "D")["11"] == f"{kept}.1"
        client.replace(kept, price="1.08010", cl_ord_id="r")
        assert heard.until("r", "replaced").cl_ord_id == "r"
        client.cancel("r", cl_ord_id="c")
        heard.until("c", "canceled")
        second = heard.accepted("second")
        peer.next("message", "D")
        gateway.kill()
        peer.next("logout")
        peer.ask(do="fill", id=f"{second}.1", px="1.08")  # while nobody listens
        stage.gateway(session, "broker")
        peer.next("logon")
        filled = heard.until(second, "trade")
        assert (filled.ord_status, str(filled.avg_px)) == ("filled", "1.08")
    stage.agree(peer, "street")


class Heard:
    """What a desk's session hears."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.events: list[Any] = []

    def until(self, cl_ord_id: str, *types: str) -> OrderEvent:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            self.events += self.client.events(timeout=0.1)
            for event in self.events:
                if (
                    isinstance(event, OrderEvent)
                    and event.cl_ord_id == cl_ord_id
                    and event.exec_type in types
                ):
                    return event
        raise AssertionError(f"no {types} of {cl_ord_id}: {self.events}")

    def accepted(self, name: str) -> str:
        """An order that was let through: before, the venue is down. Its cl_ord_id."""
        for n in range(1000):
            sent = f"{name}-{n}"
            self.client.submit("EURUSD", "buy", 10, "limit", "1.08", account="A", venue="V1", cl_ord_id=sent)
            if self._let(sent):
                self.until(sent, "new")
                return sent
        raise AssertionError("the venue stays down")

    def _let(self, sent: str) -> bool:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            self.events += self.client.events(timeout=0.1)
            for event in self.events:
                if getattr(event, "cl_ord_id", None) == sent:
                    return isinstance(event, OrderEvent)
        raise AssertionError(f"no answer to {sent}")
