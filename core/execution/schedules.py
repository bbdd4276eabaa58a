"""What algorithms are told by whoever sends them: curves as whole numbers, computed outside of the core.

An order carries at most `CURVE_SLICES` weights from 0 to `WEIGHT_MAX`: what of it each slice lets go, in
proportion.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal, localcontext

import numpy as np
from numpy.typing import NDArray

from core.messages import CURVE_SLICES

WEIGHT_MAX = 65535
URGENCY_MAX = 100
_DIGITS = 50


def whole_weights(parts: Sequence[Decimal] | Sequence[float] | NDArray[np.float64]) -> list[int]:
    """Parts of any size as whole numbers whose largest is WEIGHT_MAX, half to even. ValueError: no part is
    above 0.
    """
    most = max(parts, default=0)
    if most <= 0 or min(parts) < 0:
        raise ValueError("a curve needs parts of 0 or more, one of them above 0")
    return [round(part * WEIGHT_MAX / most) for part in parts]


def almgren_chriss(urgency: Decimal, slices: int) -> list[int]:
    """The weights of the trajectory sinh(k (T - t)) / sinh(k T), cut into slices of the same length.

    urgency: k T, without a unit; 0 is a straight line. Exact decimals, so that every machine finds the same.
    ValueError
    beyond URGENCY_MAX or CURVE_SLICES. Almgren and Chriss, Optimal execution of portfolio transactions, 2000.
    """
    if not 0 <= urgency <= URGENCY_MAX:
        raise ValueError(f"urgency {urgency}: from 0 to {URGENCY_MAX}")
    if not 1 <= slices <= CURVE_SLICES:
        raise ValueError(f"{slices} slices: from 1 to {CURVE_SLICES}")
    if urgency == 0:
        return [WEIGHT_MAX] * slices
    with localcontext(prec=_DIGITS):
        left = [_sinh(urgency * (slices - i) / slices) for i in range(slices + 1)]
        return whole_weights([left[i] - left[i + 1] for i in range(slices)])


def _sinh(x: Decimal) -> Decimal:
    return (x.exp() - (-x).exp()) / 2


def urgency_of(
    risk_aversion: float,
    volatility: float,
    impact: float,
    horizon_s: float,
    slices: int,
    permanent: float = 0.0,
) -> float:
    """k T of the discrete trajectory.

    risk_aversion: 1 / money. volatility: of the price, in money / sqrt(s). impact: temporary, money x s /
    quantity.
    permanent: money / quantity. ValueError where the temporary impact of a slice isn't above half of the
    permanent one.
    """
    step_s = horizon_s / slices
    temporary = impact - permanent * step_s / 2
    if temporary <= 0:
        raise ValueError("impact: the temporary part must be above permanent x horizon_s / (2 x slices)")
    squared = risk_aversion * volatility**2 / temporary
    return math.acosh(1 + squared * step_s**2 / 2) / step_s * horizon_s


def volume_curve(
    time_ns: NDArray[np.int64], qty: NDArray[np.float64], start_ns: int, end_ns: int, slices: int, day_ns: int
) -> list[int]:
    """What of the volume between start_ns and end_ns of a day traded in each of the slices, over all days
    given.

    time_ns, qty: [n] trades, in any order. start_ns, end_ns: since the day began. ValueError where nothing
    traded, or
    beyond CURVE_SLICES.
    """
    if not 1 <= slices <= CURVE_SLICES:
        raise ValueError(f"{slices} slices: from 1 to {CURVE_SLICES}")
    if not 0 <= start_ns < end_ns <= day_ns:
        raise ValueError("from and to: within a day, one after the other")
    since = time_ns % day_ns
    inside = (since >= start_ns) & (since < end_ns)
    slot = (since[inside] - start_ns) * slices // (end_ns - start_ns)
    total = np.bincount(slot, weights=qty[inside], minlength=slices)
    if not total.sum() > 0:
        raise ValueError("nothing traded between from and to")
    return whole_weights(total)
