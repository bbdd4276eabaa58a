"""Strategies: one file that runs on recordings, beside the core, or in a container.

from periphery.strategy import Parameters, Strategy

class Mine(Strategy):
    class Params(Parameters, frozen=True):
        qty: int = 100

    def on_quote(self, quote):
        if quote.ask - quote.bid < 0.02 and not self.position(quote.symbol):
            self.buy(quote.symbol, self.params.qty)
"""

from typing import TYPE_CHECKING

from periphery.strategy.market import Signal
from periphery.strategy.strategy import BadParams, BadState, Parameters, Strategy

if TYPE_CHECKING:  # what recordings tell is compiled, and has the same members
    from core.backtest.bars import Bar
    from core.session.market import Level, Quote, Trade
else:
    from periphery.strategy.market import Bar, Level, Quote, Trade

__all__ = [
    "BadParams",
    "BadState",
    "Bar",
    "Level",
    "Parameters",
    "Quote",
    "Signal",
    "Strategy",
    "Trade",
]
