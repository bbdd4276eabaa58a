"""Measured columns to one row a group: what executions of a venue, an algorithm, a strategy, an account, a
symbol cost.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.analytics.measure import MARKOUTS_NS, Columns, Measured
from core.analytics.names import NO_STRATEGY
from core.analytics.series import Floats
from core.scenario.algos import NAMES as ALGO_NAMES

NO_ALGO = "(none)"
KEYS = ("venue", "algo", "strategy", "account", "symbol")
SLIPPAGES = ("arrival", "vwap", "twap", "close")
SHORTFALL = ("delay", "execution", "opportunity", "fees")
BPS = 1e4


def by(measured: Measured, key: str) -> list[dict[str, Any]]:
    """One row a value of the key and settlement currency, by name; key "all": one a currency."""
    rows = []
    labels = _labels(measured, key)
    currency = _currencies(measured)
    for name, paid in sorted(set(_pairs(measured, labels, currency))):
        own = {table: (labels[table] == name) & (currency[table] == paid) for table in labels}
        rows.append({key: name, "currency": paid, **_row(measured, own, key == "venue")})
    return rows


def _pairs(measured: Measured, labels: Columns, currency: Columns) -> Iterator[tuple[str, str]]:
    for table in labels:
        yield from zip(labels[table].tolist(), currency[table].tolist(), strict=True)


def _labels(measured: Measured, key: str) -> Columns:
    """The key's value of each child and fill, and of each order but by venue: an order may go to many."""
    names = measured.names
    if key == "venue":
        tables = {"children": measured.children, "fills": measured.fills}
        return {name: _text(names.venues, table["venue"]) for name, table in tables.items()}
    return _spread(measured, _of_orders(measured, key))


def _of_orders(measured: Measured, key: str) -> NDArray[Any]:
    """The key's value of each order."""
    names, orders = measured.names, measured.orders
    if key == "all":
        return np.full(len(orders["seq"]), "all", object)
    known = {
        "algo": {0: NO_ALGO, **ALGO_NAMES},
        "strategy": names.strategies,
        "account": names.accounts,
        "symbol": names.symbols,
    }
    return _text(known[key], orders[key], NO_STRATEGY if key == "strategy" else "")


def _currencies(measured: Measured) -> Columns:
    names = measured.names
    currency = {symbol: names.currencies.get(settle, "") for symbol, settle in names.settles.items()}
    return _spread(measured, _text(currency, measured.orders["symbol"]))


def _spread(measured: Measured, of_order: NDArray[Any]) -> Columns:
    """A value of each order, for its children and fills too."""
    return {
        "orders": of_order,
        "children": of_order[measured.children["row"]],
        "fills": of_order[measured.fills["row"]],
    }


def _text(names: dict[int, str], indices: NDArray[Any], other: str = "") -> NDArray[Any]:
    return np.array([names.get(int(index), other) for index in indices], object)


# ---- one row ----------------------------------------------------------------------------------------------


def _row(measured: Measured, own: Columns, of_venue: bool) -> dict[str, Any]:
    fills = {name: column[own["fills"]] for name, column in measured.fills.items()}
    children = {name: column[own["children"]] for name, column in measured.children.items()}
    orders = {} if of_venue else {name: column[own["orders"]] for name, column in measured.orders.items()}
    row: dict[str, Any] = {"orders": len(orders["seq"]) if orders else len(np.unique(fills["row"]))}
    row |= _counts(children, fills)
    row |= {f"{name}_bps": _ratio_bps(fills[f"{name}_cost"], fills[f"{name}_value"]) for name in SLIPPAGES}
    if orders:
        row |= _order_figures(orders)
    row |= {
        "effective_spread_bps": _ratio_bps(fills["effective_cost"], fills["effective_value"]),
        "realized_spread_bps": _ratio_bps(fills["realized_cost"], fills["realized_value"]),
        "fees_bps": _ratio_bps(fills["fee"], fills["value"]),
    }
    return row | {
        f"markout_{name}_bps": _ratio_bps(fills[f"markout_{name}_cost"], fills[f"markout_{name}_value"])
        for name in MARKOUTS_NS
    }


def _counts(children: Columns, fills: Columns) -> dict[str, Any]:
    return {
        "children": len(children["row"]),
        "fills": len(fills["row"]),
        "value": float(fills["value"].sum()),
        "maker_share": _share(fills["value"] * (fills["maker"] > 0), fills["value"]),
        "fill_rate": _mean(children["fill_ratio"]),
        "reject_ratio": _mean(children["rejected"]),
        "cancel_ratio": _mean(children["canceled"]),
        "ack_p50_us": _median(children["ack_ns"] / 1e3),
        "time_to_fill_p50_ms": _median(children["fill_ns"] / 1e6),
        "queue_ahead": _mean(fills["queue_ahead"][~np.isnan(fills["queue_ahead"])]),
    }


def _order_figures(orders: Columns) -> dict[str, Any]:
    """The shortfall and its parts, in bps of what was ordered; regret of what was filled."""
    measured = ~np.isnan(orders["shortfall"])
    value = orders["arrival_value"][measured]
    out: dict[str, Any] = {
        f"{name}_shortfall_bps": _share(orders[name][measured], value, BPS) for name in SHORTFALL
    }
    out["shortfall_bps"] = _share(orders["shortfall"][measured], value, BPS)
    out["shortfall"] = float(orders["shortfall"][measured].sum())
    out["unmeasured_orders"] = int((~measured).sum())
    out["order_fill_rate"] = _share(orders["filled_value"][measured], value)
    out["regret_bps"] = _ratio_bps(orders["regret"], orders["filled_value"])
    return out


def _ratio_bps(cost: Floats, value: Floats) -> float | None:
    """Σ cost / Σ value in basis points, over where both are known."""
    known = ~np.isnan(cost) & ~np.isnan(value)
    return _share(cost[known], value[known], BPS)


def _share(part: Floats, whole: Floats, scale: float = 1.0) -> float | None:
    total = float(np.sum(whole))
    return float(np.sum(part)) / total * scale if total else None


def _mean(values: NDArray[Any]) -> float | None:
    return float(np.mean(values)) if len(values) else None


def _median(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else None
