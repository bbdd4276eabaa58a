class Memory:
    """size: bytes, zeroed, on pages of their own; a writable buffer. MemoryError: there is no more."""

    def __init__(self, size: int) -> None: ...
    @property
    def size(self) -> int: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...

def keep(on: bool) -> None:
    """Whether memory that is let go of is kept, zeroed, for who next wants as much. Off at first; turned off,
    all of it goes back.
    """

def kept() -> int:
    """How many pieces are kept now."""
