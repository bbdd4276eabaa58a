def decimal(text: bytes) -> tuple[int, int]:
    """(units, digits) of a decimal number not below zero. Raises ValueError."""

def text(units: int, digits: int) -> str:
    """The decimal string of units of 10^-digits, with all its digits."""
