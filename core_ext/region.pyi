from types import TracebackType
from typing import Self

SHM_DIRECTORY: str
HEADER_BYTES: int

class RegionBusy(OSError):
    """A living process owns the segment."""

class RegionLayoutError(ValueError):
    """The segment was made with another layout version, or is not a region at all."""

class RegionNoSpace(OSError):
    """Shared memory is too small for the segment."""

class Region:
    """A block of zeroed memory with the buffer protocol. Make it with `plain`, `create` or `attach`."""

    @staticmethod
    def plain(size: int, name: str = "plain", layout_version: int = 0) -> Region:
        """Memory of this process: `size` bytes of payload, zeroed, on a cache line."""
    @staticmethod
    def create(name: str, size: int, layout_version: int) -> Region:
        """Makes the shared segment, allocated in full, and owns it until `close` or this process's death.

        RegionBusy: a living process owns it. RegionNoSpace: names bytes needed, bytes free, the remedy.
        """
    @staticmethod
    def attach(name: str, layout_version: int) -> Region:
        """Attaches to a segment. FileNotFoundError: none. RegionLayoutError: another layout version."""
    @property
    def name(self) -> str: ...
    @property
    def size(self) -> int:
        """Bytes of payload."""
    @property
    def is_shared(self) -> bool: ...
    @property
    def is_owner(self) -> bool: ...
    @property
    def closed(self) -> bool: ...
    @property
    def layout_version(self) -> int: ...
    @property
    def owner_epoch(self) -> int:
        """Greater for every later owner of the same name."""
    @property
    def heartbeat_ns(self) -> int: ...
    def heartbeat(self, now_ns: int) -> None:
        """The owner's sign of life. PermissionError for anybody else."""
    def is_owner_alive(self) -> bool:
        """True while the process that made this very segment lives."""
    def touch(self) -> None:
        """Faults every page in now, so that no first touch happens on the path."""
    def close(self) -> None:
        """Lets go of the memory; the owner removes the segment. BufferError while a buffer is in use."""
    def __buffer__(self, flags: int, /) -> memoryview: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
