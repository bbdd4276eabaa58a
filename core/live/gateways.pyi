from collections.abc import Iterable

from core.board import Board
from core.live.venue_host import VenueHost
from core.stage import Stage
from core.venues.gateway import Gateway
from core_ext.killpage import KillPage

class Gateways(Stage):
    """Stores intents, writes to venues, hears them."""

    def __init__(
        self,
        board: Board,
        gateway: Gateway,
        host: VenueHost | None = None,
        kill_page: KillPage | None = None,
    ) -> None:
        """host: None where the venues have a process of their own."""
    @property
    def gateway(self) -> Gateway: ...
    @property
    def host(self) -> VenueHost | None: ...
    @property
    def board(self) -> Board: ...
    def resume(
        self, seq: int, done_through: int, shown_through: int, own_reports: int, matching: Iterable[int]
    ) -> None:
        """Goes on after event `seq`. done_through: the last event whose send was handled and whose report
        was heard; shown_through: the last whose market data the host has; own_reports: how many it had made;
        matching: simulated venues."""
