"""Rates: a bucket a peer, which fills with time and is emptied by asking."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

PEERS_MOST = 10_000


class Buckets:
    """per_s: a mean; burst: at once. Of more than PEERS_MOST peers who was quiet longest is forgotten."""

    def __init__(self, per_s: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_s = per_s
        self._burst = burst
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, peer: str) -> float:
        """0: it may ask, and did. Else how long until it may."""
        now = self._clock()
        left, since = self._left.pop(peer, (float(self._burst), now))
        left = min(left + (now - since) * self._per_s, float(self._burst))
        allowed = left >= 1.0
        self._left[peer] = (left - 1.0 if allowed else left, now)
        if len(self._left) > PEERS_MOST:
            self._left.popitem(last=False)
        return 0.0 if allowed else (1.0 - left) / self._per_s
