def library() -> str:
    """What LD_PRELOAD is set to."""
