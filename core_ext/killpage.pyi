from collections.abc import Buffer, Iterable, Sequence
from typing import Any

PAGE_BYTES: int

class KillPage:
    """Who is blocked, in memory that needs no process. Make it with `format` or `attach`."""

    @staticmethod
    def format(buffer: Buffer) -> KillPage:
        """Lays an empty page over a writable buffer of PAGE_BYTES and attaches to it."""
    @staticmethod
    def attach(buffer: Buffer) -> KillPage:
        """Attaches to a page that `format` made. ValueError where it isn't one."""
    def kill(self, kind: int, key: int, by: str) -> int:
        """Puts a kill in force, for every reader at once; its epoch. kind 0: everything."""
    def clear(self, epochs: Iterable[int]) -> None:
        """Takes the kills with these epochs out of force. One process re-arms: the core."""
    def start_after(self, epoch: int) -> None:
        """Epochs go on from here. Before anybody kills."""
    def rows(self) -> list[dict[str, Any]]:
        """The kills in force, oldest first: epoch, kind, key, at_ns, by."""
    def is_blocked(self, keys: Sequence[int]) -> bool:
        """Whether something with these keys, by kind, is blocked."""
    @property
    def changes(self) -> int:
        """Grows with every kill and clearing."""
    @property
    def epoch(self) -> int:
        """The highest epoch given."""
