import os
from collections.abc import Buffer

from core.capacity import Capacity
from core.recovery.replay import Replay
from core.venues.gateway import Gateway
from core.venues.simulated import Simulated
from core_ext.spine import Spine

class Catchup(Replay):
    """A fused core that lives through a live core's past."""

    def __init__(
        self,
        capacity: Capacity = ...,
        gateway: Gateway | None = None,
        venues: Simulated | None = None,
        sent_through: int = 0,
    ) -> None:
        """gateway, venues: told of the past as well. sent_through: the last event whose send was handled and
        whose report was heard."""
    def live_through(self, folder: str | os.PathLike[str], spine: Spine | None, until: int) -> None:
        """Every event up to `until`, which must be published; spine None: from the journal alone."""
    def record(self, seq: int, body: Buffer) -> None:
        """One record that came another way. Raises a CoreFault; ValueError: it isn't the next one."""
