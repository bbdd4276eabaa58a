from core.capacity import Capacity
from core.engine import Emitter, Engine
from core_ext.arena import Arena
from core_ext.spine import Spine

class Egress(Engine):
    """Tells sessions what became of their requests, on a ring that nobody can hold back."""

    def __init__(
        self, arena: Arena, emitter: Emitter | None, capacity: Capacity, responses: Spine
    ) -> None: ...
    @property
    def responses(self) -> Spine: ...
    @property
    def denials(self) -> int: ...
    def denials_by_reason(self) -> dict[int, int]:
        """How many requests were denied, by Reason."""
    @property
    def fills(self) -> int: ...
    def id_bytes(self, index: int) -> bytes:
        """The cl_ord_id with that index, as its field: a length and the text."""
