from core.faults import Faults
from core_ext.spine import Spine

class Sequencer:
    """Gives every event its place and its time on the spine; the only writer of headers and requests."""

    def __init__(self, spine: Spine, faults: Faults) -> None: ...
    @property
    def faults(self) -> Faults: ...
    @property
    def seq(self) -> int:
        """The last sequence given."""
    @property
    def time_ns(self) -> int:
        """The last stamp."""
    def counts(self) -> dict[int, int]:
        """Inputs by source."""
