"""Sockets that others come to."""

from __future__ import annotations

import ctypes
import time

import zmq
import zmq.backend.cython._zmq

from periphery.stream.keys import Keyring

FREE_S = 1.0
"""How long an address may take to be free, after who had it has closed."""
_LIBRARY = ctypes.CDLL(zmq.backend.cython._zmq.__file__)  # libzmq's functions are found through it
ZMQ_SEND = ctypes.cast(_LIBRARY.zmq_send, ctypes.c_void_p).value or 0
"""Where libzmq's `zmq_send` is, for code that calls it without pyzmq."""


def bound(kind: int, address: str, hwm: int, keys: Keyring | None = None) -> zmq.Socket[bytes]:
    """A socket that is bound there, which holds so many messages for each peer. ValueError: it can't be."""
    context = keys.context if keys else zmq.Context.instance()
    socket: zmq.Socket[bytes] = context.socket(kind)
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.SNDHWM, hwm)
    if kind == zmq.ROUTER:
        socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
    if keys is not None:
        keys.protect(socket)
    until = time.monotonic() + FREE_S
    while True:
        try:
            socket.bind(address)
            return socket
        except zmq.ZMQError as error:
            if error.errno != zmq.EADDRINUSE or time.monotonic() > until:
                socket.close()
                raise ValueError(
                    f"{address}: {error}: give an address to bind, such as tcp://127.0.0.1:7701"
                ) from None
            time.sleep(0.005)


def where(socket: zmq.Socket[bytes]) -> str:
    """The address that it is bound to."""
    found = socket.getsockopt(zmq.LAST_ENDPOINT)
    assert isinstance(found, bytes)
    return found.rstrip(b"\0").decode()
