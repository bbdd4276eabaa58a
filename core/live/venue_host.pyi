from core.board import Board
from core.capacity import Capacity
from core.stage import Stage
from core.venues.simulated import Simulated
from core_ext.arena import Arena

class VenueHost:
    """Simulated venues, and what is under way to and from them."""

    def __init__(self, capacity: Capacity) -> None: ...
    @property
    def venues(self) -> Simulated: ...
    def number_from(self, venue: int, number: int) -> None:
        """The venue's numbers go on there: none that it gave may come again."""

class VenueStage(Stage):
    """Simulated venues in a process of their own: messages in, reports out."""

    def __init__(self, board: Board, host: VenueHost) -> None: ...
    def resume(self, shown_through: int) -> None:
        """Its host has lived through the market up to that event."""
    @property
    def host(self) -> VenueHost: ...
    @property
    def board(self) -> Board: ...
    @property
    def arena(self) -> Arena:
        """Of the ids of the orders that it has had."""
