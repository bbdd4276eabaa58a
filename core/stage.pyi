from core.engine import Engine
from core.faults import Faults
from core.timing import Timing
from core_ext.histogram import Histogram
from core_ext.ring import Ring
from core_ext.spine import Spine

class Stage:
    """Something that polls and has a cursor on the spine."""

    @property
    def name(self) -> str: ...
    @property
    def spine(self) -> Spine: ...
    @property
    def faults(self) -> Faults: ...
    @property
    def cursor(self) -> int:
        """Its own on the spine; -1: it has none."""
    @property
    def done(self) -> int:
        """The last event that it is done with."""
    @property
    def timing(self) -> Timing | None:
        """Where its events are timed."""
    def be_timed(self, timing: Timing) -> None:
        """Times its events from the next one on, one in TIMED_EVERY."""
    def then(self, follower: Stage) -> Stage:
        """Who has the next turn on this thread; gives it back."""
    def poll_once(self, budget: int = 1) -> int:
        """One poll; how many events it took. For tests."""
    def turn_once(self, budget: int = 64) -> int:
        """One turn of this stage and those after it; how much was done. For tests."""

class EngineStage(Stage):
    """An engine of the path, at its place."""

    patient: bool  # waits for room on its rings; else who finds one full stops the core
    service_ns: Histogram | None
    def __init__(
        self, name: str, engine: Engine, spine: Spine, faults: Faults, sends: Ring | None = None
    ) -> None:
        """sends: the ring on which it must have room for one more before each event."""
    @property
    def engine(self) -> Engine: ...
    @property
    def relived(self) -> int:
        """Events that `resume` lived through again."""
    def takes(self, kind: int) -> bool:
        """Whether it acts on events of that kind."""
    def resume(self, seq: int) -> None:
        """Its engine has lived through the events up to `seq`; what a former process did beyond is done again
        without a trace, before this returns. RuntimeError: an event of it isn't on the spine."""
    def show_done(self) -> None:
        """Moves its cursor to what it has lived through: once no stage of its worker needs older events."""
