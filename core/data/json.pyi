def is_json(text: bytes) -> bool:
    """Whether the bytes are one JSON text by the strict grammar."""
