from collections.abc import Buffer

from core.board import Board

class Traffic:
    """What comes into the core from outside. See traffic.pxd."""

    said: int
    pushed: int
    ids: int
    accepted: int
    denied: int
    def __init__(
        self, dice: int, marks: int, symbols: int, venues: int, accounts: int, durable: bool
    ) -> None: ...
    def meet(self, board: Board, counts: dict[int, int]) -> None:
        """A core, which has so many inputs of each source."""
    def tell(self, kind: int, data: bytes, session: int = 0) -> int:
        """The desk says something; its number."""
    def is_taken(self) -> bool:
        """Whether the desk's ring is empty, and all is on it."""
    def open_client(self, i: int, session: int, requests: Buffer, responses: Buffer, slow: bool) -> None:
        """A session's ends of its rings, fresh ones."""
    def close_client(self, i: int) -> None:
        """It hangs up."""
    def untake(self, i: int) -> bool:
        """Its last request was taken, and the slot not given back."""
    def hear_all(self) -> None:
        """Whatever is there by now."""
    def told_of(self) -> list[tuple[int, int]]:
        """(id, what was told) of each id that a session was told of."""
