from core_ext.arena import Arena as Arena, ArenaFull as ArenaFull

DEFAULT_SEED: int

class IdTable:
    """Text keys to dense indices 0, 1, 2, ... in order of arrival, inside an arena. Never removes."""

    def __init__(
        self,
        arena: Arena,
        name: str,
        capacity: int,
        *,
        seed: int = ...,
        key_size: int = 40,
        record_size: int = 0,
    ) -> None:
        """Carves (or finds again) a table. ArenaFull. ValueError: bad or different shape or seed.

        record_size: bytes from one key to the next, where its user keeps something beside each; 0: the key's.
        """
    @staticmethod
    def bytes_needed(capacity: int, key_size: int = 40, record_size: int = 0) -> int:
        """Bytes that the table takes of its arena."""
    @property
    def capacity(self) -> int: ...
    @property
    def key_size(self) -> int: ...
    def __len__(self) -> int: ...
    def get(self, text: str) -> int | None: ...
    def add(self, text: str) -> int | None:
        """The key's index, new or existing; None when the table is full."""
    def text(self, index: int) -> str: ...
    def clear(self) -> None: ...

class Map64:
    """u64 keys to u32 values below 0xFFFFFFFF, with removal, inside an arena."""

    def __init__(
        self, arena: Arena, name: str, capacity: int, *, seed: int = ..., derived: bool = False
    ) -> None:
        """Carves (or finds again) a map. ArenaFull. ValueError: bad or different shape or seed."""
    @staticmethod
    def bytes_needed(capacity: int) -> int:
        """Bytes that the map takes of its arena."""
    @property
    def capacity(self) -> int: ...
    def __len__(self) -> int: ...
    def get(self, key: int) -> int | None: ...
    def set(self, key: int, value: int) -> bool:
        """Stores or replaces. False when the map is full or the value is 0xFFFFFFFF."""
    def discard(self, key: int) -> bool:
        """Removes the key. False when it was not there."""
    def clear(self) -> None: ...
