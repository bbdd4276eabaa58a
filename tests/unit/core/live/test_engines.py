"""The socket where engines come in: one waits for each name, and nobody comes in without the token and the
build.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.build import build_id
from core.capacity import Capacity
from core.live.body import Guest
from core.live.config import CoreConfig
from core.live.engines import EngineDoor
from core.live.plan import Plan, plans
from core.live.supervisor import Supervisor

TOKEN = "secret"
GOOD = {"engine": "risk", "token": TOKEN, "build": build_id()}


@pytest.fixture
def door(tmp_path: Path) -> Iterator[EngineDoor]:
    found = EngineDoor(tmp_path / "core.sock", (), TOKEN)
    yield found
    found.close()


@pytest.fixture
def board_fd() -> Iterator[int]:
    fd = os.memfd_create("board")
    yield fd
    os.close(fd)


def plan(name: str) -> Plan:
    found = plans(CoreConfig(placement="contained"), asdict(Capacity()))
    return next(each for each in found if each.name == name)


def comer(door: EngineDoor, said: dict[str, Any]) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sock.settimeout(60)
    sock.connect(str(door.path))
    sock.send(msgspec.msgpack.encode(said))
    return sock


def told(sock: socket.socket) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.msgpack.decode(sock.recv(1 << 16))
    return found


def test_who_comes_gets_plan_and_memory(door: EngineDoor, board_fd: int) -> None:
    sock = comer(door, GOOD)
    assert door.take(plan("orders"), board_fd) is None
    guest = door.take(plan("risk"), board_fd)
    assert guest is not None
    packet, fds, _, _ = socket.recv_fds(sock, 1 << 16, 2)
    assert msgspec.convert(msgspec.msgpack.decode(packet)["plan"], Plan) == plan("risk")
    assert [os.fstat(fd).st_ino for fd in fds] == [os.fstat(board_fd).st_ino]
    os.close(fds[0])
    assert not guest.is_dead()
    assert not guest.end(), "it is told to end, and isn't dead before it hangs up"
    assert sock.recv(1) == b""
    sock.close()
    assert guest.is_dead()
    guest.control.close()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"token": "wrong"}, "wrong token"),
        ({"token": 7}, "wrong token"),
        ({"build": b"other"}, "run the same image"),
        ({"engine": None}, "say its name"),
    ],
)
def test_others_are_told_why_not(door: EngineDoor, board_fd: int, change: dict[str, Any], why: str) -> None:
    sock = comer(door, GOOD | change)
    assert door.take(plan("risk"), board_fd) is None
    assert why in told(sock)["error"]
    sock.close()


def test_one_waits_and_a_second_is_refused_until_it_has_gone(door: EngineDoor, board_fd: int) -> None:
    first, second = comer(door, GOOD), comer(door, GOOD)
    door.take(plan("orders"), board_fd)
    assert told(second)["error"].startswith("busy")
    first.close()
    second.close()
    third = comer(door, GOOD)
    guest = door.take(plan("risk"), board_fd)
    assert guest is None or guest.is_dead() is False
    door.take(plan("risk"), board_fd)
    third.close()
    if guest is not None:
        guest.control.close()


def test_one_that_says_nothing_or_nonsense_is_let_go(door: EngineDoor, board_fd: int) -> None:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sock.settimeout(60)
    sock.connect(str(door.path))
    sock.send(b"\xff not a map")
    door.take(plan("risk"), board_fd)
    assert "wrong token" in told(sock)["error"]
    sock.close()


def test_a_supervisor_of_contained_stages_needs_a_door() -> None:
    with pytest.raises(ValueError, match="no socket that they could come to"):
        Supervisor([plan("risk")], Capacity(), 0)


def test_a_guest_whose_process_ended_is_dead() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    guest = Guest(ours, 0)
    assert not guest.is_dead()
    theirs.close()
    assert guest.is_dead()
    assert guest.await_end(0.1) is None
    ours.close()
    assert guest.is_dead()
