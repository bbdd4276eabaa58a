"""A session in this process: what it asks for lies on a ring, what it is told comes another way."""

from __future__ import annotations

from core.session.port import Port
from core_ext.ring import Ring
from core_ext.spine import Spine
from periphery.client.directory import Directory
from periphery.client.shared_memory import SharedOrderEvent
from periphery.client.stream import Follower


class OwnRings:
    """responses: of the core's egress, all sessions'."""

    def __init__(self, requests: Ring, responses: Spine) -> None:
        self.requests = requests
        self.responses = responses

    def follow_quotes(self) -> Follower:
        """Nobody does: the market comes by handlers."""
        return Follower(self.responses, 1)

    def port(self, prefix: str, directory: Directory) -> Port[SharedOrderEvent]:
        names = directory.symbols, directory.account_indices(), directory.venue_indices()
        return Port(self.requests, self.responses, prefix, *names, SharedOrderEvent)
