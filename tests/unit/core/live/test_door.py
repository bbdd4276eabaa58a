"""The core's socket: answers of any length."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.live.ask import ask
from core.live.door import PACKET_MAX, Answer, Door
from core.live.sessions import Connection
from periphery.client.control import Control, Refused, dial, receive

LONG = ["x" * 1000] * 20_000
"""Twenty times what a socket takes here."""


def answer(_connection: Connection, request: dict[str, Any]) -> Answer:
    rows = LONG if request["op"] == "all" else ["x"]
    return {"id": request["id"], "ok": True, "rows": rows}, ()


@contextmanager
def opened(path: Path) -> Iterator[Door]:
    (path.parent / "core.token").write_text("token")
    door = Door(path, (), answer, lambda _connection: None)
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            door.serve(0.01)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield door
    finally:
        ended.set()
        thread.join()
        door.close()


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    with opened(tmp_path / "core.sock"):
        yield tmp_path / "core.sock"


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_an_answer_too_long_for_a_packet_comes_whole(path: Path) -> None:
    control = Control(dial(path), path, 60.0)
    assert len(control.request("one", {})["rows"]) == 1
    before = descriptors()
    for _ in range(3):
        assert control.request("all", {})["rows"] == LONG
        assert control.request("one", {})["rows"] == ["x"]
    assert descriptors() == before
    control.close()
    assert ask(path, "all")["rows"] == LONG


def test_who_doesn_t_look_for_it_there_reads_why_there_is_none(path: Path) -> None:
    sock = dial(path, 60.0)
    sock.send(msgspec.msgpack.encode({"op": "all", "id": 7}))
    told = msgspec.msgpack.decode(sock.recv(PACKET_MAX))
    assert (told["id"], told["ok"]) == (7, False)
    assert "as new as the core" in told["error"]
    sock.close()


def test_an_answer_s_refusal_is_as_it_was(path: Path) -> None:
    control = Control(dial(path), path, 60.0)
    control.sock.send(msgspec.msgpack.encode({"op": "one"}))
    packet = receive(control.sock)[0]
    with pytest.raises(Refused, match="missing 'id'"):
        control.finish("one", packet)
    control.close()
