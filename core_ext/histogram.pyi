from collections.abc import Buffer, Sequence

BYTES: int

class Histogram:
    """1 ns to 60 s within 0.8 %. `Histogram()` has memory of its own; `format` and `attach` use a buffer."""

    def __init__(self) -> None: ...
    @staticmethod
    def format(buffer: Buffer) -> Histogram:
        """Lays an empty histogram over a writable buffer of `BYTES` bytes."""
    @staticmethod
    def attach(buffer: Buffer) -> Histogram:
        """Attaches to what `format` made. ValueError names the field that is wrong."""
    def add(self, ns: int, n: int = 1) -> None: ...
    def reset(self) -> None: ...
    @property
    def count(self) -> int: ...
    @property
    def min(self) -> int: ...
    @property
    def max(self) -> int: ...
    @property
    def sum(self) -> int: ...
    @property
    def clamped(self) -> int:
        """How many were negative or beyond 60 s."""
    def percentile(self, p: float) -> int:
        """ns that at least p percent lie at or below, within 0.8 %; 0 when empty. p in 0..100."""
    def at_most(self, bounds: Sequence[int]) -> list[int]:
        """How many were at most each of these ns, which ascend, then how many there are. Bounds of 2**n - 1,
        from 127 on, are exact.
        """
    def merge(self, other: Histogram) -> None: ...
    def to_dict(self) -> dict[str, int]:
        """{"p50", "p99", "p999", "p9999", "max"} in ns, and "count"."""
