"""The shared-memory transport: three rings in sealed memory that the core made and passed over its socket."""

from __future__ import annotations

import mmap
import os
from collections.abc import Sequence

from core.session.port import Answer, Port
from core_ext.ring import Ring
from core_ext.spine import Spine
from periphery.client.codec import INPUT_SIZE, QUOTE_SIZE, RESPONSE_SIZE
from periphery.client.directory import Directory
from periphery.client.errors import VersionMismatch
from periphery.client.events import OrderEvent
from periphery.client.stream import Follower


class SharedOrderEvent(Answer, OrderEvent):
    """An order event over a response's own bytes."""

    __slots__ = ()


class Rings:
    """Requests out, responses and quotes in. The memory is given back when the last reference goes."""

    def __init__(self, requests: Ring, responses: Spine, quotes: Spine) -> None:
        self.requests = requests
        self.responses = responses
        self.quotes = quotes
        found = (requests.slot_size, responses.slot_size, quotes.slot_size)
        if found != (INPUT_SIZE, RESPONSE_SIZE, QUOTE_SIZE):
            wanted = (INPUT_SIZE, RESPONSE_SIZE, QUOTE_SIZE)
            raise VersionMismatch(
                f"slots of {found} bytes, not {wanted}: client and core are of two versions"
            )

    def follow_quotes(self) -> Follower:
        """The quotes, from the market as it stands on."""
        return Follower(self.quotes, 1)

    def port(self, prefix: str, directory: Directory) -> Port[SharedOrderEvent]:
        """The session's end of the request and response rings, compiled."""
        names = directory.symbols, directory.account_indices(), directory.venue_indices()
        return Port(self.requests, self.responses, prefix, *names, SharedOrderEvent)


def attach(fds: Sequence[int]) -> Rings:
    """The rings behind the three descriptors of `hello`, which are closed. ValueError: not our rings."""
    try:
        requests, responses, quotes = (mmap.mmap(fd, os.fstat(fd).st_size) for fd in fds)
    finally:
        for fd in fds:
            os.close(fd)
    return Rings(Ring.attach(requests), Spine.attach(responses), Spine.attach(quotes))
