"""A session's memory: three sealed files in memory that the core makes, keeps, and passes over its socket."""

from __future__ import annotations

import fcntl
import mmap
import os
import socket
import struct
from dataclasses import dataclass

import numpy as np

from core import messages as m
from core_ext.ring import Ring
from core_ext.spine import Spine

PROTOCOL_VERSION = 1
REQUESTS = 1024
FEED_REQUESTS = 8192
"""Slots of the request ring: of a client's orders, and of market data."""
REQUEST_BYTES = 304
RESPONSES = 4096
QUOTES = 4096
ALL_QUOTES = 65536
"""Slots of the market ring: of quotes alone, and of all that a strategy hears."""
QUOTE_BYTES = 64
QUOTE_SLOT = np.dtype(
    [("time_ns", "<i8"), ("symbol", "<u4"), ("venue", "<u2"), ("kind", "<u2")]
    + [(name, "<i8") for name in ("bid_px", "bid_qty", "ask_px", "ask_qty")]
)
"""The slot of a session's market ring after its sequence, where it is a quote's."""
SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL


def sealed(name: str, size: int) -> tuple[int, mmap.mmap]:
    """Memory whose size nobody can change any more, allocated in full: no access to it can fail."""
    fd = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.posix_fallocate(fd, 0, size)
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS)
        return fd, mmap.mmap(fd, size)
    except BaseException:
        os.close(fd)
        raise


class Rings:
    """The three rings of one session. `fds` are passed to the client, and to whom of the core comes back."""

    def __init__(self, name: str, quotes: int = QUOTES, requests: int = REQUESTS) -> None:
        self._fds: list[int] = []
        try:
            self.requests = Ring.format(
                self._memory(f"{name}.requests", Ring.bytes_needed(requests, REQUEST_BYTES)),
                requests,
                REQUEST_BYTES,
            )
            self.responses = self._spine(f"{name}.responses", RESPONSES, m.RESPONSE.itemsize)
            self.quotes = self._spine(f"{name}.quotes", quotes, QUOTE_BYTES)
        except BaseException:
            self.close_fds()
            raise

    def _memory(self, name: str, size: int) -> mmap.mmap:
        fd, memory = sealed(name, size)
        self._fds.append(fd)
        return memory

    def _spine(self, name: str, capacity: int, slot: int) -> Spine:
        return Spine.format(self._memory(name, Spine.bytes_needed(capacity, slot, 0)), capacity, slot, 0, ())

    def close_fds(self) -> None:
        for fd in self._fds:
            os.close(fd)
        self._fds = []

    @property
    def fds(self) -> tuple[int, int, int]:
        """Of requests, responses, quotes."""
        requests, responses, quotes = self._fds
        return requests, responses, quotes

    def counts(self) -> dict[str, int]:
        """Requests taken, and how many wait in their ring; responses and quotes told."""
        return {
            "requests": self.requests.taken,
            "waiting": len(self.requests),
            "capacity": self.requests.capacity,
            "busy": self.requests.fulls,
            "lapped": self.requests.lapped,
            "responses": self.responses.claimed_seq,
            "quotes": self.quotes.claimed_seq,
        }

    def show_quote(self, quote: tuple[int, ...]) -> None:
        """A quote that the session missed by coming later, as Shadow.last_quotes has it; before anybody else
        writes there.
        """
        row = np.zeros((), QUOTE_SLOT)
        row["kind"] = m.Kind.QUOTE
        names = ("symbol", "venue", "time_ns", "bid_px", "bid_qty", "ask_px", "ask_qty")
        for name, value in zip(names, quote, strict=True):
            row[name] = value
        self.quotes.try_write(self.quotes.claimed_seq + 1, row.tobytes())


@dataclass(eq=False, slots=True)
class Connection:
    """A peer on the socket; a session once it has said hello."""

    sock: socket.socket
    uid: int
    seat: int = -1
    name: str = ""
    index: int = m.NONE
    rights: tuple[str, ...] | None = None
    rings: Rings | None = None
    cancels: bool | None = None  # at its end; None: as its hello said

    def close_rings(self) -> None:
        """Lets go of its memory."""
        if self.rings is not None:
            self.rings.close_fds()
            self.rings = None


def peer_uid(sock: socket.socket) -> int:
    """Whose process is on the other side, as the kernel says."""
    raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _pid, uid, _gid = struct.unpack("3i", raw)
    return int(uid)


def may_connect(uid: int, users: tuple[int, ...]) -> bool:
    """The core's own user, root, and who is configured."""
    return uid in (os.getuid(), 0, *users)


def free_name(name: str, taken: set[str]) -> str:
    """The name, or where a session has it, the first of name~2, name~3, ... that is free."""
    n = 2
    found = name
    while found in taken:
        suffix = f"~{n}"
        found = name[: 31 - len(suffix)] + suffix
        n += 1
    return found
