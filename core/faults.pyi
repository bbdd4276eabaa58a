from collections.abc import Buffer

FAULT_BYTES: int

class Faults:
    """What stopped the core: the first thing that went wrong stays."""

    def __init__(self, memory: Buffer | None = None) -> None:
        """memory: FAULT_BYTES, zeroed, shared by all processes of a core; None: this process alone."""
    def __bool__(self) -> bool: ...
    def raise_first(self) -> None:
        """Raises the CoreFault that stopped the core; nothing where nothing did."""
