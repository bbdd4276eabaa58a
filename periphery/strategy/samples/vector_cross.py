"""`ema_cross` over arrays: the same two averages, by one call a batch."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import numpy.typing as npt
from msgspec import Meta

from periphery.strategy import Parameters
from periphery.strategy.vector import Batch, VectorStrategy


class VectorCross(VectorStrategy):
    """Long where the mean of the last `fast` middles is above that of the last `slow`, else short."""

    class Params(Parameters, frozen=True):
        fast: Annotated[int, Meta(ge=1)] = 50  # quotes
        slow: Annotated[int, Meta(ge=2)] = 200
        qty: Annotated[int, Meta(gt=0)] = 100_000

    def on_start(self) -> None:
        """The last middles of each instrument are kept from batch to batch."""
        self.before: dict[str, npt.NDArray[np.float64]] = {}

    def targets(self, batch: Batch) -> npt.ArrayLike:
        """Means by differences of a running sum."""
        slow = self.params.slow
        kept = self.before.get(batch.symbol, np.empty(0))
        mids = np.concatenate((kept, batch.mid))
        self.before[batch.symbol] = mids[-slow:]
        units = np.rint(mids * 1e6).astype(np.int64)  # sums of integers don't depend on where they began
        total = np.concatenate(([0], np.cumsum(units)))
        at = np.arange(len(kept), len(mids)) + 1
        out = np.full(len(batch), np.nan)
        full = at >= slow
        means = [(total[at[full]] - total[at[full] - n]) / n for n in (self.params.fast, slow)]
        out[full] = np.where(means[0] >= means[1], self.params.qty, -self.params.qty)
        return out
