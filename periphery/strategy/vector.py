"""Strategies that reckon with many quotes at once: arrays in, what is to be held after each quote out.

On recordings a batch is what a reader has decoded, seen through numpy without a copy; live it is one quote.
What is to be held after a quote may depend on that quote and those before it. Whoever looks at later ones
gets another result where the batches are cut elsewhere: `nacre backtest --check-look-ahead` runs it again so,
and compares the fills.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core.enums import Kind
from periphery.strategy.strategy import Strategy

if TYPE_CHECKING:
    from core.session.market import Quote

type Floats = npt.NDArray[np.float64]
QUOTE = Kind.QUOTE.value
type Change = tuple[int, str, float]


@dataclass(frozen=True, slots=True)
class Batch:
    """Quotes of one instrument at one venue, in their order: arrays of equal length.

    px, qty, ask_px, ask_qty: units, each with its digits (px_digits, qty_digits); see `bid` and the others.
    """

    symbol: str
    venue: str
    rows: npt.NDArray[np.void]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def time_ns(self) -> npt.NDArray[np.int64]:
        """A view."""
        times: npt.NDArray[np.int64] = self.rows["recv_ts_ns"]
        return times

    @property
    def bid(self) -> Floats:
        return _floats(self.rows["px"], self.rows["px_digits"])

    @property
    def ask(self) -> Floats:
        return _floats(self.rows["ask_px"], self.rows["px_digits"])

    @property
    def mid(self) -> Floats:
        return (self.bid + self.ask) / 2

    @property
    def bid_size(self) -> Floats:
        return _floats(self.rows["qty"], self.rows["qty_digits"])

    @property
    def ask_size(self) -> Floats:
        return _floats(self.rows["ask_qty"], self.rows["qty_digits"])


def _floats(units: Any, digits: Any) -> Floats:
    out: Floats = units / np.power(10.0, digits)
    return out


class VectorStrategy(Strategy):
    """Fill in `targets`; orders follow from it. The other handlers are as in any strategy, but `on_quote`."""

    def targets(self, batch: Batch) -> npt.ArrayLike:
        """What is to be held of the instrument after each quote; NaN: as before.

        What it must know of earlier batches it keeps itself.
        """
        raise NotImplementedError

    def hold(self, symbol: str, target: float) -> None:
        """Sends the difference to what is held and under way, at the market."""
        under_way = sum((1 if each.side == "buy" else -1) * each.leaves_qty for each in self.orders(symbol))
        change = round(target) - int(self.position(symbol) + under_way)
        if change:
            self.submit(symbol, "buy" if change > 0 else "sell", abs(change), time_in_force="ioc")

    def on_quote(self, quote: Quote) -> None:
        """Live: a batch of one."""
        for _, target in self.steps(_one(quote)):
            self.hold(quote.symbol, target)

    def steps(self, batch: Batch) -> Iterator[tuple[int, float]]:
        """(quote, what is to be held after it), where that changes. ValueError: not a target a quote."""
        found = np.asarray(self.targets(batch), np.float64)
        if found.shape != (len(batch),):
            raise ValueError(
                f"{type(self).__name__}.targets gave {found.shape}, not a target for each of {len(batch)} "
                "quotes"
            )
        last = self.__dict__.setdefault("_last_target", {})
        for i in np.flatnonzero(~np.isnan(found)):
            target = float(found[i])
            if target != last.get(batch.symbol):
                last[batch.symbol] = target
                yield int(i), target


def changes(
    strategy: VectorStrategy, rows: npt.NDArray[np.void], name_of: Callable[[int], str], venue: str
) -> list[Change]:
    """Where what is to be held changes, in the order of a reader's rows: (rows till then, symbol, target)."""
    found: list[Change] = []
    quotes = rows["kind"] == QUOTE
    for stream in np.unique(rows["symbol"][quotes]):
        at = np.flatnonzero(quotes & (rows["symbol"] == stream))
        batch = Batch(name_of(int(stream)), venue, rows if len(at) == len(rows) else rows[at])
        found += [(int(at[i]) + 1, batch.symbol, target) for i, target in strategy.steps(batch)]
    return sorted(found, key=lambda each: each[0])


_ROW = np.dtype(
    [(name, "<i8") for name in ("recv_ts_ns", "px", "qty", "ask_px", "ask_qty")]
    + [("px_digits", "u1"), ("qty_digits", "u1")]
)


def _one(quote: Quote) -> Batch:
    row = np.zeros(1, _ROW)
    bid, ask, size, other = quote.bid_px, quote.ask_px, quote.bid_qty, quote.ask_qty
    px_digits = -int(bid.as_tuple().exponent)
    qty_digits = -int(size.as_tuple().exponent)
    row[0] = (
        quote.time_ns, int(bid.scaleb(px_digits)), int(size.scaleb(qty_digits)),
        int(ask.scaleb(px_digits)), int(other.scaleb(qty_digits)), px_digits, qty_digits,
    )  # fmt: skip
    return Batch(quote.symbol, quote.venue, row)
