from collections.abc import Buffer, Sequence

class Standing:
    """Of each key the last row."""

    def __init__(self, row: int, parts: Sequence[tuple[int, int]], qty_at: int = -1) -> None:
        """row: bytes of one. parts: where in a row its key is, and how many bytes: 4 parts and 32 bytes at
        most. qty_at: where it says how much is left (8 bytes); a row with nothing left takes its key away.
        """
    def take(self, rows: Buffer) -> None:
        """Those that came next. ValueError: a part of one is left over."""
    def rows(self) -> bytes:
        """All that stand, in any order, and zeros where one was taken away."""
    def __len__(self) -> int:
        """How many stand."""
