from collections.abc import Buffer

from core.fused import Fused

class Feed:
    """Feeds a core from buffers, as fast as it takes them, on the thread that calls."""

    def __init__(self, core: Fused) -> None: ...
    @property
    def core(self) -> Fused: ...
    @property
    def inputs(self) -> int:
        """Handed to the core."""
    @property
    def derived(self) -> int:
        """Events that the engines derived meanwhile."""
    @property
    def sends(self) -> int:
        """What execution told the venues."""
    def prefault(self) -> int:
        """Takes every page of the engines' tables from the machine now. How many bytes they have."""
    def run(self, rows: Buffer, row_bytes: int, offsets: Buffer) -> int:
        """Each row's inputs, and what the engines derive from them; ns. Stops where the core does.

        offsets: int64s, where in a row an Input begins. ValueError: one that would reach beyond its row.
        """
