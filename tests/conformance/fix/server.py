"""The echoing acceptor over TCP, and the runner's end of a connection to one."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable
from pathlib import Path

from core.venues.fix.link import Link
from core.venues.fix.wire import Wire
from tests.conformance.fix.runner import Acceptor


class Server:
    """`turn` does what there is to do, and waits for it so long."""

    def __init__(self, begin: bytes, dictionary: Path, address: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        self.acceptor = Acceptor(begin, dictionary, time.time_ns())
        self.listener = socket.create_server(address)
        self.listener.setblocking(False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.wires: list[Wire] = []

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.listener.getsockname()[:2]
        return host, port

    def turn(self, wait_s: float) -> None:
        for key, _ in self.selector.select(wait_s):
            if key.data is None:
                self._accept()
            else:
                key.data.serve(time.time_ns())
                self._forget_closed()
        for wire in list(self.wires):
            wire.link.tick(time.time_ns())
            wire.flush(time.time_ns())
        self._forget_closed()

    def _forget_closed(self) -> None:
        """Before another socket gets the number of one that is closed."""
        for wire in [each for each in self.wires if each.closed]:
            self.wires.remove(wire)
            self.selector.unregister(wire.sock)

    def run(self, stopped: Callable[[], bool]) -> None:
        while not stopped():
            self.turn(0.02)
        self.close()

    def close(self) -> None:
        for wire in self.wires:
            wire.close(time.time_ns())
        self.selector.close()
        self.listener.close()

    def _accept(self) -> None:
        sock, _ = self.listener.accept()
        wire = Wire(sock, Link(time.time_ns(), find=self.acceptor.find))
        self.wires.append(wire)
        self.selector.register(wire.sock, selectors.EVENT_READ, wire)


class OverTcp:
    """Wires to an acceptor at an address; turn: of a server in this process, or None."""

    def __init__(self, address: tuple[str, int], turn: Callable[[float], None] | None = None) -> None:
        self.address = address
        self.turn = turn
        self.socks: dict[int, socket.socket] = {}

    def now_s(self) -> float:
        return time.time()

    def connect(self, link: int) -> None:
        self.socks[link] = socket.create_connection(self.address)
        self.socks[link].settimeout(0.001 if self.turn else 0.05)

    def disconnect(self, link: int) -> None:
        self.socks.pop(link).close()

    def write(self, link: int, data: bytes) -> None:
        self.socks[link].sendall(data)

    def read(self, link: int) -> bytes | None:
        if self.turn is not None:
            self.turn(0.001)
        try:
            data = self.socks[link].recv(1 << 16)
        except TimeoutError:
            return b""
        except ConnectionError:
            data = b""
        if not data:
            self.disconnect(link)
            return None
        return data

    def close(self) -> None:
        for link in list(self.socks):
            self.disconnect(link)
