"""A session by hand: packets for control, requests and responses in shared memory, no client library."""

from __future__ import annotations

import mmap
import os
import socket
from pathlib import Path
from typing import Any

import msgspec

from core.board import Board, board_bytes
from core.capacity import Capacity
from core_ext.ring import Ring
from core_ext.spine import Spine

PATIENCE_S = 60.0


class Session:
    """`requests` and `responses`: its rings; `ask` speaks with the core."""

    def __init__(self, path: Path, name: str) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.settimeout(PATIENCE_S)
        self.sock.connect(os.fspath(path))
        token = path.with_suffix(".token").read_text().strip()
        self.fds: list[int] = []
        self.ids = 0
        self.ask("hello", version=1, token=token, name=name, cancel_on_disconnect=False)
        memory = [mmap.mmap(fd, os.fstat(fd).st_size) for fd in self.fds]
        self.requests, self.responses = Ring.attach(memory[0]), Spine.attach(memory[1])

    def ask(self, op: str, **values: Any) -> dict[str, Any]:
        self.ids += 1
        self.sock.send(msgspec.msgpack.encode({"op": op, "id": self.ids, **values}))
        packet, fds, _, _ = socket.recv_fds(self.sock, 1 << 20, 4)
        self.fds += fds
        told: dict[str, Any] = msgspec.msgpack.decode(packet)
        if not told.get("ok"):
            raise RuntimeError(f"bench: the core refused {op}: {told.get('error')}")
        return told

    def close(self) -> None:
        self.sock.close()
        for fd in self.fds:
            os.close(fd)


def board_of(pid: int, capacity: Capacity) -> Board:
    """A core's shared memory, to look at: opened through the file system of processes."""
    for link in Path(f"/proc/{pid}/fd").iterdir():
        if os.readlink(link).startswith("/dev/shm/#") and link.stat().st_size == board_bytes(capacity):
            with link.open("r+b") as file:
                return Board(mmap.mmap(file.fileno(), board_bytes(capacity)), capacity)
    raise RuntimeError(f"bench: process {pid} shares no board")
