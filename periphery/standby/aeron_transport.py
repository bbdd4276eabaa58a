"""The transport over Aeron: a stream each way over UDP, through a media driver that is looked after.

An offer that Aeron takes is in the log of this host and no further. When a driver dies all that its logs
held is gone; a new one is started, and the streams begin anew. What must arrive is acknowledged above this.
"""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from periphery.aeron.client import ERRORS, Client
from periphery.standby.secret import Secret

STREAM = 7800
TERM = "term-length=1m"
FRAGMENTS = 32
NAP_S = 0.0005
WAITING_MAX = 256


def channel(host: str) -> str:
    return f"aeron:udp?endpoint={host}|{TERM}"


class _Aeron:
    """What both ends share: a subscription at this end's address, a publication to the other's."""

    def __init__(self, own: str, secret: Secret) -> None:
        self.own = own
        self.secret = secret
        self.refused = 0
        self.wrong = ""
        self._came: deque[bytes] = deque()
        self._to = ""
        self._publication: Any = None
        self._subscription: Any = None
        self._client = Client()
        self._open()

    def _open(self) -> None:
        try:
            self._subscription = self._client.subscribe(channel(self.own), STREAM)
        except ERRORS as error:
            self.close()
            raise ValueError(f"aeron://{self.own}: {error}: give an address of this host") from None
        self._publish_to(self._to)

    def _publish_to(self, host: str) -> None:
        if host != self._to and self._publication is not None:
            self._publication.close()
            self._publication = None
        self._to = host
        if host and self._publication is None:
            self._publication = self._client.publish(channel(host), STREAM)

    def restart(self) -> None:
        self._client.restart(*self._made())
        self._open()

    def close(self) -> None:
        self._client.close(*self._made())

    def _made(self) -> tuple[Any, ...]:
        made = self._publication, self._subscription
        self._publication = self._subscription = None
        return made

    def _whole(self) -> None:
        """A driver that died is begun again."""
        if not self._client.is_whole:
            self.restart()

    def _offer(self, message: bytes) -> bool:
        self._whole()
        try:
            return self._publication is not None and bool(self._publication.offer(self.secret.seal(message)))
        except ERRORS as error:
            self.wrong = str(error)
            self.restart()
            return False

    def _take(self, view: Any, _header: Any) -> None:
        message = self.secret.open(bytes(view))
        if message is None:
            self.refused += 1
        elif len(self._came) < WAITING_MAX:
            self._came.append(message)

    def receive(self, wait_ms: int) -> bytes | None:
        until = time.monotonic() + wait_ms / 1000
        while not self._came:
            self._whole()
            try:
                found = self._subscription.poll(self._take, FRAGMENTS)
            except ERRORS as error:
                self.wrong = str(error)
                self.restart()
                continue
            if not found:
                if time.monotonic() >= until:
                    return None
                time.sleep(NAP_S)
        return self._came.popleft()


class AeronListener(_Aeron):
    """It answers where the last message said: `length of the address | address | message`."""

    def receive(self, wait_ms: int) -> bytes | None:
        told = super().receive(wait_ms)
        if told is None:
            return None
        host = told[1 : 1 + told[0]].decode(errors="replace")
        if host != self._to:
            try:
                self._publish_to(host)
            except ERRORS as error:
                self.wrong, self._to = str(error), ""
        return told[1 + told[0] :]

    def send(self, message: bytes) -> bool:
        return self._offer(message)


class AeronDialer(_Aeron):
    """It says where it is to be answered."""

    def __init__(self, address: str, own: str, secret: Secret) -> None:
        self._head = bytes([len(own)]) + own.encode()
        super().__init__(own, secret)
        self._publish_to(address)

    def send(self, message: bytes) -> bool:
        return self._offer(self._head + message)
