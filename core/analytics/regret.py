"""Regret: what an order cost beyond the best split over the venues, with the books that it met and their
fees.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.analytics.names import Names
from core.analytics.series import Floats

if TYPE_CHECKING:
    from core.analytics.measure import Columns, Contract


def regrets(raw: Columns, names: Names, orders: Columns, fills: Columns, contract: Contract) -> Floats:
    """[orders] money, fees included; nan where nothing was filled, or the books showed less than that.

    The best split takes the cheapest units first, by price and taker's fee: levels can be taken in part, so
    nothing that
    is split otherwise costs less. Below 0: the market came to the order, or posting earned what taking would
    have paid.
    """
    levels = raw["levels"]
    out = np.full(len(orders["seq"]), np.nan)
    starts = np.searchsorted(levels["row"], np.arange(len(out) + 1))
    by_row = np.argsort(fills["row"], kind="stable")
    fill_starts = np.searchsorted(fills["row"][by_row], np.arange(len(out) + 1))
    for i in np.flatnonzero(orders["cum_qty"] > 0).tolist():
        symbol, sign = int(orders["symbol"][i]), float(orders["sign"][i])
        own = by_row[fill_starts[i] : fill_starts[i + 1]]
        met = levels[starts[i] : starts[i + 1]]
        px = met["px"] * names.px_scale[symbol]
        fee = np.array([names.taker_fee_bps[int(venue)] for venue in met["venue"]]) / 1e4
        ours = float(
            np.sum(_unit(contract, i, sign, fills["px"][own], 0.0) * fills["qty"][own])
            + np.sum(fills["fee"][own])
        )
        best = cheapest(
            _unit(contract, i, sign, px, fee),
            met["qty"] * names.qty_scale[symbol],
            float(orders["cum_qty"][i]),
        )
        out[i] = ours - best
    return out


def _unit(contract: Contract, i: int, sign: float, px: Floats, fee: Floats | float) -> Floats:
    """Money that one unit costs at a price, its fee included."""
    value = contract.multiplier[i] * (1 / px if contract.inverse[i] else px)
    worse: Floats = (-sign if contract.inverse[i] else sign) * value + fee * value
    return worse


def cheapest(unit: Floats, qty: Floats, wanted: float) -> float:
    """The least that `wanted` costs from pieces of a price each; nan where there is less than that."""
    order = np.argsort(unit, kind="stable")
    before = np.concatenate(([0.0], np.cumsum(qty[order])))[:-1]
    taken = np.clip(wanted - before, 0.0, qty[order])
    short = wanted - float(qty.sum())
    return float("nan") if short > 1e-9 * max(wanted, 1.0) else float(np.sum(taken * unit[order]))
