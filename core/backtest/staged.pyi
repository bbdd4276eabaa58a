from collections.abc import Callable

from core.board import Board
from core.path import Path

class Staged(Path):
    """The path with its engines in processes of their own, for a driver on recorded time."""

    def __init__(self, board: Board, keep_going: Callable[[], object]) -> None:
        """keep_going: called every two milliseconds of waiting; what it raises ends the run."""
    @property
    def board(self) -> Board: ...
