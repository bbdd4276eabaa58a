"""What executions teach the router of each venue, as `venue_facts` lines: events that a core takes like any
other.

Only whole lines are made: integers of the router's units, so that what it is told is in the journal and a
replay knows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.analytics.measure import REALIZED, Measured
from core.scenario.numbers import format_ratio

LEAST = 20
"""Children, or fills, that a fact needs: fewer say too little."""


def venue_facts(measured: Measured, least: int = LEAST) -> Iterator[dict[str, Any]]:
    """A line for each symbol and venue that enough is known of.

    latency_us: half the median time from a send to its first answer. fill_ratio: of what was sent to take.
    reject_ratio:
    of children. markout_bps: how far the mid moved against fills of posted children within 5 s.
    """
    children, fills = measured.children, measured.fills
    symbols = measured.orders["symbol"][children["row"]]
    for symbol, venue in sorted(set(zip(symbols.tolist(), children["venue"].tolist(), strict=True))):
        own = (symbols == symbol) & (children["venue"] == venue)
        filled = (fills["symbol"] == symbol) & (fills["venue"] == venue)
        facts = _facts(
            {k: v[own] for k, v in children.items()}, {k: v[filled] for k, v in fills.items()}, least
        )
        if facts:
            names = measured.names
            yield {
                "type": "venue_facts",
                "venue": names.venues[venue],
                "symbol": names.symbols[symbol],
                **facts,
            }


def _facts(children: dict[str, NDArray[Any]], fills: dict[str, NDArray[Any]], least: int) -> dict[str, str]:
    out = {}
    answered = children["ack_ns"][~np.isnan(children["ack_ns"])]
    takes = children["fill_ratio"][~children["posted"].astype(bool)]
    rests = fills["maker"].astype(bool) & ~np.isnan(fills[f"markout_{REALIZED}_cost"])
    if len(answered) >= least:
        out["latency_us"] = _decimal(float(np.median(answered)) / 2000, 3)
    if len(takes) >= least:
        out["fill_ratio"] = _decimal(float(np.mean(takes)), 6)
    if len(children["row"]) >= least:
        out["reject_ratio"] = _decimal(float(np.mean(children["rejected"])), 6)
    if np.count_nonzero(rests) >= least:
        cost, value = (float(fills[f"markout_{REALIZED}_{name}"][rests].sum()) for name in ("cost", "value"))
        out["markout_bps"] = _decimal(-cost / value * 1e4, 8)
    return out


def _decimal(value: float, digits: int) -> str:
    return format_ratio(*value.as_integer_ratio(), digits)
