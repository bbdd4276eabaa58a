from collections.abc import Mapping

from core.rows.rows import Hearer

class LastPrices(Hearer):
    """The last price of each instrument: the middle of a quote with both sides, a trade, a mark.

    It hears rows of instruments that it has learned. What a float can't tell exactly is not for it.
    """

    def learn(self, symbol: int, precision: int) -> None:
        """An instrument's decimals of a price."""
    def tell(self, symbol: int, px: float) -> None:
        """A price, from now on."""
    @property
    def last(self) -> dict[int, float]:
        """By symbol, in the order of their numbers."""
    @last.setter
    def last(self, prices: Mapping[int, float]) -> None: ...
