from collections.abc import Buffer, Sequence

from core.board import Board
from core.stage import Stage

class Player:
    """A processor's stages, and the inputs where it has the sequencer."""

    def __init__(
        self, board: Board, first: Stage, last: Stage, also: Stage, rows: Buffer, row_bytes: int
    ) -> None:
        """rows: Inputs of row_bytes each, numbered. An event is done when `last` and `also` are done with it,
        of which neither waits for the other."""
    @property
    def sent(self) -> int: ...
    @property
    def busy_ns(self) -> int: ...
    @property
    def full(self) -> int: ...
    def play(
        self, feeds: bool, planned: Buffer, done: Buffer, base: int, begin_ns: int, patience_ns: int
    ) -> bool:
        """Turns until the stages have done len(planned) events more than `base`; False: not in time.

        planned: int64 ns after begin_ns (monotonic) at which each row is due. done: int64, when each was
        done, of the same clock.
        """
    def turns(self, batch: int, took: Buffer) -> bool:
        """Turns of the chain with `batch` events each (0: it finds nothing), len(took) of them; took: int64
        ns of each. False: they weren't done."""
    def steps(self, batch: int, stages: Sequence[Stage], took: Buffer) -> bool:
        """The same stage by stage. took: int64 (turns, stages + 1) ns, the feeding of the ring first."""
