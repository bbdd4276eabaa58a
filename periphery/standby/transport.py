"""How messages come from one host to another: ZeroMQ or Aeron, behind one interface.

A transport may lose, double and reorder messages, and may hand on one that an earlier peer sent: who needs
more (periphery/standby/sender.py, receiver.py) numbers and acknowledges them himself. It never hands on a
message without our seal, nor a part of one.
"""

from __future__ import annotations

from typing import Protocol
from urllib.parse import urlsplit

from periphery.standby.secret import Secret

MESSAGE_MAX = 64 << 10


class Transport(Protocol):
    """One end of a line between two hosts; used by one thread."""

    refused: int
    """Messages that came without our seal."""

    def send(self, message: bytes) -> bool:
        """Takes it, or not: nobody is there, or too much waits. True doesn't mean that it arrives."""

    def receive(self, wait_ms: int) -> bytes | None:
        """The next message; None: there is none for so long."""

    def restart(self) -> None:
        """Begins anew what is below, as after its death."""

    def close(self) -> None: ...


def listen(address: str, secret: Secret) -> Transport:
    """The end that others come to. Addresses: see `dial`. ValueError."""
    kind, host = _split(address)
    if kind == "tcp":
        from periphery.standby.zmq_transport import ZmqListener

        return ZmqListener(address, secret)
    from periphery.standby.aeron_transport import AeronListener

    return AeronListener(host, secret)


def dial(address: str, own: str, secret: Secret) -> Transport:
    """The end that goes there: tcp://HOST:PORT is ZeroMQ, aeron://HOST:PORT is Aeron, which needs an
    address of its own, aeron://HOST:PORT too, where the answers come. ValueError.
    """
    kind, host = _split(address)
    if kind == "tcp":
        from periphery.standby.zmq_transport import ZmqDialer

        return ZmqDialer(address, secret)
    own_kind, own_host = _split(own)
    if own_kind != kind:
        raise ValueError(
            f"{own!r}: answers of {address} come over Aeron too: give aeron://HOST:PORT of this host"
        )
    from periphery.standby.aeron_transport import AeronDialer

    return AeronDialer(host, own_host, secret)


def _split(address: str) -> tuple[str, str]:
    """(kind, host:port)."""
    parts = urlsplit(address)
    try:
        good = parts.scheme in ("tcp", "aeron") and bool(parts.hostname) and parts.port is not None
    except ValueError:
        good = False
    if not good or parts.path:
        raise ValueError(f"{address!r}: give tcp://HOST:PORT for ZeroMQ, or aeron://HOST:PORT for Aeron")
    return parts.scheme, parts.netloc
