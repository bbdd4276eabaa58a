def iso_ns(text: bytes) -> int:
    """ns since the epoch UTC. Raises ValueError."""
