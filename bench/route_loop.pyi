from collections.abc import Buffer

from core.router.planner import Planner
from core_ext.histogram import Histogram

def time_plans(planner: Planner, policy: int, buys: Buffer, qty: Buffer, plan_ns: Histogram) -> int:
    """Each order planned and timed once, limitless and resting; the sum of all legs' quantities."""

def clock(times: int, clock_ns: Histogram) -> None:
    """The clock alone, which is in each figure."""
