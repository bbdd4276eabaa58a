from core.board import Board
from core.stage import Stage

WAITS: tuple[str, ...]

class Turns:
    """The loop of a worker: its stages take turns."""

    def __init__(self, board: Board, worker: int, first: Stage, wait: str = "sleep") -> None:
        """worker: whose lines on the board it writes. first: of the chain of stages."""
    @property
    def board(self) -> Board: ...
    def look(self) -> None:
        """All messages up to now are about to be served: `run` ends for those after them."""
    def run(self) -> None:
        """Until a message waits for this worker, or the core has a fault."""
    def is_called(self) -> bool:
        """Whether `run` would end now."""
    def count(self, taken: int) -> None:
        """A turn that was made in Python; where nothing was done in it, a pause."""
