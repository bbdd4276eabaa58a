"""The core's socket: who may come in, requests in, answers out. It never waits for a peer."""

from __future__ import annotations

import fcntl
import os
import selectors
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from core.board import MAX_SESSIONS
from core.errors import CoreFault
from core.live.killing import forget
from core.live.sessions import SEALS, Connection, may_connect, peer_uid
from core.live.supervisor import WorkerLost

PACKET_MAX = 1 << 16

type Answer = tuple[dict[str, Any], tuple[int, ...]]
"""What is told, and descriptors that go with it."""


class Door:
    """Listens at `path`. answer: (connection, request) to an Answer; left: a connection that has ended."""

    def __init__(
        self,
        path: Path,
        users: tuple[int, ...],
        answer: Callable[[Connection, dict[str, Any]], Answer],
        left: Callable[[Connection], None],
    ) -> None:
        self.path = path
        self.users = users
        self.answer = answer
        self.left = left
        self.connections: dict[int, Connection] = {}
        forget(path)  # the core's lock is held: who left it is dead
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        mask = os.umask(0o111 if users else 0o177)
        try:
            self.listener.bind(os.fspath(path))
        finally:
            os.umask(mask)
        self.listener.listen(64)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)

    def serve(self, wait_s: float) -> None:
        """What peers have said by now; waits for them so long."""
        for key, _events in self.selector.select(wait_s):
            if key.fileobj is self.listener:
                self._accept()
            elif (found := self.connections.get(key.fd)) is not None:
                self._receive(found)

    def close(self) -> None:
        """Lets go of everybody; nothing listens there any more."""
        for connection in list(self.connections.values()):
            self.hang_up(connection)
        self.selector.close()
        self.listener.close()
        forget(self.path)

    def hang_up(self, connection: Connection) -> None:
        """Ends the connection, if it hasn't ended."""
        fd = connection.sock.fileno()
        if fd < 0 or self.connections.pop(fd, None) is None:
            return
        self.selector.unregister(connection.sock)
        connection.sock.close()
        self.left(connection)

    def _accept(self) -> None:
        sock, _ = self.listener.accept()
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 24)
        connection = Connection(sock, peer_uid(sock))
        refused = ""
        if not may_connect(connection.uid, self.users):
            refused = f"user {connection.uid} may not connect: add it to `users` of the core"
        elif len(self.connections) >= 2 * MAX_SESSIONS:
            refused = "busy: too many connections; close one"
        if refused:
            self.say(connection, error(0, refused))
            sock.close()
            return
        self.connections[sock.fileno()] = connection
        self.selector.register(sock, selectors.EVENT_READ)

    def _receive(self, connection: Connection) -> None:
        try:
            packet = connection.sock.recv(PACKET_MAX)
        except BlockingIOError:
            return
        except OSError:
            packet = b""
        if not packet:
            self.hang_up(connection)
            return
        try:
            request = msgspec.msgpack.decode(packet, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as bad:
            self.say(connection, error(0, f"not a msgpack map: {bad}"))
            return
        self.say(connection, *self._answered(connection, request))

    def _answered(self, connection: Connection, request: dict[str, Any]) -> Answer:
        try:
            return self.answer(connection, request)
        except (CoreFault, WorkerLost):
            raise
        except Exception as wrong:  # whatever a peer says, it must not end the core
            text = f"missing {wrong}" if isinstance(wrong, KeyError) else str(wrong)
            return error(request.get("id", 0), text or type(wrong).__name__), ()

    def say(self, connection: Connection, answer: dict[str, Any], fds: tuple[int, ...] = ()) -> None:
        """One packet; a peer that doesn't take it is hung up on."""
        packet = msgspec.msgpack.encode(answer)
        try:
            _send(connection.sock, packet, fds)
        except OSError:
            if len(packet) <= PACKET_MAX:
                self.hang_up(connection)
                return
            self._say_in_memory(connection, answer.get("id", 0), packet, fds)

    def _say_in_memory(
        self, connection: Connection, request_id: Any, packet: bytes, fds: tuple[int, ...]
    ) -> None:
        """An answer too long for the socket is in memory whose descriptor comes last. Who doesn't look there
        reads why it has none.
        """
        why = (
            f"the answer has {len(packet)} bytes, in memory of its own: ask with a client as new as the core"
        )
        memory = os.memfd_create("nacre-answer", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            with open(memory, "wb", closefd=False) as file:
                file.write(packet)
            fcntl.fcntl(memory, fcntl.F_ADD_SEALS, SEALS | fcntl.F_SEAL_WRITE)
            _send(connection.sock, msgspec.msgpack.encode(error(request_id, why)), (*fds, memory))
        except OSError:
            self.hang_up(connection)
        finally:
            os.close(memory)


def _send(sock: socket.socket, packet: bytes, fds: tuple[int, ...]) -> None:
    if fds:
        socket.send_fds(sock, [packet], list(fds))
    else:
        sock.send(packet)


def error(request_id: Any, text: str) -> dict[str, Any]:
    """An answer that says what to do."""
    return {"id": request_id, "ok": False, "error": text}
