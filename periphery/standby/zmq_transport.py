"""The transport over ZeroMQ: a router that answers whoever spoke last, and a dealer."""

from __future__ import annotations

import zmq

from periphery.standby.secret import Secret
from periphery.standby.transport import MESSAGE_MAX

HWM = 64
BEAT_MS = 200
DEAD_MS = 1000
RECONNECT_MS, RECONNECT_MAX_MS = 20, 500


class _Zmq:
    """What both ends share."""

    def __init__(self, address: str, secret: Secret, kind: int) -> None:
        self.address = address
        self.secret = secret
        self.kind = kind
        self.refused = 0
        self.socket = self._open()

    def _open(self) -> zmq.Socket[bytes]:
        socket: zmq.Socket[bytes] = zmq.Context.instance().socket(self.kind)
        for option, value in (
            (zmq.LINGER, 0), (zmq.SNDHWM, HWM), (zmq.RCVHWM, HWM), (zmq.HEARTBEAT_IVL, BEAT_MS),
            (zmq.HEARTBEAT_TIMEOUT, DEAD_MS), (zmq.RECONNECT_IVL, RECONNECT_MS),
            (zmq.RECONNECT_IVL_MAX, RECONNECT_MAX_MS), (zmq.CONNECT_TIMEOUT, DEAD_MS),
            (zmq.MAXMSGSIZE, MESSAGE_MAX * 2),
        ):  # fmt: skip
            socket.setsockopt(option, value)
        try:
            self._join(socket)
        except zmq.ZMQError as error:
            socket.close()
            raise ValueError(
                f"{self.address}: {error}: give an address such as tcp://10.0.0.1:7800"
            ) from None
        return socket

    def _join(self, socket: zmq.Socket[bytes]) -> None:
        raise NotImplementedError

    def restart(self) -> None:
        self.socket.close()
        self.socket = self._open()

    def close(self) -> None:
        self.socket.close()

    def _send(self, parts: list[bytes]) -> bool:
        try:
            self.socket.send_multipart(parts, zmq.NOBLOCK)
        except zmq.ZMQError:  # too much waits, or who spoke last is gone
            return False
        return True

    def _receive(self, wait_ms: int) -> list[bytes] | None:
        return self.socket.recv_multipart() if self.socket.poll(wait_ms) else None

    def _opened(self, sealed: bytes) -> bytes | None:
        message = self.secret.open(sealed)
        self.refused += message is None
        return message


class ZmqListener(_Zmq):
    """Bound; the peer is who spoke last."""

    def __init__(self, address: str, secret: Secret) -> None:
        self._peer = b""
        super().__init__(address, secret, zmq.ROUTER)

    def _join(self, socket: zmq.Socket[bytes]) -> None:
        socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
        socket.curve_publickey, socket.curve_secretkey = self.secret.curve("server")
        socket.curve_server = True
        socket.bind(self.address)

    def send(self, message: bytes) -> bool:
        return bool(self._peer) and self._send([self._peer, self.secret.seal(message)])

    def receive(self, wait_ms: int) -> bytes | None:
        parts = self._receive(wait_ms)
        if parts is None or len(parts) != 2:
            return None
        message = self._opened(parts[1])
        if message is not None:
            self._peer = parts[0]
        return message


class ZmqDialer(_Zmq):
    """Connected, and again when the line was down."""

    def __init__(self, address: str, secret: Secret) -> None:
        super().__init__(address, secret, zmq.DEALER)

    def _join(self, socket: zmq.Socket[bytes]) -> None:
        socket.setsockopt(zmq.IMMEDIATE, 1)  # nothing is queued for nobody
        socket.curve_publickey, socket.curve_secretkey = self.secret.curve("client")
        socket.curve_serverkey = self.secret.curve("server")[0]
        socket.connect(self.address)

    def send(self, message: bytes) -> bool:
        return self._send([self.secret.seal(message)])

    def receive(self, wait_ms: int) -> bytes | None:
        parts = self._receive(wait_ms)
        return None if parts is None or len(parts) != 1 else self._opened(parts[0])
