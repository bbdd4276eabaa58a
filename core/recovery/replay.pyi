from core.capacity import Capacity
from core.fused import Fused
from core.sequencer.schedule import Schedule
from core_ext.journal import JournalReader

class Replay:
    """A fused core that lives through a journal, and compares what its engines derive with what it has."""

    def __init__(self, capacity: Capacity = ...) -> None: ...
    @property
    def core(self) -> Fused: ...
    @property
    def schedule(self) -> Schedule: ...
    @property
    def events(self) -> int: ...
    @property
    def derived(self) -> int:
        """Of the events, those that the engines derived again and that were equal."""
    @property
    def completed(self) -> int:
        """Events derived by the last ones and not recorded: a crash had cut them off."""
    def play(self, reader: JournalReader, until: int = 0) -> None:
        """Every record of the reader, to its end or through sequence `until`.

        Raises Nondeterminism or SourceGap by name, JournalCorrupt where a record is bad.
        """
