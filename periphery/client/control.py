"""The core's socket, one msgpack map a packet: where it is, what to say, what its silence means."""

from __future__ import annotations

import os
import select
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from periphery.client.errors import (
    ClientError,
    HangUp,
    NoAnswer,
    NoCore,
    Refused,
    VersionMismatch,
    WrongToken,
)

PROTOCOL = 1
TIMEOUT_S = 10.0
LOOK_S = 1e-3
RINGS = 3
_PACKET_MAX = 1 << 26


def socket_path(given: str | os.PathLike[str] | None = None) -> Path:
    """Where the core listens: what is given, else NACRE_SOCKET, else the core named `core` of this user."""
    named = given or os.environ.get("NACRE_SOCKET")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp", f"nacre-{os.getuid()}", "core.sock")


def read_token(given: str | None, address: Path) -> str:
    """The token: what is given, else NACRE_TOKEN, else the core's file. "" where there is none."""
    token = given or os.environ.get("NACRE_TOKEN")
    if token:
        return token
    try:
        return token_file(address).read_text().strip()
    except OSError:
        return ""


def left_token() -> str:
    """The token in the file that NACRE_TOKEN_FILE names, as a bridge leaves it; "" where there is none."""
    path = os.environ.get("NACRE_TOKEN_FILE")
    try:
        return Path(path).read_text().strip() if path else ""
    except OSError:
        return ""


def token_file(address: Path) -> Path:
    """The core's token, beside its socket: `core.sock` has `core.token`."""
    return address.with_suffix(".token")


class Control:
    """One connection; requests one at a time, each with its answer."""

    def __init__(self, sock: socket.socket, address: Path, timeout: float) -> None:
        self.sock = sock
        self.timeout = timeout
        self.address = address
        self._last_id = 0
        self.next_look = 0.0
        """When to `check` again before a request is sent, monotonic s: a look is a system call."""
        self._poll = select.poll()
        self._poll.register(sock, select.POLLRDHUP | select.POLLHUP)

    def close(self) -> None:
        """Hang up: the core takes it as the session's end."""
        self.sock.close()
        self.next_look = 0.0

    @property
    def is_closed(self) -> bool:
        return self.sock.fileno() < 0

    @property
    def is_hung_up(self) -> bool:
        """Whether the core has hung up; never waits."""
        return self.is_closed or bool(self._poll.poll(0))

    def check(self) -> None:
        """HangUp where the core has hung up."""
        self.next_look = time.monotonic() + LOOK_S
        if self.is_hung_up:
            raise self.hung_up()

    def hung_up(self) -> HangUp:
        """The error that says so."""
        if self.is_closed:
            return HangUp("this client is closed: connect again")
        return HangUp(
            f"the core at {self.address} hung up: it was stopped, or it dropped this session. Orders without "
            "an answer are unknown, not failed: connect again and ask orders()"
        )

    def request(self, op: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Ask and wait for the answer. Refused, HangUp, NoAnswer (after `timeout` s)."""
        sent = self.begin(op, values)
        try:
            self.sock.sendall(sent)
            while (answer := self.finish(op, receive(self.sock)[0])) is None:
                pass
        except TimeoutError:
            raise self.no_answer(op) from None
        except OSError:
            raise self.hung_up() from None
        return answer

    def begin(self, op: str, values: Mapping[str, Any]) -> bytes:
        """The packet of the next request."""
        self._last_id += 1
        return msgspec.msgpack.encode({**values, "op": op, "id": self._last_id})

    def finish(self, op: str, packet: bytes) -> dict[str, Any] | None:
        """The answer in a packet; None where it answers an earlier request that nobody waits for."""
        if not packet:
            raise self.hung_up()
        answer: dict[str, Any] = msgspec.msgpack.decode(packet)
        if answer.get("id") != self._last_id:
            return None
        if not answer.get("ok"):
            raise Refused(str(answer.get("error") or f"the core refused {op} without a word"))
        return answer

    def no_answer(self, op: str) -> NoAnswer:
        """The error that says so."""
        return NoAnswer(
            f"the core at {self.address} did not answer {op} within {self.timeout:g} s: see nacre core status"
        )


def receive(sock: socket.socket, rings: int = 0) -> tuple[bytes, list[int]]:
    """One packet, whole, and the descriptors that came with it; b"" at the end of the connection. What is too
    long for a packet is in memory, whose descriptor comes after the others.
    """
    size = sock.recv_into(bytearray(1), 1, socket.MSG_PEEK | socket.MSG_TRUNC)
    if size > _PACKET_MAX:
        raise ClientError(
            f"a packet of {size:,} bytes: the core and this client don't speak the same language"
        )
    packet, fds, _flags, _peer = socket.recv_fds(sock, max(size, 1), rings + 1, socket.MSG_CMSG_CLOEXEC)
    if len(fds) == rings + 1:
        with open(fds.pop(), "rb") as memory:
            memory.seek(0)
            packet = memory.read()
    return packet, list(fds)


def dial(address: Path, timeout: float = TIMEOUT_S) -> socket.socket:
    """A connection to the core. NoCore says what to do where there is none."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sock.settimeout(timeout)
    try:
        sock.connect(os.fspath(address))
    except OSError as error:
        sock.close()
        raise NoCore(
            f"no core at {address} ({error.strerror or error}): start one with `nacre core run`, or say "
            "where it listens: address=, NACRE_SOCKET, --socket"
        ) from None
    return sock


def hello(
    control: Control,
    token: str,
    name: str,
    cancel_on_disconnect: bool,
    hears_all: bool = False,
    feeds: bool = False,
    accounts: Sequence[str] | None = None,
) -> tuple[dict[str, Any], Sequence[int]]:
    """Introduce this client: (what the core tells, its three descriptors). feeds: it sends market data, and
    nothing else. accounts: no others are asked for.
    """
    said = {
        "version": PROTOCOL,
        "token": token,
        "name": name,
        "cancel_on_disconnect": cancel_on_disconnect,
        "hears_all": hears_all,
        "feeds": feeds,
        **({} if accounts is None else {"accounts": accounts}),
    }
    try:
        control.sock.sendall(control.begin("hello", said))
        packet, fds = receive(control.sock, RINGS)
        told = control.finish("hello", packet)
    except TimeoutError:
        raise control.no_answer("hello") from None
    except OSError:
        raise control.hung_up() from None
    except Refused as error:
        raise _unwelcome(str(error), bool(token)) from None
    if told is None or len(fds) != RINGS:
        raise VersionMismatch(f"the core's hello has {len(fds)} rings, not {RINGS}: it is of another version")
    return told, fds


def _unwelcome(said: str, has_token: bool) -> ClientError:
    """The core's refusal of hello, by what it is about."""
    if "version" in said:
        return VersionMismatch(f"{said} (this client speaks version {PROTOCOL} of the session protocol)")
    if "token" in said:
        hint = "token= or NACRE_TOKEN; it is in the file `.token` beside the core's socket"
        return WrongToken(f"{said}. {'Another token' if has_token else 'A token'} goes into {hint}")
    return Refused(said)
