"""The door of a standby's process for commands on its host: a socket beside the core's, its user's own."""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from core.live.places import beside

TIMEOUT_S = 30.0
PACKET_MAX = 1 << 16
LISTENERS = 8


class NobodyThere(RuntimeError):
    """No process of `nacre standby` answers; the message says where, and what to do."""


class Control:
    """Answers between two turns; never waits."""

    def __init__(self, core: Path, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self.path = beside(core, "standby")
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._answer = answer
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        fresh = self.path.with_suffix(f".standby.{os.getpid()}")
        self._socket.bind(os.fspath(fresh))
        fresh.chmod(0o600)
        fresh.replace(self.path)
        self._socket.listen(LISTENERS)
        self._socket.setblocking(False)
        self._guests: list[socket.socket] = []

    def serve(self) -> None:
        """Those who came, and what they ask."""
        ready = select.select([self._socket, *self._guests], [], [], 0)[0]
        for each in ready:
            if each is self._socket:
                guest, _ = self._socket.accept()
                self._guests.append(guest)
            else:
                self._one(each)

    def _one(self, guest: socket.socket) -> None:
        try:
            packet = guest.recv(PACKET_MAX)
            if packet:
                guest.send(msgspec.msgpack.encode(self._answered(packet)))
                return
        except OSError:
            pass
        self._guests.remove(guest)
        guest.close()

    def _answered(self, packet: bytes) -> dict[str, Any]:
        try:
            return self._answer(msgspec.msgpack.decode(packet, type=dict[str, Any]))
        except (ValueError, msgspec.MsgspecError) as error:
            return {"error": str(error)}

    def close(self) -> None:
        for each in (*self._guests, self._socket):
            each.close()
        self.path.unlink(missing_ok=True)


def ask(core: Path, op: str, **values: Any) -> dict[str, Any]:
    """What the process there answers. NobodyThere; ValueError: it refuses."""
    path = beside(core, "standby")
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
            sock.settimeout(TIMEOUT_S)
            sock.connect(os.fspath(path))
            sock.send(msgspec.msgpack.encode({"op": op, **values}))
            told: dict[str, Any] = msgspec.msgpack.decode(sock.recv(PACKET_MAX))
    except (OSError, msgspec.DecodeError) as error:
        raise NobodyThere(
            f"nobody answers at {path} ({error}): start `nacre standby run` or `serve`"
        ) from None
    if "error" in told:
        raise ValueError(told["error"])
    return told
