from collections.abc import Callable
from typing import Any

from core.backtest.recorded import Recorded
from core.data.reader import Events

class Player:
    symbols: Any
    shown_qty: int
    played: int
    unfit: int
    due_ns: int
    before: Callable[[int], None] | None

    def __init__(self, core: Recorded, symbols: Any, venue: int) -> None: ...
    def play(self, events: Events) -> None: ...
    def by_word(self) -> dict[str, int]: ...
