"""The socket where engines of other containers come in: who may, one waiting for each name, plan and memory
out.
"""

from __future__ import annotations

import hmac
import os
import socket
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from core.build import build_id
from core.live.body import Guest
from core.live.killing import forget
from core.live.places import beside
from core.live.plan import Plan
from core.live.sessions import may_connect, peer_uid

PACKET_MAX = 1 << 16
STRANGERS_MAX = 64  # connections that haven't said who they are


class EngineDoor:
    """Listens at `core.engines`, beside the core's socket. An engine waits here until its place is free."""

    def __init__(self, core_socket: Path, users: tuple[int, ...], token: str) -> None:
        self.path = beside(core_socket, "engines")
        self.users = users
        self.token = token
        self.strangers: list[socket.socket] = []
        self.waiting: dict[str, socket.socket] = {}
        forget(self.path)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        mask = os.umask(0o111 if users else 0o177)
        try:
            self.listener.bind(os.fspath(self.path))
        finally:
            os.umask(mask)
        self.listener.listen(STRANGERS_MAX)

    def take(self, plan: Plan, board_fd: int) -> Guest | None:
        """Who waits for that place, now with the plan and the core's memory; None: nobody does."""
        self._look()
        sock = self.waiting.pop(plan.name, None)
        if sock is None:
            return None
        sock.setblocking(True)
        guest = Guest(sock, _peer_pid(sock))
        try:
            socket.send_fds(sock, [_packet(ok=True, plan=msgspec.to_builtins(plan))], [board_fd])
        except OSError:
            sock.close()
            return None
        return guest

    def close(self) -> None:
        """Lets go of everybody who waits; nothing listens there any more."""
        for sock in (self.listener, *self.strangers, *self.waiting.values()):
            sock.close()
        self.strangers, self.waiting = [], {}
        forget(self.path)

    def _look(self) -> None:
        """Who came, who said its name, who has gone."""
        with suppress(BlockingIOError):
            while True:
                self._accept(self.listener.accept()[0])
        for sock in list(self.strangers):
            with suppress(BlockingIOError):
                packet = _received(sock)
                self.strangers.remove(sock)
                self._introduce(sock, packet)
        for name, sock in list(self.waiting.items()):
            with suppress(BlockingIOError):
                _received(sock)  # it has nothing to say: it is gone
                sock.close()
                del self.waiting[name]

    def _accept(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        uid = peer_uid(sock)
        if not may_connect(uid, self.users):
            _refuse(sock, f"user {uid} may not be an engine here: add it to `users` of the core")
        elif len(self.strangers) >= STRANGERS_MAX:
            _refuse(sock, "busy: too many connections that say nothing; try again")
        else:
            self.strangers.append(sock)

    def _introduce(self, sock: socket.socket, packet: bytes) -> None:
        try:
            said = msgspec.msgpack.decode(packet, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            said = {}
        name, token, build = (said.get(key) for key in ("engine", "token", "build"))
        if not isinstance(token, str) or not hmac.compare_digest(token.encode(), self.token.encode()):
            _refuse(sock, f"wrong token: read it from {self.path.with_suffix('.token')}")
        elif build != build_id():
            _refuse(sock, f"build {build!r}: this core is of build {build_id()!r}; run the same image")
        elif not isinstance(name, str):
            _refuse(sock, f"engine {name!r}: say its name")
        elif name in self.waiting:
            _refuse(sock, f"busy: another {name} waits for its place already")
        else:
            self.waiting[name] = sock


def _refuse(sock: socket.socket, why: str) -> None:
    with suppress(OSError):
        sock.send(_packet(ok=False, error=why))
    sock.close()


def _received(sock: socket.socket) -> bytes:
    """A packet; b"": it hung up. BlockingIOError: neither."""
    try:
        return sock.recv(PACKET_MAX)
    except ConnectionError:
        return b""


def _packet(**values: Any) -> bytes:
    return msgspec.msgpack.encode(values)


def _peer_pid(sock: socket.socket) -> int:
    raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", raw)[0])
