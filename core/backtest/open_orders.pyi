class OpenOrders:
    """The last answer of each open order."""

    def __init__(self, most: int) -> None:
        """most: orders that the core has room for. MemoryError."""
    @property
    def count(self) -> int:
        """Orders that are open."""
