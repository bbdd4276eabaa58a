from core.data.reader import Reader

class OrderReader(Reader):
    """Orders by id, and the books that they make."""

    unknown_ids: int
    duplicate_ids: int
    mismatched: int
    skipped_bytes: int
