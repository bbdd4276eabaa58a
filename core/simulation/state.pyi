import os

from core.recovery.replay import Replay

def children(played: Replay) -> dict[int, tuple[int, int, int, bool]]:
    """By index: venue, quantity, filled, whether it is live."""

def quantities(played: Replay) -> list[tuple[int, int]]:
    """(order, the most that it is or is to be) of every order."""

def positions(played: Replay) -> dict[tuple[int, int], int]:
    """Quantity by account and symbol."""

def requests(path: str | os.PathLike[str]) -> dict[int, int]:
    """How often each cl_ord_id stands in the journal, by its number."""

def kills(path: str | os.PathLike[str]) -> tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]]:
    """The kills and the rearms of the journal, as (kind, key, epoch), in order."""

def halted(path: str | os.PathLike[str]) -> list[int]:
    """Venues that the journal leaves halted on a break."""
