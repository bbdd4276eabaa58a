from collections.abc import Buffer, Iterable

class ArenaFull(MemoryError):
    """A table does not fit into its arena. Named: the table, bytes needed, bytes free."""

class Arena:
    """Tables without pointers in one block of plain or shared memory."""

    def __init__(self, capacity: int) -> None:
        """capacity: bytes of plain memory, directory included (see `bytes_needed`)."""
    @staticmethod
    def bytes_needed(tables: Iterable[tuple[int, int]]) -> int:
        """Bytes for tables given as (item_size, count) pairs."""
    @staticmethod
    def over(buffer: Buffer) -> Arena:
        """Lays an empty arena over a writable buffer that starts on a cache line, zeroing all of it."""
    @staticmethod
    def attach(buffer: Buffer) -> Arena:
        """Attaches to an arena that another object or process made. ValueError when there is none."""
    def touch(self) -> int:
        """Takes every page of its tables from the machine now; bytes."""
    @property
    def capacity(self) -> int: ...
    @property
    def free(self) -> int: ...
    @property
    def table_names(self) -> list[str]: ...
    def add_table(self, name: str, item_size: int, count: int, *, derived: bool = False) -> memoryview:
        """Carves a table (or finds it again): its bytes, writable, valid while the arena lives."""
    def count_by(self, name: str, count_table: str, offset: int = 0) -> None:
        """The items in use of `name` are counted by the u64 at `offset` bytes into table `count_table`."""
    def used_items(self, name: str) -> int: ...
    def digest(self) -> str:
        """blake2b (hex, 256 bits) over the items in use of every table that is not derived."""
    def save(self) -> bytes:
        """Everything in use, with a digest at the end; `load` takes it back."""
    def parts(self) -> list[bytes | memoryview]:
        """What `save` joins before its digest, without a copy of any table: good until something is written
        there.
        """
    def load(self, saved: Buffer) -> None:
        """Replaces the content by what `save` gave. ValueError names what differs; then nothing changes."""
    def load_parts(self, parts: Buffer) -> None:
        """`load` of joined `parts`, without a digest: for who has checked the bytes already."""
