from core.board import Board
from core.faults import Faults
from core.stage import Stage
from core_ext.histogram import Histogram
from core_ext.journal import JournalWriter
from core_ext.spine import Spine

class Recorder(Stage):
    """Records each event's input; its cursor: what is recorded, in `group` durability on the disk."""

    service_ns: Histogram | None
    def __init__(self, spine: Spine, faults: Faults, journal: JournalWriter | None = None) -> None: ...
    @property
    def journal(self) -> JournalWriter | None: ...
    def share(self, board: Board) -> None:
        """Tells the sequencer there that space is short."""
    def use(self, journal: JournalWriter | None) -> None:
        """Records there from now on; what it holds already is done."""
