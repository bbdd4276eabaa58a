from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from core.backtest.bars import BarBuilder
from core.backtest.recorded import Recorded
from core.session.market import Place
from core.session.port import Port
from core_ext.ring import Ring

SOURCE_SESSION: int
HANDLERS: tuple[str, ...]
FILL: np.dtype[np.void]
"""A fill: seq, time_ns, px and signed qty in units, fee in 10^-16 (fee_low, fee_high: 128 bits); account,
symbol, order, id (of its cl_ord_id), venue: indices; maker."""

class Playback(Recorded):
    """A core on recorded time and the one strategy that trades on it."""

    def attach(
        self,
        port: Port[Any],
        requests: Ring,
        session: int,
        handlers: Mapping[str, Callable[..., object]],
        symbols: Sequence[Any],
        places: Mapping[tuple[int, int], Place],
        denial: Callable[[Any], object],
        watches_marks: bool,
    ) -> None:
        """From now on that session is told, and heard.

        port, requests: both ends of its request ring; the port's answers are the core's. handlers: by name,
        of HANDLERS, those that there are. symbols: what answers
        have as theirs, by index. places: by (symbol, venue). denial: makes of an answer what on_deny
        gets. watches_marks: a limit may act on a mark alone.
        """
    @property
    def now_ns(self) -> int:
        """The time of what is told now."""
    @property
    def rows(self) -> int:
        """Rows of the market so far."""
    @property
    def orders_sent(self) -> int: ...
    def add_bars(self, symbol: int, builder: BarBuilder) -> None: ...
    def set_timer(self, due_ns: int, name: object) -> None:
        """on_timer(name, due_ns) at that time; at the next row where it is past already."""
    def settle(self) -> None:
        """Takes what the strategy asked for, tells it what became of it, until neither has anything more."""
    def orders(self) -> list[Any]:
        """The last answer of each open order."""
    def forget(self) -> None:
        """Ids of orders that have ended are no longer known by their symbol."""
    def qty(self, account: int, symbol: int) -> int:
        """What is held, in the instrument's units, signed."""
    def fill_rows(self) -> npt.NDArray[np.void]:
        """Every fill, of dtype FILL, in the order in which they were booked; a copy."""
