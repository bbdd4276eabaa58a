from core.capacity import Capacity
from core_ext.arena import Arena

def venues_bytes(capacity: Capacity) -> int:
    """Room in an arena for a Simulated of these sizes."""

class Simulated:
    """Every venue whose mode is match: price, then time, against shown levels and our own resting orders."""

    def __init__(self, arena: Arena, capacity: object, schedule: object) -> None:
        """capacity: a core.capacity.Capacity. schedule: the core's Schedule, which takes the answers."""
    @property
    def arena(self) -> Arena: ...
    @property
    def dropped_levels(self) -> int:
        """Levels, and orders of the market, beyond the bounds."""
    @property
    def without_ladder(self) -> int: ...
    @property
    def refused(self) -> int: ...
    @property
    def unlisted(self) -> int: ...
    def push_event(self, kind: int, request: bytes, now_ns: int) -> None:
        """An event reaches the venues. request: its struct's bytes (the dtypes of core.messages)."""
    def push_send(self, send: bytes, now_ns: int) -> None:
        """A `Send` arrives. ValueError for any other number of bytes."""
    def arrival(self, send: bytes, now_ns: int) -> int:
        """When a `Send` that leaves the core now arrives at its venue."""
    def number_from(self, venue: int, number: int) -> None:
        """The venue's numbers go on there: none that it gave may come again."""
    def push_timer(self, child: int, now_ns: int) -> None:
        """A DUE_VENUE item came due."""
    def pending(self, until_ns: int = ...) -> list[tuple[int, int, bytes]]:
        """Takes what is due out of the schedule, in order: (due_ns, a DueKind, its bytes)."""
    def levels(self, symbol: int, venue: int, side: int) -> list[tuple[int, int]]:
        """What the market shows, best first: (px, qty)."""
    def queue(self, symbol: int, venue: int, side: int) -> list[tuple[int, int, int]]:
        """Our resting orders, best first: (child, leaves, ahead)."""
