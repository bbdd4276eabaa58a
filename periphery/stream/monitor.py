"""Why a connection doesn't come about: only its own events tell."""

from __future__ import annotations

from itertools import count

import zmq
from zmq.utils.monitor import parse_monitor_message

UNWELCOME = (
    zmq.EVENT_HANDSHAKE_FAILED_AUTH
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
)


_numbers = count()


def watch(socket: zmq.Socket[bytes]) -> zmq.Socket[bytes]:
    """Who is told of its failed handshakes from now on."""
    return socket.get_monitor_socket(UNWELCOME, f"inproc://nacre-monitor-{next(_numbers)}")


def close(socket: zmq.Socket[bytes], monitor: zmq.Socket[bytes]) -> None:
    """Both."""
    socket.disable_monitor()
    monitor.close(linger=0)
    socket.close()


def failed(monitor: zmq.Socket[bytes]) -> int:
    """The event of a handshake that failed since this was last asked; 0: none did. Without detail, the other
    side may have gone in the middle of it.
    """
    try:
        return int(parse_monitor_message(monitor.recv_multipart(zmq.NOBLOCK))["event"])
    except zmq.Again:
        return 0


def unwelcome(event: int, has_keys: bool) -> str:
    """What it means to a client."""
    if event == zmq.EVENT_HANDSHAKE_FAILED_AUTH:
        return "this client's key isn't known there: its public key goes into clients.toml"
    if has_keys:
        return "the handshake failed: it has another key than server_key says, or none"
    return "the handshake failed: it wants keys (key, server_key)"
