"""What executions cost, in all and each order's, and how venues are: tasks over the core's journal."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from core import messages as m
from core.analytics.groups import BPS, NO_ALGO, SHORTFALL
from core.analytics.measure import MARKOUTS_NS, Columns, Measured
from core.analytics.names import NO_STRATEGY
from core.analytics.report import figures
from core.scenario.algos import NAMES as ALGO_NAMES
from periphery.backend.observed import observed


def costs(folder: Path, keys: tuple[str, ...]) -> dict[str, Any]:
    """What executions cost, in all and by these keys: see core.analytics.report."""
    return figures(observed(folder).measured(), keys)


def order_costs(folder: Path, most: int, account: str | None, symbol: str | None) -> dict[str, Any]:
    """The newest orders, `most` of them, each with its cost and where it went; and the venues' states.

    OSError, JournalError, CoreFault: as a replay.
    """
    kept = observed(folder)
    found = kept.measured()
    chosen = _chosen(found, account, symbol)
    return {
        "orders": [_order(found, int(row)) for row in chosen[::-1][:most]],
        "count": len(chosen),
        "venues": kept.venues.told(found.names),
    }


def _chosen(found: Measured, account: str | None, symbol: str | None) -> Any:
    """Places of the orders that are asked for, the oldest first."""
    own = np.ones(len(found.orders["seq"]), bool)
    for wanted, names, key in (
        (account, found.names.accounts, "account"),
        (symbol, found.names.symbols, "symbol"),
    ):
        if wanted is not None:
            indices = [index for index, name in names.items() if name == wanted]
            own &= np.isin(found.orders[key], indices)
    return np.flatnonzero(own)


def _order(found: Measured, row: int) -> dict[str, Any]:
    names, orders = found.names, found.orders
    of = {name: column[row] for name, column in orders.items()}
    fills = {name: column[found.fills["row"] == row] for name, column in found.fills.items()}
    qty, paid = float(fills["qty"].sum()), float((fills["qty"] * fills["px"]).sum())
    raw = of["id"].tobytes()
    return {
        "seq": int(of["seq"]),
        "time_ns": int(of["time_ns"]),
        "cl_ord_id": raw[1 : 1 + raw[0]].decode("utf-8", "replace"),
        "account": names.accounts.get(int(of["account"]), ""),
        "symbol": names.symbols.get(int(of["symbol"]), ""),
        "strategy": names.strategies.get(int(of["strategy"]), NO_STRATEGY),
        "algo": ({0: NO_ALGO} | ALGO_NAMES).get(int(of["algo"]), ""),
        "side": "buy" if of["sign"] > 0 else "sell",
        "status": m.OrdStatus(int(of["status"])).name.lower(),
        "currency": names.currencies.get(names.settles.get(int(of["symbol"]), -1), ""),
        "order_qty": float(of["order_qty"]),
        "cum_qty": float(of["cum_qty"]),
        "avg_px": paid / qty if qty else None,
        "arrival_px": _known(of["arrival_px"]),
        "legs": _legs(found, row),
        **_figures(of, fills),
    }


def _figures(of: Columns, fills: Columns) -> dict[str, float | None]:
    """In bps: fills against the mid at arrival, the shortfall with its parts, markouts."""
    value = float(of["arrival_value"])
    out = {f"{name}_bps": _share(fills, name) for name in ("arrival", "vwap")}
    parts = {"shortfall": of["shortfall"]} | {f"{name}_shortfall": of[name] for name in SHORTFALL}
    out |= {
        f"{name}_bps": _known(float(part) / value * BPS) if value else None for name, part in parts.items()
    }
    return out | {f"markout_{name}_bps": _share(fills, f"markout_{name}") for name in MARKOUTS_NS}


def _share(fills: Columns, name: str) -> float | None:
    """Σ cost / Σ value in bps, of the fills where both are known."""
    cost, value = fills[f"{name}_cost"], fills[f"{name}_value"]
    known = ~np.isnan(cost) & ~np.isnan(value)
    total = float(value[known].sum())
    return float(cost[known].sum()) / total * BPS if total else None


def _legs(found: Measured, row: int) -> list[dict[str, Any]]:
    """Where the order went: of each venue how many children, what they were filled for, how many rejected."""
    own = found.children["row"] == row
    children = {name: column[own] for name, column in found.children.items()}
    filled = found.fills["row"] == row
    out = []
    for venue in np.unique(children["venue"]):
        there = children["venue"] == venue
        bought = filled & (found.fills["venue"] == venue)
        out.append(
            {
                "venue": found.names.venues.get(int(venue), ""),
                "children": int(there.sum()),
                "rejected": int(children["rejected"][there].sum()),
                "filled_qty": float(found.fills["qty"][bought].sum()),
                "ack_p50_us": _median(children["ack_ns"][there] / 1e3),
            }
        )
    return out


def _median(values: Any) -> float | None:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else None


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
