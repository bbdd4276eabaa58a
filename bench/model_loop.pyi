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
    def took_turns(self) -> int: ...
    @property
    def full(self) -> int: ...
    def play(
        self,
        feeds: bool,
        planned: Buffer,
        done: Buffer,
        took: Buffer,
        base: int,
        begin_ns: int,
        patience_ns: int,
    ) -> bool:
        """Turns until the stages have done len(planned) events more than `base`; False: not in time.

        planned: int64 ns after begin_ns (monotonic) at which each row is due. done: int64, when each was
        done, of the same clock. took: int64 (turns, 2), the events that were done in each turn that found
        something, and its ns: `took_turns` of them.
        """
    def idle(self, took: Buffer) -> None:
        """Turns of the chain that find nothing, len(took) of them; took: int64 ns of each."""
    def steps(self, batch: int, stages: Sequence[Stage], took: Buffer) -> bool:
        """Turns of the chain with `batch` events each, len(took) of them, stage by stage. took: int64
        (turns, stages + 1) ns, the feeding of the ring first. False: they weren't done."""
