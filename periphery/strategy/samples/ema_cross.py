"""Two exponential averages of the middle: long where the fast one is above, short where it is below."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from periphery.strategy import Parameters, Quote, Strategy


class EmaCross(Strategy):
    """Always in the market, once the slow average has seen enough quotes."""

    class Params(Parameters, frozen=True):
        fast: Annotated[int, Meta(ge=1)] = 50  # quotes
        slow: Annotated[int, Meta(ge=2)] = 200
        qty: Annotated[int, Meta(gt=0)] = 100_000

    def on_start(self) -> None:
        """Averages begin with the first middle."""
        self.count = 0
        self.held: str | None = None
        self.fast = self.slow = 0.0
        self.fast_alpha = 2 / (self.params.fast + 1)
        self.slow_alpha = 2 / (self.params.slow + 1)

    def on_quote(self, quote: Quote) -> None:
        """On a change of side it closes, then opens."""
        mid = (quote.bid + quote.ask) / 2
        if self.count:
            self.fast += self.fast_alpha * (mid - self.fast)
            self.slow += self.slow_alpha * (mid - self.slow)
        else:
            self.fast = self.slow = mid
        self.count += 1
        if self.count < self.params.slow:
            return
        wanted = "buy" if self.fast >= self.slow else "sell"
        if wanted != self.held:
            if self.held is not None:
                self.submit(quote.symbol, wanted, self.params.qty, time_in_force="ioc")
            self.submit(quote.symbol, wanted, self.params.qty, time_in_force="ioc")
            self.held = wanted
