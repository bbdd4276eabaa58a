"""Two instruments that go together: the rich one is sold, the cheap one bought, until they are at par."""

from __future__ import annotations

from collections import deque
from math import sqrt
from typing import Annotated

from msgspec import Meta

from periphery.strategy import Parameters, Quote, Strategy


class Pairs(Strategy):
    """Looks at the ratio of the middles once a `every`, against its own mean and deviation."""

    class Params(Parameters, frozen=True):
        first: str = ""  # "": the first of all instruments
        second: str = ""
        every_s: Annotated[float, Meta(gt=0)] = 1.0
        window: Annotated[int, Meta(ge=2)] = 120  # looks
        enter: Annotated[float, Meta(gt=0)] = 2.0  # deviations
        leave: Annotated[float, Meta(ge=0)] = 0.5
        qty: Annotated[int, Meta(gt=0)] = 100  # of the first; as much value of the second

    def on_start(self) -> None:
        """Looks come by a timer that sets itself again."""
        self.first = self.params.first or self.symbols[0]
        self.second = self.params.second or self.symbols[1]
        self.mids: dict[str, float] = {}
        self.ratios: deque[float] = deque(maxlen=self.params.window)
        self.side = 0  # 1: long the first
        self.timer("look", in_s=self.params.every_s)

    def on_quote(self, quote: Quote) -> None:
        """The last middle of each."""
        if quote.bid_units and quote.ask_units:
            self.mids[quote.symbol] = quote.mid

    def on_timer(self, name: str, due_ns: int) -> None:
        """How far the ratio is from its mean, in deviations."""
        self.timer(name, at_ns=max(due_ns, self.time_ns) + round(self.params.every_s * 1e9))
        if self.first not in self.mids or self.second not in self.mids:
            return
        ratio = self.mids[self.first] / self.mids[self.second]
        if len(self.ratios) == self.params.window:
            mean = sum(self.ratios) / len(self.ratios)
            deviation = sqrt(sum((each - mean) ** 2 for each in self.ratios) / len(self.ratios))
            if deviation:
                self._trade((ratio - mean) / deviation)
        self.ratios.append(ratio)

    def _trade(self, score: float) -> None:
        if self.side == 0 and abs(score) >= self.params.enter:
            self.side = -1 if score > 0 else 1
            value = self.params.qty * self.mids[self.first]
            other = max(1, round(value / self.mids[self.second]))
            self.submit(self.first, "buy" if self.side > 0 else "sell", self.params.qty)
            self.submit(self.second, "sell" if self.side > 0 else "buy", other)
        elif self.side and abs(score) <= self.params.leave:
            self.side = 0
            self.close(self.first)
            self.close(self.second)
