"""A link's socket, with or without TLS. It never waits."""

from __future__ import annotations

import selectors
import socket
import ssl

from core.venues.fix.link import Link

READ = 1 << 16
READS = 16
"""Of a peer at a time: the others have their turn."""
MOST_UNSENT = 1 << 27
"""Bytes that a peer may leave unread before it is hung up on: it asks for them when it comes again."""


class Wire:
    """sock: connected or connecting, and this object's own from now on. tls: the context, or None."""

    def __init__(
        self, sock: socket.socket, link: Link, tls: ssl.SSLContext | None = None, host: str | None = None
    ) -> None:
        """host: of whom we have called, for its certificate; None: it has called us."""
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.link = link
        self.closed = False
        self._unsent = b""
        self._shaken = tls is None
        self.sock = sock if tls is None else _secured(sock, tls, host)

    @property
    def wants(self) -> int:
        """What of the socket is to be waited for."""
        return selectors.EVENT_READ | (selectors.EVENT_WRITE if self._unsent or not self._shaken else 0)

    def serve(self, now_ns: int) -> None:
        """Take what is there, hand it on, write what comes of it."""
        try:
            if not self._shaken:
                self._shake()
            for _ in range(READS if self._shaken else 0):
                if self.link.ended:
                    break
                data = self._read()
                if data is None:
                    break
                if not data:
                    self.close(now_ns)
                    return
                self.link.feed(data, now_ns)
                self.flush(now_ns)
        except OSError:
            self.close(now_ns)
            return
        self.flush(now_ns)

    def flush(self, now_ns: int) -> None:
        """Write what the link gives, as far as the socket takes it; hang up where the link has ended."""
        if self.closed or not self._shaken:
            return
        try:
            self._write()
        except OSError:
            self.close(now_ns)
            return
        if (self.link.ended and not self._unsent) or len(self._unsent) > MOST_UNSENT:
            self.close(now_ns)

    def _write(self) -> None:
        while True:
            if not self._unsent:
                self._unsent = self.link.take()
            if not self._unsent:
                return
            try:
                sent = self.sock.send(self._unsent)
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                self._unsent += self.link.take()
                return
            self._unsent = self._unsent[sent:]
            if not self._unsent:
                self.link.written()

    def _read(self) -> bytes | None:
        """None: there is nothing yet. Empty: the peer has hung up."""
        try:
            return self.sock.recv(READ)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None

    def _shake(self) -> None:
        assert isinstance(self.sock, ssl.SSLSocket)
        try:
            self.sock.do_handshake()
            self._shaken = True
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass

    def close(self, now_ns: int) -> None:
        """Hang up."""
        if not self.closed:
            self.closed = True
            self.sock.close()
            self.link.closed(now_ns)


def _secured(sock: socket.socket, tls: ssl.SSLContext, host: str | None) -> ssl.SSLSocket:
    return tls.wrap_socket(
        sock, server_side=host is None, server_hostname=host, do_handshake_on_connect=False
    )
