"""A strategy's file for whole days of a market: it takes a little, now and then."""

TAKER = """
from periphery.strategy import Strategy

class Taker(Strategy):
    def on_start(self):
        self.count = 0

    def on_quote(self, quote):
        self.count += 1
        if self.count % 100 == 0:
            self.submit(quote.symbol, "buy" if self.count % 300 else "sell", "0.01", time_in_force="ioc")
"""
