"""What a strategy decides in the comparison, of whichever version of NautilusTrader: compare_v1 and
compare_v2 mix it into theirs.

Those are run by their paths, in an environment that need not have this project: this lies beside them and is
imported by its bare name. `send(side, qty)` is theirs. 1.x calls `on_quote_tick`, 2.0 `on_quote`.
"""

from collections.abc import Callable
from typing import Any


class Planned:
    """Sends what the plan says after each quote."""

    send: Callable[[str, int], None]

    def begin(self, given: dict[str, Any]) -> None:
        self.plan = {row: (side, qty) for row, side, qty in given["plan"]}
        self.row = 0

    def on_quote_tick(self, _tick: Any) -> None:
        if self.row in self.plan:
            self.send(*self.plan[self.row])
        self.row += 1

    on_quote = on_quote_tick


class EmaCross:
    """Two averages of its own, seeded with the first middle: the package's two versions seed theirs
    differently.
    """

    send: Callable[[str, int], None]

    def begin(self, given: dict[str, Any]) -> None:
        fast, slow, self.qty = (given["ema"][key] for key in ("fast", "slow", "qty"))
        self.slow_from = slow
        self.fast_alpha, self.slow_alpha = 2 / (fast + 1), 2 / (slow + 1)
        self.count = 0
        self.held = ""
        self.fast = self.slow = 0.0

    def on_quote_tick(self, tick: Any) -> None:
        mid = (tick.bid_price.as_double() + tick.ask_price.as_double()) / 2
        if self.count:
            self.fast += self.fast_alpha * (mid - self.fast)
            self.slow += self.slow_alpha * (mid - self.slow)
        else:
            self.fast = self.slow = mid
        self.count += 1
        if self.count < self.slow_from:
            return
        wanted = "buy" if self.fast >= self.slow else "sell"
        if wanted != self.held:
            for _ in range(2 if self.held else 1):  # it closes, then it opens
                self.send(wanted, self.qty)
            self.held = wanted

    on_quote = on_quote_tick

    def on_stop(self) -> None:
        self.send("sell" if self.held == "buy" else "buy", self.qty)
