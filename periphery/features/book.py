"""Features of the book: imbalance at the best prices and deeper, order flow imbalance."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from typing import Annotated, Any

import msgspec
import numpy as np

from periphery.features.feature import (
    NAN,
    BadDefinition,
    Definition,
    Feature,
    Floats,
    Period,
    Windowed,
    full,
)
from periphery.features.market import Level, Quote
from periphery.features.prices import OfQuote

LEVELS_MAX = 4096
"""Levels of a side that are kept; beyond, the farthest are let go."""


class Imbalance(Definition, frozen=True, tag="imbalance"):
    """(bid_qty - ask_qty) / (bid_qty + ask_qty) of the quote: 1 where all is bid for."""

    def make(self) -> Feature:
        return ImbalanceFeature()


class ImbalanceFeature(OfQuote):
    def of(self, quote: Quote) -> float:
        return imbalance(quote.bid_qty, quote.ask_qty)


def imbalance(bids: float, asks: float) -> float:
    """NaN where there is nothing."""
    return (bids - asks) / (bids + asks) if bids + asks else NAN


class DepthImbalance(Definition, frozen=True, tag="depth_imbalance"):
    """The same over the `levels` best prices of each side of a venue's book, from its levels."""

    levels: Annotated[int, msgspec.Meta(ge=1, le=1000)]

    @property
    def label(self) -> str:
        return self.name or f"{self.kind}_{self.levels}"

    def make(self) -> Feature:
        if not self.venue:
            raise BadDefinition(f"{self.label}: a book is one venue's: give `venue`")
        return DepthImbalanceFeature(self.levels)


class DepthImbalanceFeature(Feature):
    def __init__(self, levels: int) -> None:
        self.levels = levels
        self.bids, self.asks = Side(), Side()

    def on_level(self, level: Level) -> None:
        side = self.asks if level.side else self.bids
        side.put(level.px, level.qty)
        if len(side.prices) > LEVELS_MAX:
            side.put(side.prices[-1 if level.side else 0], 0.0)

    def value(self, period: Period) -> float:
        if not self.bids.prices or not self.asks.prices:
            return NAN
        best_bids, best_asks = self.bids.prices[-self.levels :], self.asks.prices[: self.levels]
        return imbalance(self.bids.sum(best_bids), self.asks.sum(best_asks))

    def save(self) -> list[Any]:
        return [list(self.bids.quantities.items()), list(self.asks.quantities.items())]

    def load(self, state: list[Any]) -> None:
        self.bids, self.asks = (Side(dict(side)) for side in state)


class Side:
    """Quantities by price, the prices in order."""

    def __init__(self, quantities: dict[float, float] | None = None) -> None:
        self.quantities = quantities or {}
        self.prices = sorted(self.quantities)

    def put(self, px: float, qty: float) -> None:
        """qty: 0 or less takes the level away."""
        if qty > 0:
            if px not in self.quantities:
                insort(self.prices, px)
            self.quantities[px] = qty
        elif self.quantities.pop(px, None) is not None:
            del self.prices[bisect_left(self.prices, px)]

    def sum(self, prices: list[float]) -> float:
        return math.fsum(self.quantities[px] for px in prices)


class Ofi(Windowed, frozen=True, tag="ofi"):
    """Order flow imbalance (Cont, Kukanov and Stoikov) at the best prices, over the last `window` periods:
    what came to bids and went from offers, less the contrary, in quantity.
    """

    def make(self) -> Feature:
        return OfiFeature(self.window)


class OfiFeature(Feature):
    kept = ("flow", "flows", "begun")

    def __init__(self, window: int) -> None:
        self.flow = 0.0
        self.flows: deque[float] = deque(maxlen=window)
        self.begun = False

    def on_quotes(self, before: Quote | None, quotes: Floats) -> None:
        self.begun = True
        stood = quotes if before is None else np.vstack([np.array(before), quotes])
        for each in flow(stood[:-1], stood[1:]).tolist():
            self.flow += each

    def value(self, period: Period) -> float:
        if self.begun:
            self.flows.append(self.flow)
        self.flow = 0.0
        return math.fsum(self.flows) if full(self.flows) else NAN


def flow(before: Floats, now: Floats) -> Floats:
    """What each of the quotes (n, 4) adds to the order flow imbalance. before: what stood until each."""
    (was_bid, was_bid_qty, was_ask, was_ask_qty), (bid, bid_qty, ask, ask_qty) = before.T, now.T
    came = np.where(bid >= was_bid, bid_qty, 0.0)
    went = np.where(bid <= was_bid, was_bid_qty, 0.0)
    offered = np.where(ask <= was_ask, ask_qty, 0.0)
    taken = np.where(ask >= was_ask, was_ask_qty, 0.0)
    found: Floats = came - went - offered + taken
    return found
