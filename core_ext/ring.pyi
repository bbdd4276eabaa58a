from collections.abc import Buffer, Sequence

class Ring:
    """A single-producer, single-consumer ring of fixed-size slots. Make it with `format` or `attach`."""

    @staticmethod
    def bytes_needed(capacity: int, slot_size: int) -> int:
        """Bytes of buffer for `capacity` slots of `slot_size` bytes."""
    @staticmethod
    def format(buffer: Buffer, capacity: int, slot_size: int) -> Ring:
        """Lays an empty ring over `buffer`. ValueError: capacity not 2**n or slot size not 8*n."""
    @staticmethod
    def attach(buffer: Buffer) -> Ring:
        """Attaches to a ring that `format` made. ValueError names the header field that is wrong."""
    @property
    def capacity(self) -> int: ...
    @property
    def slot_size(self) -> int: ...
    @property
    def fulls(self) -> int:
        """Claims denied because the ring was full, since it was formatted."""
    @property
    def lapped(self) -> int:
        """How often its producer lost what is said to it on another ring; it counts that itself."""
    @property
    def taken(self) -> int:
        """Slots that the consumer has released since the ring was formatted."""
    @property
    def is_broken(self) -> bool:
        """The indices cannot be: a peer wrote over them."""
    def __len__(self) -> int: ...
    def try_push(self, item: Buffer) -> bool:
        """Copies the item into the next slot, the rest zeroed. False when full."""
    def try_push_all(self, items: Sequence[Buffer]) -> bool:
        """The same of several items that become visible at once. False when not all have room."""
    def waiting(self) -> list[bytes]:
        """Copies of what is on it, oldest first; nothing is taken."""
    def try_pop(self) -> bytes | None:
        """The oldest slot's bytes, or None when empty."""
