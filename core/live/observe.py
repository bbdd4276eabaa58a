"""A look into a running core's memory: its counters, cursors, rings and histograms, for who only reads.

The core gives a descriptor that can't be written through, and the mapping is private: whatever an observer
does, the core and its processes see nothing of it, and never wait for it.
"""

from __future__ import annotations

import mmap
import os
import socket
from pathlib import Path
from typing import Any

import msgspec

from core.board import Board, board_bytes
from core.capacity import Capacity
from core.live.ask import TIMEOUT_S, NoCore
from core.live.places import beside


def observe(path: Path) -> Board:
    """The board of the core at that socket. NoCore: none runs there. RuntimeError: it refuses."""
    try:
        token = beside(path, "token").read_text().strip()
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
            sock.settimeout(TIMEOUT_S)
            sock.connect(os.fspath(path))
            sock.send(msgspec.msgpack.encode({"op": "observe", "id": 1, "token": token}))
            packet, fds, _flags, _address = socket.recv_fds(sock, 1 << 16, 1)
    except OSError as error:
        raise NoCore(f"no core at {path} ({error}): start one with `nacre core run`") from None
    answer: dict[str, Any] = msgspec.msgpack.decode(packet) if packet else {"error": "it hung up"}
    if not answer.get("ok"):
        raise RuntimeError(f"the core at {path} lets nobody observe it: {answer.get('error')}")
    capacity = Capacity(**answer["capacity"])
    try:
        return Board(mmap.mmap(fds[0], board_bytes(capacity), access=mmap.ACCESS_COPY), capacity)
    finally:
        os.close(fds[0])
