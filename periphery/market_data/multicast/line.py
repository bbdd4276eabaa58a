"""A multicast group over Aeron: messages out to it, and in from it. A driver that dies is begun anew.

Who subscribes is where the publication is by then; what a receiver was too slow for, or what was lost for
longer than its publisher keeps it, comes never: its image stands still then, and is had anew by `again`.
"""

from __future__ import annotations

import time
from typing import Any

from periphery.aeron.client import ERRORS, Client, pyaeron
from periphery.market_data.multicast.publisher import Offer
from periphery.standby.secret import Secret

FRAGMENTS = 64
"""Taken at a time."""
DRAIN_S = 0.5
"""How long what was lost can still be asked for after the last message."""
AGAIN_S = 1.0
"""The pause after a driver that couldn't be begun."""
CLOSING_S, CLOSING_LOOK_S = 10.0, 0.05
"""How long a driver may close a subscription before it is thought dead, and the pause between tries."""


class _End:
    """secret: of the seal that each message carries; None: none does. wrong: what Aeron said last."""

    def __init__(self, channel: str, stream: int, secret: Secret | None) -> None:
        """ValueError: Aeron can't have that channel. RuntimeError: its driver doesn't start."""
        self.channel, self.stream, self.secret = channel, stream, secret
        self.wrong = ""
        self._made: Any = None
        self._not_before_s = self._closing_until_s = 0.0
        self._client = Client()
        try:
            self._open()
        except ERRORS as error:
            self.close()
            raise ValueError(f"{channel}: {error}") from None

    def _open(self) -> None:
        raise NotImplementedError

    @property
    def driver_starts(self) -> int:
        return self._client.driver.starts

    @property
    def is_whole(self) -> bool:
        return self._made is not None and self._client.is_whole

    def _whole(self) -> bool:
        """A driver that died is begun again; whether there is one now."""
        if self.is_whole:
            return True
        if self._client.is_whole and time.monotonic() < self._closing_until_s:
            return self._reopen()
        return self._restart()

    def _reopen(self) -> bool:
        """A driver takes a while to close what is opened again, and refuses it until then."""
        if time.monotonic() < self._not_before_s:
            return False
        try:
            self._open()
        except ERRORS as error:
            self.wrong = str(error)
            self._not_before_s = time.monotonic() + CLOSING_LOOK_S
            return False
        return True

    def _restart(self) -> bool:
        if time.monotonic() < self._not_before_s:
            return False
        made, self._made = self._made, None
        try:
            self._client.restart(made)
            self._open()
        except (*ERRORS, RuntimeError) as error:
            self.wrong = str(error)
            self._not_before_s = time.monotonic() + AGAIN_S
            return False
        return True

    def close(self) -> None:
        made, self._made = self._made, None
        self._client.close(made)


class Outgoing(_End):
    """Where a publisher sends."""

    def _open(self) -> None:
        self._made = self._client.publish(self.channel, self.stream)

    def offer(self, message: bytes) -> Offer:
        if not self._whole():
            return Offer.FULL
        try:
            told = self._made.offer(message if self.secret is None else self.secret.seal(message))
        except ERRORS as error:
            self.wrong = str(error)
            self._restart()
            return Offer.FULL
        if told:
            return Offer.TAKEN
        return Offer.UNHEARD if told is pyaeron.NOT_CONNECTED else Offer.FULL

    def close(self) -> None:
        """What was lost on its way is sent again for a while: the driver ends with us."""
        if self.is_whole and self._made.is_connected:
            time.sleep(DRAIN_S)
        super().close()


class Incoming(_End):
    """Where a receiver listens. refused: messages without our seal."""

    refused = 0

    def _open(self) -> None:
        self._made = self._client.subscribe(self.channel, self.stream)

    def poll(self) -> list[bytes]:
        """What has come, some of it."""
        came: list[bytes] = []
        if not self._whole():
            return came
        try:
            self._made.poll(lambda view, _header: came.append(bytes(view)), FRAGMENTS)
        except ERRORS as error:
            self.wrong = str(error)
            self._restart()
        if self.secret is None:
            return came
        opened = [self.secret.open(message) for message in came]
        self.refused += opened.count(None)
        return [message for message in opened if message is not None]

    def again(self) -> None:
        """Joins anew, at where the publication is by then."""
        made, self._made = self._made, None
        self._closing_until_s = time.monotonic() + CLOSING_S
        if made is not None:
            try:
                made.close()
            except ERRORS as error:
                self.wrong = str(error)
