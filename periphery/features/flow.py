"""Features of trades: volume, who took, and VPIN."""

from __future__ import annotations

import math
from collections import deque
from typing import Annotated, ClassVar

import msgspec

from periphery.features.book import imbalance
from periphery.features.feature import NAN, Definition, Feature, Period, Positive, Windowed, full
from periphery.features.market import Trade


class SidedFeature(Feature):
    """Each trade's sides: who took as the venue says; else, by the tick rule, the buyer where the price is
    above the last different one. What nobody can tell is half of each.
    """

    kept: ClassVar[tuple[str, ...]] = ("px", "sign")

    def __init__(self) -> None:
        self.px = NAN
        self.sign = 0

    def on_trade(self, trade: Trade) -> None:
        if trade.px > self.px:
            self.sign = 1
        elif trade.px < self.px:
            self.sign = -1
        self.px = trade.px
        side = trade.side or self.sign
        bought = trade.qty * (1 + side) / 2
        self.add(bought, trade.qty - bought)

    def add(self, bought: float, sold: float) -> None:
        raise NotImplementedError


class Volume(Windowed, frozen=True, tag="volume"):
    """What was traded in the last `window` periods."""

    def make(self) -> Feature:
        return VolumeFeature(self.window)


class VolumeFeature(Feature):
    kept = ("sum", "sums")

    def __init__(self, window: int) -> None:
        self.sum = 0.0
        self.sums: deque[float] = deque(maxlen=window)

    def on_trade(self, trade: Trade) -> None:
        self.sum += trade.qty

    def value(self, period: Period) -> float:
        self.sums.append(self.sum)
        self.sum = 0.0
        return math.fsum(self.sums) if full(self.sums) else NAN


class TradeImbalance(Windowed, frozen=True, tag="trade_imbalance"):
    """(bought - sold) / (bought + sold) by those who took, over the last `window` periods; 0 where nothing
    was traded.
    """

    def make(self) -> Feature:
        return TradeImbalanceFeature(self.window)


class TradeImbalanceFeature(SidedFeature):
    kept = ("px", "sign", "bought", "sold", "buys", "sells")

    def __init__(self, window: int) -> None:
        super().__init__()
        self.bought = self.sold = 0.0
        self.buys: deque[float] = deque(maxlen=window)
        self.sells: deque[float] = deque(maxlen=window)

    def add(self, bought: float, sold: float) -> None:
        self.bought += bought
        self.sold += sold

    def value(self, period: Period) -> float:
        self.buys.append(self.bought)
        self.sells.append(self.sold)
        self.bought = self.sold = 0.0
        if not full(self.buys):
            return NAN
        found = imbalance(math.fsum(self.buys), math.fsum(self.sells))
        return 0.0 if math.isnan(found) else found


class Vpin(Definition, frozen=True, tag="vpin"):
    """Volume-synchronised probability of informed trading (Easley, Lopez de Prado and O'Hara): the mean of
    |bought - sold| / volume over the last `buckets` of equal volume. bucket_qty: of one.
    """

    bucket_qty: Positive
    buckets: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 50

    @property
    def label(self) -> str:
        return self.name or f"{self.kind}_{self.buckets}"

    def make(self) -> Feature:
        return VpinFeature(self.bucket_qty, self.buckets)


class VpinFeature(SidedFeature):
    kept = ("px", "sign", "bought", "sold", "filled")

    def __init__(self, bucket_qty: float, buckets: int) -> None:
        super().__init__()
        self.bucket_qty = bucket_qty
        self.bought = self.sold = 0.0  # of the bucket that isn't full
        self.filled: deque[float] = deque(maxlen=buckets)

    def add(self, bought: float, sold: float) -> None:
        """A trade goes on in the next bucket, in the same parts, where it fills one."""
        qty = bought + sold
        room = self.bucket_qty - self.bought - self.sold
        if qty < room:
            self.bought += bought
            self.sold += sold
            return
        share = bought / qty
        self.filled.append(abs(self.bought + room * share - self.sold - room * (1 - share)))
        whole, left = divmod(qty - room, self.bucket_qty)
        most = min(int(whole), self.filled.maxlen or 0)
        self.filled.extend([abs(2 * share - 1) * self.bucket_qty] * most)
        self.bought, self.sold = left * share, left * (1 - share)

    def value(self, period: Period) -> float:
        if not full(self.filled):
            return NAN
        return math.fsum(self.filled) / (len(self.filled) * self.bucket_qty)
