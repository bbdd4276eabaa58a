"""Trades towards what another process wants to be held: a signal by the name `target`."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from periphery.strategy import Parameters, Signal, Strategy


class SignalTaker(Strategy):
    """A signal's value is from -1 to 1: that part of `most` is to be held, short below 0."""

    class Params(Parameters, frozen=True):
        name: str = "target"
        symbol: str = ""  # of signals that name none; "": the first
        most: Annotated[int, Meta(gt=0)] = 1000
        lot: Annotated[int, Meta(gt=0)] = 1

    def on_signal(self, signal: Signal) -> None:
        """Sends the difference to what is held and under way."""
        if signal.name != self.params.name:
            return
        symbol = signal.symbol or self.params.symbol or self.symbols[0]
        wanted = max(-1.0, min(1.0, signal.value)) * self.params.most
        under_way = sum(
            (1 if order.side == "buy" else -1) * order.leaves_qty for order in self.orders(symbol)
        )
        change = (
            round((wanted - float(self.position(symbol) + under_way)) / self.params.lot) * self.params.lot
        )
        if change:
            self.submit(symbol, "buy" if change > 0 else "sell", abs(change), time_in_force="ioc")
