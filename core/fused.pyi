from core.capacity import Capacity
from core.egress.engine import Egress
from core.execution.engine import Execution
from core.faults import Faults
from core.orders.engine import Orders
from core.positions.engine import Positions
from core.recorder import Recorder
from core.resolve.engine import Resolve
from core.risk.engine import Risk
from core.router.engine import Router
from core.sequencer.engine import Sequencer
from core.stage import Stage
from core_ext.histogram import Histogram
from core_ext.journal import JournalWriter
from core_ext.ring import Ring
from core_ext.spine import Spine

TIMED: tuple[str, ...]

def plain_ring(capacity: int, slot_size: int) -> Ring:
    """A ring over memory of its own."""

def plain_spine(capacity: int, slot_size: int, cursors: int) -> Spine:
    """A spine over memory of its own. All its cursors hold the claimer back."""

def state_hash(seq: int, digests: dict[str, str]) -> str:
    """One digest of the last sequence and of all engines' states, told by name in any order."""

def arena_bytes(capacity: Capacity) -> int:
    """Room for any one engine's tables."""

class Fused:
    """The core on one thread: every engine of the path takes its turn on each event."""

    def __init__(
        self,
        capacity: Capacity = ...,
        journal: JournalWriter | None = None,
        timed: bool = False,
        guarded: bool = True,
    ) -> None:
        """timed: measure engines' service times. guarded: False disables execution's guard, for a test."""
    @property
    def capacity(self) -> Capacity: ...
    @property
    def spine(self) -> Spine: ...
    @property
    def faults(self) -> Faults: ...
    @property
    def sequencer(self) -> Sequencer: ...
    @property
    def resolve(self) -> Resolve: ...
    @property
    def risk(self) -> Risk: ...
    @property
    def orders(self) -> Orders: ...
    @property
    def router(self) -> Router: ...
    @property
    def execution(self) -> Execution: ...
    @property
    def positions(self) -> Positions: ...
    @property
    def egress(self) -> Egress: ...
    @property
    def sends(self) -> Ring:
        """What execution tells the gateways: a `Send` a slot."""
    @property
    def recorder(self) -> Recorder: ...
    @property
    def stages(self) -> dict[str, Stage]:
        """By name, in the order of the path."""
    @property
    def histograms(self) -> dict[str, Histogram]:
        """Service time, by the names in TIMED; empty where it isn't measured."""
    def use(self, journal: JournalWriter | None) -> None:
        """Records in this journal from now on."""
    def begin(self) -> None:
        """The first event."""
    def digests(self) -> dict[str, str]:
        """A digest of each engine's state."""
    def state_hash(self) -> str:
        """One digest of all engines' states and the last sequence: equal states, equal hash."""
    def latency(self) -> dict[str, dict[str, int]]:
        """Service time by engine, ns."""
    def raise_fault(self) -> None:
        """Raises the CoreFault that stopped the core; nothing where nothing did."""
