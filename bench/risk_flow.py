"""A mixed flow through a whole core, a tenth of it denied, and the same limits counted in plain Python."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from bench.risk_desk import MIDDLE, Desk, Shape, capacity, declared
from core import messages as m
from core.backtest.recorded import Recorded

VALUES = {
    "max_order_qty": "95",
    "max_order_notional": "9300",
    "price_collar_ticks": "380",
    "max_working_orders": "195",
    "max_position": "9900",
    "gross_exposure": "990000",
    "credit": "980000",
}


def run(shape: Shape) -> dict[str, Any]:
    """How many orders were denied, by reason, by the core and by the count; equal: order by order."""
    small = Shape(
        accounts=100, symbols=50, working=1, new=shape.flow, asked=0, flow=shape.flow, seed=shape.seed
    )
    rows = Desk(small, ()).rows(shape.flow)["request"]
    rows["price"] = MIDDLE + 5 + np.random.default_rng(shape.seed).integers(-300, 400, shape.flow)
    have = by_the_core(small, rows)
    count = Count()
    want = [count.reason(order) for order in rows]
    told = Counter(name for name in want if name)
    return {
        "orders": shape.flow,
        "denied": sum(told.values()),
        "share": round(sum(told.values()) / shape.flow, 3),
        "by_reason": dict(sorted(told.items())),
        "equal": want == have,
    }


def by_the_core(shape: Shape, rows: Any) -> list[str]:
    """Why the core denies each order, in their order; "": it doesn't."""
    out: list[str] = []

    def seen(raw: bytes) -> None:
        page = np.frombuffer(raw, m.PAGE, 1)[0]
        if page["header"]["kind"] == m.Kind.ORDER:
            denied = page["verdict"]["flags"] & m.VerdictFlag.DENIED
            out.append(m.Reason(int(page["verdict"]["reason"])).name.lower() if denied else "")

    recorded = Recorded(capacity(shape, len(VALUES)), None, seen)
    for event in declared(shape, tuple(VALUES), VALUES):
        recorded.feed(event.kind, 0, event.request, event.session, 0)
    for order in rows:
        recorded.feed(int(m.Kind.ORDER), 0, order.tobytes(), 0, 0)
    return out


class Count:
    """The seven limits by plain sums: all orders are bought in one currency, and none is filled."""

    def __init__(self) -> None:
        self.live: Counter[int] = Counter()
        self.qty: Counter[int] = Counter()
        self.money: Counter[int] = Counter()

    def reason(self, order: Any) -> str:
        account, qty, price = (int(order[key]) for key in ("account", "qty", "price"))
        values = {
            "max_order_qty": qty,
            "max_order_notional": qty * price / 100,
            "price_collar_ticks": price - MIDDLE - 5,
            "max_working_orders": self.live[account] + 1,
            "max_position": self.qty[account] + qty,
            "gross_exposure": (self.qty[account] + qty) * MIDDLE / 100,
            "credit": (self.money[account] + qty * price) / 100,
        }
        for name, bound in VALUES.items():
            if values[name] > int(bound):
                return name
        self.live[account] += 1
        self.qty[account] += qty
        self.money[account] += qty * price
        return ""
