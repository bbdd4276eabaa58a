def sizes() -> dict[str, int]:
    """sizeof each struct of core.messages, by its name."""

def offsets() -> dict[str, int]:
    """Where each paragraph begins in a page."""
