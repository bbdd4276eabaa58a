from core_ext.arena import Arena

class MarketView:
    """Quotes, depth and marks as an engine has seen them on the spine."""

    def __init__(self, arena: Arena, max_symbols: int, max_depths: int) -> None: ...
    def levels_at(self, venue: int) -> list[tuple[int, int, int, int]]: ...
