from collections.abc import Buffer

LABEL_BYTES: int

class CountersFull(MemoryError):
    """Every counter of the registry is taken."""

class Counters:
    """Labelled 64-bit counters, a cache line each."""

    def __init__(self, capacity: int = 256) -> None: ...
    @staticmethod
    def bytes_needed(capacity: int) -> int:
        """Bytes of buffer for this many counters."""
    @staticmethod
    def format(buffer: Buffer, capacity: int) -> Counters:
        """Lays an empty registry over a writable buffer. ValueError: too small."""
    @staticmethod
    def attach(buffer: Buffer) -> Counters:
        """Attaches to a registry that `format` made. ValueError names what is wrong."""
    @property
    def capacity(self) -> int: ...
    def add(self, label: str, n: int = 1) -> None: ...
    def set(self, label: str, value: int) -> None: ...
    def get(self, label: str) -> int: ...
    def snapshot(self) -> dict[str, int]:
        """{label: value} of every counter, in the order of registering."""
