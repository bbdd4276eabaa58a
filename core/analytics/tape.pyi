from core.analytics.rows import Rows
from core.capacity import Capacity

MOST: int

class Tape:
    """Keeps what of the stream executions are measured by: the rows of core.analytics.layout."""

    mids: Rows
    trades: Rows
    orders: Rows
    children: Rows
    fills: Rows
    levels: Rows
    names: dict[tuple[int, int], bytes]
    last_seq: int
    last_ns: int

    def __init__(self, capacity: Capacity = ..., most: int = ...) -> None: ...
    def page(self, raw: bytes) -> None:
        """One event, after every engine was done with it. MemoryError: it has as many rows as it may."""
