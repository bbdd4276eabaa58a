from collections.abc import Buffer, Callable

from core.capacity import Capacity
from core.fused import Fused
from core.path import Path
from core.sequencer.schedule import Schedule
from core.venues.gateway import Gateway
from core.venues.simulated import Simulated
from core_ext.journal import JournalWriter

SOURCE_DESK: int
SOURCE_FEED: int
SOURCE_VENUES: int

class Recorded:
    """Drives a fused core, its gateway and simulated venues over inputs in the order of their time."""

    def __init__(
        self,
        capacity: Capacity = ...,
        journal: JournalWriter | None = None,
        on_page: Callable[[bytes], object] | None = None,
        timed: bool = False,
        guarded: bool = True,
        gateway_guarded: bool = True,
        drop_report: int = 0,
        double_send: int = 0,
        core: Path | None = None,
    ) -> None:
        """core: the path to drive; None: a fused one. on_page: gets each page's bytes once it is handled.

        For tests: guarded and gateway_guarded False disable a guard; the drop_report-th report of a simulated
        venue is lost on its way; the double_send-th send is handed to the gateway twice.
        """
    @property
    def core(self) -> Fused:
        """What it drives, where that is fused."""
    @property
    def schedule(self) -> Schedule: ...
    @property
    def gateway(self) -> Gateway: ...
    @property
    def venues(self) -> Simulated: ...
    def feed(self, kind: int, time_ns: int, request: Buffer, session: int = 0, source: int = 0) -> None:
        """One input and all its consequences. request: its struct's bytes, as in core.messages. CoreFault."""
    def settle(self) -> None:
        """Handles all that is due ever. Raises a CoreFault when the core stopped."""
    def advance(self, time_ns: int) -> None:
        """Handles all that is due at or before the time, as before an input at it. CoreFault."""
    def play_quotes(
        self,
        rows: Buffer,
        symbol: int,
        qty: Buffer,
        on_quote: Callable[[int, int, int], object],
        progress: Callable[[int], object] | None = None,
        every: int = 4096,
    ) -> None:
        """Plays quotes in their order.

        rows: int64 (n, 4) of ts_ns, venue, bid_px, ask_px. qty: int64, the quantity shown, by venue.
        on_quote(ts_ns, bid_px, ask_px) is called once a quote and its consequences are done; what it feeds
        comes before the next row. progress(n) is called every so many rows. CoreFault.
        """
