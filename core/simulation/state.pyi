import os

from core.recovery.replay import Replay
from core.simulation.held import HeldChild, HeldOrder

def children(played: Replay) -> dict[int, HeldChild]:
    """Of every child, by index."""

def orders(played: Replay) -> dict[int, HeldOrder]:
    """Of every order, by index."""

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

def ups(path: str | os.PathLike[str]) -> dict[int, int]:
    """How often the journal says of each venue that it is up."""
