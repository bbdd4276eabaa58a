from core.capacity import Capacity
from core.recovery.catchup import Catchup
from core.venues.gateway import Gateway

class Follower(Catchup):
    """A standby's core: what it is told of, another host has recorded and sent."""

    def __init__(self, capacity: Capacity, gateway: Gateway) -> None:
        """gateway: one with `kept` intents, which are written as if it had sent."""
