"""Strategies: one file that runs on recordings, beside the core, or in a container.

    from periphery.strategy import Params, Strategy

    class Mine(Strategy):
        class Params(Params):
            qty: int = 100

        def on_quote(self, quote):
            if quote.ask - quote.bid < 0.02 and not self.position(quote.symbol):
                self.buy(quote.symbol, self.params.qty)
"""

from periphery.strategy.strategy import BadParams, Params, Strategy

__all__ = ["BadParams", "Params", "Strategy"]
