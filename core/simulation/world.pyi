from core.board import Board
from core.capacity import Capacity
from core.simulation.checker import Checker
from core.simulation.outside import Outside
from core.simulation.traffic import Traffic
from core.stage import Stage

BEGIN_NS: int

class World:
    """The scheduler of one seed. See world.pxd."""

    checker: Checker
    traffic: Traffic
    outsides: list[Outside]
    board: Board
    firsts: list[Stage | None]
    step_no: int
    next_due: int
    clients: int
    slow_readers: bool
    def __init__(self, seed: int, capacity: Capacity, rates: dict[str, int], tick_ns: int) -> None: ...
    def be_calm(self) -> None:
        """Nothing new comes in, nothing strikes any more."""
    def addresses(self) -> tuple[int, int]:
        """Of the dice and of the marks."""
    def trade_with(self, traffic: Traffic) -> None:
        """Where inputs come from."""
    def watch(self, board: Board) -> None:
        """The core's board."""
    def mark(self, place: int) -> None:
        """One more of a rare branch."""
    def reached(self) -> dict[str, int]:
        """How often each rare branch was come to."""
    def below(self, n: int) -> int:
        """A draw, from 0 to before n."""
    def stall(self, worker: int, until: int) -> None:
        """Its processor is somebody else's up to that step."""
    def unstall(self) -> None: ...
    def pass_time(self, ns: int) -> None:
        """The clock is put forward, or back."""
    def let_go_of_clock(self) -> None:
        """Realtime is real again."""
    def half_claim(self) -> None:
        """The sequencer died while it wrote an event."""
    def poll_and_untake(self, intake: Stage) -> bool:
        """The sequencer died when its last event was on the spine, and its slot not given back."""
    def flood(self, which: int) -> None:
        """More than a ring holds."""
    def mind_outsides(self) -> None:
        """A venue's gateway is dead."""
    def count_at_end(self) -> None:
        """What is counted elsewhere."""
    def due(self) -> None:
        """A step that something was put off to."""
    def strike(self) -> None:
        """A fault."""
    def run(self, steps: int) -> None:
        """So many steps. Raises a Violation or a CoreFault; `step_no` says at which."""
    def turn_all(self) -> int:
        """A step of everybody who lives, in order; how much was done."""
