"""One question to a running core, without a session: what the commands `core status` and `core stop` say."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import msgspec

from core.live.places import beside

TIMEOUT_S = 5.0


class NoCore(RuntimeError):
    """Nobody answers at the socket; the message says where, and what to do."""


def ask(path: Path, op: str, **values: Any) -> dict[str, Any]:
    """The core's answer. NoCore: none runs there. RuntimeError: it refuses, and says why."""
    try:
        token = beside(path, "token").read_text().strip()
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
            sock.settimeout(TIMEOUT_S)
            sock.connect(os.fspath(path))
            sock.send(msgspec.msgpack.encode({"op": op, "id": 1, "token": token, **values}))
            answer: dict[str, Any] = msgspec.msgpack.decode(_received(sock))
    except (FileNotFoundError, ConnectionError) as error:
        raise NoCore(f"no core at {path} ({error.strerror}): start one with `nacre core run`") from None
    except TimeoutError:
        raise NoCore(
            f"the core at {path} doesn't answer within {TIMEOUT_S:g} s: it is stopped or stuck"
        ) from None
    except OSError as error:
        raise NoCore(f"no answer from {path}: {error}") from None
    if not answer.get("ok"):
        raise RuntimeError(str(answer.get("error")))
    return answer


def _received(sock: socket.socket) -> bytes:
    """One packet; what is too long for one is in memory whose descriptor comes with it."""
    packet, fds, _flags, _peer = socket.recv_fds(sock, 1 << 20, 1, socket.MSG_CMSG_CLOEXEC)
    for fd in fds:
        with open(fd, "rb") as memory:
            memory.seek(0)
            return memory.read()
    return packet
