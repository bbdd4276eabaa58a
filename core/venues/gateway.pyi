from core.capacity import Capacity
from core_ext.arena import Arena
from core_ext.fence import Fence
from core_ext.killpage import KillPage

class Gateway:
    """Accepts each send once, in the order of the spine, and never more than an order allows."""

    kill_page: KillPage | None
    fence: Fence | None

    def __init__(
        self, arena: Arena, capacity: Capacity, guarded: bool = True, kept: Arena | None = None
    ) -> None:
        """kept: an arena that outlives the process, for the intents."""
    @property
    def arena(self) -> Arena: ...
    @property
    def kept(self) -> Arena:
        """Of the intents: it outlives the process."""
    @property
    def suppressed(self) -> int:
        """Sends that the kill page or the fence held back."""
    @property
    def guarded(self) -> bool: ...
    @property
    def sent(self) -> int:
        """How many intents were stored."""
    def unknown(self) -> list[tuple[int, int, int]]:
        """(seq, child, venue) of intents without done: asked about, never sent again."""
