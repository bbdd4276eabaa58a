from core.capacity import Capacity
from core.faults import Faults
from core.sequencer.engine import Sequencer
from core_ext.ring import Ring
from core_ext.spine import Spine

SIZES: tuple[str, ...]

def config_request(capacity: Capacity) -> bytes:
    """The first event's request: how large the tables are, so that a replay makes them alike."""

class Path:
    """Sequences one event after the other; each has been everywhere before the next."""

    @property
    def capacity(self) -> Capacity: ...
    @property
    def spine(self) -> Spine: ...
    @property
    def faults(self) -> Faults: ...
    @property
    def sequencer(self) -> Sequencer: ...
    @property
    def sends(self) -> Ring:
        """What execution tells the gateways: a `Send` a slot."""
    def begin(self) -> None:
        """The first event."""
    def raise_fault(self) -> None:
        """Raises the CoreFault that stopped the core; nothing where nothing did."""
