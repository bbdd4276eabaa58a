"""How often somebody may do something, counted for all processes together: token buckets, in Redis.

While Redis is down each process counts for itself, and the answer says so.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from periphery.cache.address import CacheDown, Client, Names, told

OWN_MOST = 10_000
"""Buckets that a process keeps of its own."""
_TAKE = """
local now = redis.call('TIME')
local at = now[1] * 1000000 + now[2]
local rate, burst, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local was = redis.call('HMGET', KEYS[1], 'left', 'at')
local left = tonumber(was[1]) or burst
left = math.min(burst, left + math.max(0, at - (tonumber(was[2]) or at)) / 1e6 * rate)
local allowed = left >= cost
if allowed then left = left - cost end
redis.call('HSET', KEYS[1], 'left', string.format('%.9f', left), 'at', string.format('%.0f', at))
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate * 1000) + 1000)
return {allowed and 1 or 0, string.format('%.9f', left)}
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """allowed: it may. left: of the bucket. again_s: when there will be enough. shared: counted for all."""

    allowed: bool
    left: float
    again_s: float
    shared: bool


class Buckets:
    """rate: tokens a second. burst: the most that gather."""

    def __init__(
        self, redis: Client, name: str = "core", clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._names = Names(name)
        self._script = redis.register_script(_TAKE)
        self._clock_s = clock_s
        self._own: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, what: str, rate: float, burst: float, cost: float = 1.0) -> Taken:
        """Takes `cost` tokens of the bucket `what`, or none. ValueError: it could never be allowed."""
        if rate <= 0 or not 0 < cost <= burst:
            raise ValueError(f"bucket {what}: rate {rate:g} must be above 0, cost {cost:g} at most {burst:g}")
        try:
            with told():
                allowed, left = self._script([self._names.bucket(what)], [rate, burst, cost])
            return self._taken(bool(allowed), float(left), rate, cost, shared=True)
        except CacheDown:
            return self._taken(*self._take_here(what, rate, burst, cost), rate, cost, shared=False)

    def _take_here(self, what: str, rate: float, burst: float, cost: float) -> tuple[bool, float]:
        now = self._clock_s()
        left, at = self._own.pop(what, (burst, now))
        left = min(burst, left + (now - at) * rate)
        allowed = left >= cost
        left -= cost if allowed else 0
        self._own[what] = left, now
        if len(self._own) > OWN_MOST:
            self._own.popitem(last=False)
        return allowed, left

    @staticmethod
    def _taken(allowed: bool, left: float, rate: float, cost: float, *, shared: bool) -> Taken:
        return Taken(allowed, left, 0.0 if allowed else (cost - left) / rate, shared)
