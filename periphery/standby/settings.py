"""What a host of a pair is told: where its core is, and where the others are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LEASE_S = 3.0
PROMOTE_AFTER_S = 5.0


@dataclass(frozen=True, slots=True)
class Settings:
    """One host. listen: where a standby comes to. connect: where the primary is. own: where answers come,
    over Aeron.

    vote: where this host's vote is asked for; voters: where the others are. promote_after_s 0: by command
    alone. core: options of `nacre core run`, for the core that a promoted standby starts. take_over: a
    primary goes on though another host was the last to trade.
    """

    name: str
    socket: Path
    journal: Path
    secret: Path
    vote: str = ""
    voters: tuple[str, ...] = ()
    listen: str = ""
    connect: str = ""
    own: str = ""
    lease_s: float = LEASE_S
    promote_after_s: float = PROMOTE_AFTER_S
    durability: str = "async"
    segment_mb: int = 64
    core: tuple[str, ...] = ()
    take_over: bool = False

    @property
    def vote_file(self) -> Path:
        """What this host's vote was given to: beside the journal."""
        return self.journal.parent / f"{self.journal.name}.vote"
