from typing import Any

from core.risk.engine import Risk

def states(risk: Risk) -> list[dict[str, int]]:
    """Every scope that isn't active: kind (a Scope), key (an index), state (a RiskState), reason.

    reason: of a venue, the break for which it is halted (a Reason), else 0.
    """

def usage(risk: Risk, now_ns: int) -> list[dict[str, Any]]:
    """Of each limit that counts something, and each key of it: limit, key, unit, bound, value, below."""

def explain(risk: Risk, order: bytes, session: int, now_ns: int, position: int) -> dict[str, Any]:
    """What this order would be denied for, and every limit that it is in, in the order of testing."""

def limit_events(risk: Risk) -> list[bytes]:
    """Every limit that was ever set, by its index, as the event that would set it; off: it isn't in force."""

def holdings(risk: Risk) -> list[dict[str, int]]:
    """What risk knows of each position: quantity, working, and its book in the ledger's units."""

def cells(risk: Risk) -> list[dict[str, Any]]:
    """What each tally counts of each symbol; the tally's group, key and sum of worst cases."""

def openings(risk: Risk) -> list[tuple[int, int, int]]:
    """(account, symbol, quantity that no order brought)."""
