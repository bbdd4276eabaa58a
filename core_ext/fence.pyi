from collections.abc import Buffer

FENCE_BYTES: int

class Fence:
    """Until when this host may speak to venues. Make it with `format` or `attach`."""

    @staticmethod
    def format(buffer: Buffer) -> Fence:
        """Lays a closed fence over a writable buffer of FENCE_BYTES and attaches to it."""
    @staticmethod
    def attach(buffer: Buffer) -> Fence:
        """Attaches to a fence that `format` made. ValueError where it isn't one."""
    def hold(self, epoch: int, until_ns: int) -> None:
        """The lease of that epoch is held until then, of CLOCK_BOOTTIME."""
    def close(self) -> None:
        """Nothing more is sent, from now on."""
    @property
    def opened(self) -> bool:
        """Whether sends may go out now."""
    @property
    def epoch(self) -> int: ...
    @property
    def until_ns(self) -> int: ...

def boottime() -> int:
    """Nanoseconds since the machine started, its sleep included: what a lease is measured with."""
