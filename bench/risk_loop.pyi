from collections.abc import Buffer

from core.fused import Fused
from core_ext.histogram import Histogram

class Judge:
    """Asks a core's gate about orders, and changes nothing."""

    def __init__(self, core: Fused) -> None: ...
    @property
    def core(self) -> Fused: ...
    @property
    def denied(self) -> int: ...
    def run(
        self, rows: Buffer, positions: Buffer, now_ns: int, prepared: bool, each_ns: Histogram | None = None
    ) -> int:
        """ns of all orders' judgements: each an ORDER_EVENT of `rows`, for its position. prepared: a batch's
        memory is asked for before, as on the path. each_ns: every single one, the clock in it."""
