from collections.abc import Buffer

from core.board import Board
from core.recovery.catchup import Catchup
from core.sequencer.engine import Sequencer
from core.stage import Stage
from core_ext.killpage import KillPage
from core_ext.ring import Ring

SOURCE_DESK: int
SOURCE_FEED: int
SOURCE_GATEWAY: int
SOURCE_VENUES: int
SOURCE_SESSIONS: int

class Intake(Stage):
    """The sequencer's stage of a live core: polls every source."""

    def __init__(self, board: Board, kill_page: KillPage | None = None) -> None: ...
    @property
    def sequencer(self) -> Sequencer: ...
    @property
    def board(self) -> Board: ...
    def resume(self, past: Catchup) -> None:
        """Goes on where a core that has lived through the past is."""
    def hush(self) -> None:
        """Takes nothing from outside any more: what is left is what engines derive."""
    def open_seat(
        self,
        i: int,
        session: int,
        person: int,
        ring: Ring,
        rights: Buffer | None,
        base: int | None = None,
        feeds: bool = False,
    ) -> int:
        """Takes requests from that ring; what its source had sequenced before. base: as first told. feeds:
        market data and nothing else, after all others' requests.
        """
    def close_seat(self, i: int) -> bool:
        """Lets go of its memory once all is taken; False: something is still there."""
    def sequenced(self, source: int) -> int:
        """Inputs of that source on the spine so far."""
