from core_ext.journal import JournalWriter
from core_ext.spine import Spine

class Sequencer:
    """Gives every event its place and its time on the spine; the only writer of headers and requests."""

    def __init__(self, spine: Spine, journal: JournalWriter | None) -> None: ...
    @property
    def seq(self) -> int:
        """The last sequence given."""
    @property
    def time_ns(self) -> int:
        """The last stamp."""
    @property
    def fault(self) -> int:
        """What stopped the core; 0: nothing did. Fused.raise_fault tells it in words."""
    @property
    def fault_expected(self) -> int: ...
    @property
    def fault_found(self) -> int: ...
    @property
    def fault_source(self) -> int: ...
