"""Strategies: one file that runs on recordings, beside the core, or in a container.

from periphery.strategy import Parameters, Strategy

class Mine(Strategy):
    class Params(Parameters, frozen=True):
        qty: int = 100

    def on_quote(self, quote):
        if quote.ask - quote.bid < 0.02 and not self.position(quote.symbol):
            self.buy(quote.symbol, self.params.qty)
"""

from periphery.strategy.strategy import BadParams, Parameters, Strategy

__all__ = ["BadParams", "Parameters", "Strategy"]
