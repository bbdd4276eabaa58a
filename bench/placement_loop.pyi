from typing import Any

from core.board import Board
from core.stage import EngineStage
from core_ext.histogram import Histogram

class EngineSilent(RuntimeError):
    """The engine didn't answer a page."""

def note(histogram: Histogram, ns: int) -> None:
    """A time that was taken in Python."""

class Player:
    """Plays a tape to one engine."""

    def __init__(self, board: Board, pages: Any, stage: EngineStage) -> None: ...
    def move(self, other: Player) -> None:
        """Goes on where another one is."""
    @property
    def seq(self) -> int: ...
    @property
    def left(self) -> int: ...
    @property
    def wrong(self) -> int: ...
    @property
    def derived(self) -> int: ...
    @property
    def sent(self) -> int: ...
    def block(self, count: int, histogram: Histogram, own: bool = False) -> int:
        """Pages until the engine has answered so many. own: it is run here. EngineSilent."""
    def put(self) -> bool:
        """The next page; whether the engine takes it."""
    def await_answer(self, patience_s: float) -> bool:
        """Whether the last page is answered by then; it is checked."""
    def burst(self, count: int, own: bool = False) -> int:
        """So many pages as fast as the spine takes them; ns. EngineSilent."""
    def paced(self, count: int, per_second: float, own: bool = False) -> int:
        """Pages at planned times; ns."""
