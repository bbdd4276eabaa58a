from core.capacity import Capacity
from core.simulation.checker import Checker
from core.simulation.traffic import Traffic

class Outside:
    """A venue outside of the core with its gateway. See outside.pxd."""

    venue: int
    dead: bool
    run: int
    drop: int
    repeat: int
    late: int
    reject: int
    reject_cancel: int
    die_in_write: int
    stray: int
    other_ids: int
    excess: int
    resends: bool
    forgets: int
    late_qty: int
    live_count: int
    said_count: int
    lost_count: int
    max_children: int
    def __init__(
        self, venue: int, capacity: Capacity, checker: Checker, traffic: Traffic, dice: int, marks: int
    ) -> None: ...
    def meet(self, run: int) -> None:
        """A core that came back, by its number."""
    def die(self) -> None:
        """Its gateway."""
    def come_back(self) -> None:
        """Its gateway; it tells first what fills were lost."""
    def be_true(self) -> None:
        """From now on nothing goes astray."""
    @property
    def waiting(self) -> int:
        """Sends and reports on their way."""
    def children(self) -> list[tuple[int, int, int, bool, int]]:
        """(child, quantity, filled, whether it is live, price) of every one that ever came."""
    def positions(self) -> dict[tuple[int, int], int]:
        """What was traded, by account and symbol."""
