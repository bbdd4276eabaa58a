from core.data.jsonlines import Venue

class Binance(Venue):
    """Spot, USD-M and COIN-M; name: one of BINANCE_SPOT, BINANCE_USDM, BINANCE_COINM, BINANCE."""

    def __init__(self, name: str = ...) -> None: ...
