from collections.abc import Buffer
from typing import Any

from core.capacity import Capacity
from core.fused import Fused
from core.recovery.replay import Replay
from core.sequencer.schedule import Schedule
from core.venues.gateway import Gateway
from core.venues.simulated import Simulated
from core_ext.arena import Arena
from core_ext.journal import JournalReader, JournalWriter
from core_ext.killpage import KillPage
from core_ext.ring import Ring
from core_ext.spine import Spine

SOURCE_DESK: int
SOURCE_FEED: int
SOURCE_GATEWAY: int
SOURCE_VENUES: int
SOURCE_SESSIONS: int
WAITS: tuple[str, ...]
MAX_SESSIONS: int

class Restore(Replay):
    """Plays a journal into a core, and tells the gateway and the venues what they had heard."""

    def __init__(self, capacity: Capacity, gateway: Gateway, venues: Simulated) -> None: ...

class Live:
    """A fused core on the wall clock. `start` (or `restore`, `go_on`) once; then `run` and `feed`."""

    def __init__(
        self,
        capacity: Capacity = ...,
        kill_page: KillPage | None = None,
        kept: Arena | None = None,
        wait: str = "sleep",
        group: bool = False,
    ) -> None:
        """kept: an arena that outlives the process, for intents. group: send and tell after the disk."""
    @property
    def capacity(self) -> Capacity: ...
    @property
    def core(self) -> Fused: ...
    @property
    def schedule(self) -> Schedule: ...
    @property
    def gateway(self) -> Gateway: ...
    @property
    def venues(self) -> Simulated: ...
    @property
    def kill_page(self) -> KillPage | None: ...
    @property
    def inputs(self) -> int:
        """Requests taken from sessions in this run."""
    @property
    def gateway_reports(self) -> int:
        """Sends that were held back and came back as events."""
    def start(self, journal: JournalWriter) -> None:
        """Begins a new journal."""
    def restore(self, reader: JournalReader) -> int:
        """Lives through a journal; how many events it had. `go_on` comes next."""
    def go_on(self, journal: JournalWriter) -> None:
        """Continues the restored core in its journal: first what a crash cut off."""
    def run(self, for_ns: int) -> int:
        """Turns for that long, or until the kill page changes; how many events they took. CoreFault."""
    def kill_changed(self) -> bool:
        """Whether the kill page changed since this was last asked."""
    def open_seat(
        self,
        i: int,
        session: int,
        person: int,
        ring: Ring,
        responses: Spine,
        quotes: Spine,
        rights: Buffer | None,
    ) -> None:
        """Gives a session its seat. rights: a byte an account, or None: every account."""
    def close_seat(self, i: int) -> None:
        """Takes what the session still had asked for, and lets go of its memory."""
    def seat_fault(self, i: int) -> str:
        """What the session did wrong; "": nothing."""
    def seat_counts(self, i: int) -> dict[str, int]: ...
    def feed(self, kind: int, request: Buffer, session: int = 0, source: int = 0) -> int:
        """One input and all that is derived from it at once; its sequence. CoreFault."""
    def show_quote(self, i: int, request: Buffer, time_ns: int) -> None:
        """Tells one session a quote that it missed by coming later. request: a QuoteEvent's bytes."""
    def next_due_ns(self) -> int:
        """When the next message or timer comes due; 0: none waits."""
    def declared(self, symbols: int, venues: int, accounts: int, strategies: int) -> None:
        """How many of each there are: an index beyond is unknown."""
    def source_counts(self) -> dict[int, int]:
        """Inputs sequenced by source, over the whole journal."""
    def open_orders(self, kind: int = 0, key: int = 0) -> int:
        """How many live orders are in a scope: a Scope and the index of what it names."""
    def order_rows(
        self,
        account: int | None = None,
        symbol: int | None = None,
        live_only: bool = False,
        most: int = 10000,
    ) -> list[dict[str, Any]]:
        """Orders as integers, the newest first. account, symbol: an index, or None for any."""
