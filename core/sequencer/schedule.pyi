class Schedule:
    """What is due later, by due time, then by the order of asking. Holds `capacity` items."""

    def __init__(self, capacity: int) -> None: ...
    @property
    def count(self) -> int: ...
    @property
    def overflows(self) -> int:
        """Items that found it full: the core stops on the first."""
