from collections.abc import Buffer

from core.capacity import Capacity
from core.faults import Faults
from core.timing import Timing
from core_ext.ring import Ring
from core_ext.spine import Spine

MAX_SESSIONS: int
MAX_WORKERS: int

def parts(capacity: Capacity) -> dict[str, int]:
    """Bytes of each part, by name, in their order."""

def board_bytes(capacity: Capacity) -> int:
    """How much memory a core of that capacity shares."""

def make_memory(capacity: Capacity) -> int:
    """A file in shared memory without a name, allocated in full; its descriptor. OSError: there is no
    room.
    """

class Board:
    """The memory that all processes of one core share, as named parts."""

    def __init__(self, memory: Buffer, capacity: Capacity, fresh: bool = False) -> None:
        """fresh: lays the parts anew; else attaches to what is there."""
    @staticmethod
    def of(fd: int, capacity: Capacity, fresh: bool = False) -> Board:
        """The board in that file."""
    @property
    def capacity(self) -> Capacity: ...
    @property
    def memory(self) -> Buffer: ...
    @property
    def faults(self) -> Faults: ...
    @property
    def spine(self) -> Spine: ...
    @property
    def loopbacks(self) -> dict[str, Ring]: ...
    @property
    def timings(self) -> dict[str, Timing]:
        """How long each stage takes."""
    @property
    def desk(self) -> Ring: ...
    @property
    def feed(self) -> Ring: ...
    @property
    def reports(self) -> Ring: ...
    @property
    def sends(self) -> Ring: ...
    @property
    def to_venues(self) -> Ring: ...
    @property
    def from_venues(self) -> Ring: ...
    @property
    def seq(self) -> int:
        """The last event that is whole on the spine."""
    @property
    def recorded(self) -> int:
        """The last sequence that counts as recorded."""
    def declare(self, symbols: int, venues: int, accounts: int, strategies: int) -> None:
        """How many of each there are by now."""
    def call(self, worker: int) -> None:
        """Tells the worker that a message waits for it."""
    def worker_counts(self, worker: int) -> dict[str, int]:
        """beat_ns: monotonic time of its last turn; events taken, turns, naps."""
    def seat_fault(self, seat: int) -> str:
        """What the session did wrong; "": nothing."""
    def clear_seat_fault(self, seat: int) -> None:
        """Before the seat is given to another session."""
    def cursors(self) -> dict[str, int]:
        """The last event that each stage is done with."""
    def counts(self) -> dict[str, int]:
        """What the processes tell of themselves."""
    def is_settled(self) -> bool:
        """Whether every event has been everywhere, and all that engines derived from them too."""
    def is_quiet(self) -> bool:
        """Whether every event has been everywhere, and nothing waits on a ring or under way."""
