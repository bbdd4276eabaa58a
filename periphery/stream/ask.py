"""What a publisher tells about itself."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import zmq

from periphery.stream import wire
from periphery.stream.keys import client_keys

ANSWER_S = 5.0


def status(
    address: str, key: str = "", server_key: str = "", for_s: float = ANSWER_S
) -> dict[str, Any] | None:
    """Its counts and subscribers; None: nobody answers. key, server_key: files, if it wants any. BadKeys."""
    keys = client_keys(key, server_key)
    socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
    socket.setsockopt(zmq.LINGER, 0)
    if keys is not None:
        keys.use(socket)
    try:
        socket.connect(address)
        socket.send(wire.STATUS)
        end = time.monotonic() + for_s
        while time.monotonic() < end:
            if socket.poll(50):
                packet = socket.recv()
                if packet[:1] == wire.STATUS:
                    found: dict[str, Any] = msgspec.msgpack.decode(packet[1:])
                    return found
    finally:
        socket.close()
    return None
