from core_ext.arena import Arena

class Simulated:
    """Every venue whose mode is match: price, then time, against shown levels and our own resting orders."""

    def __init__(self, arena: Arena, capacity: object, schedule: object) -> None:
        """capacity: a core.capacity.Capacity. schedule: the core's Schedule, which takes the answers."""
    @property
    def arena(self) -> Arena: ...
    @property
    def dropped_levels(self) -> int: ...
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
    def push_timer(self, child: int, now_ns: int) -> None:
        """A DUE_VENUE item came due."""
    def pending(self, until_ns: int = ...) -> list[tuple[int, int, bytes]]:
        """Takes what is due out of the schedule, in order: (due_ns, a DueKind, its bytes)."""
    def levels(self, symbol: int, venue: int, side: int) -> list[tuple[int, int]]:
        """External levels left, best first: (px, qty)."""
    def queue(self, symbol: int, venue: int, side: int) -> list[tuple[int, int, int]]:
        """Our resting orders, best first: (child, leaves, ahead)."""
