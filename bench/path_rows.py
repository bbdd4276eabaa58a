"""The requests of `bench path`: orders that rest, orders that fill, some over two venues, changes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.orders import HEAD, Array, names
from core import messages as m

SYMBOLS = 16
ACCOUNTS = 8
VENUES = 2
BID, ASK = 9_990, 10_010  # price units
LEVEL_QTY = 300  # shown at the first venue; the second shows as good as everything, a tick behind
DEEP_QTY = 10**12
AGE = 4096  # rows between an order and the replace or cancel of it

INPUT = np.dtype([*HEAD, ("request", "V256")])
KINDS = ("resting", "taking", "routed", "replace", "cancel")
SHARES = (0.55, 0.15, 0.05, 0.10, 0.15)


@dataclass(frozen=True, slots=True)
class Rows:
    """inputs: INPUT a row. what: place in KINDS. target: the row that a replace or cancel is about."""

    inputs: Array
    what: Array
    target: Array


def declarations() -> list[dict[str, Any]]:
    """What the requests refer to."""
    symbols = [f"S{i}" for i in range(SYMBOLS)]
    lines: list[dict[str, Any]] = [
        {
            "type": "instrument", "symbol": symbol, "kind": "equity", "price_precision": 2,
            "qty_precision": 0, "tick": "0.01", "lot": "1", "currency": "USD",
        }
        for symbol in symbols
    ]  # fmt: skip
    lines += [
        {"type": "venue", "venue": f"V{i}", "mode": "match", "symbols": symbols, "taker_fee_bps": "0.3"}
        for i in range(VENUES)
    ]
    accounts = [f"A{i}" for i in range(ACCOUNTS)]
    lines += [
        {"type": "account", "account": account, "currency": "USD", "cash": "1000000000"}
        for account in accounts
    ]
    for account in accounts:
        lines += [
            {"type": "limit", "check": check, "value": value, "account": account}
            for check, value in (
                ("max_order_qty", "1000"), ("max_order_notional", "1000000"), ("price_collar_bps", "500"),
                ("max_position", "1000000000"), ("order_rate", "100000"),
            )
        ]  # fmt: skip
    return lines


def quote(symbol: int, venue: int) -> dict[str, str]:
    """A fresh level at the venue: what was taken there is back."""
    qty, behind = (LEVEL_QTY, 0) if venue == 0 else (DEEP_QTY, 1)
    return {
        "type": "quote", "venue": f"V{venue}", "symbol": f"S{symbol}",
        "bid_px": f"{(BID - behind) / 100:.2f}", "bid_qty": str(qty),
        "ask_px": f"{(ASK + behind) / 100:.2f}", "ask_qty": str(qty),
    }  # fmt: skip


def make(count: int, seed: int) -> Rows:
    """So many requests at random, each named by its row."""
    random = np.random.default_rng(seed)
    what = random.choice(len(KINDS), size=count, p=SHARES).astype(np.int8)
    target = _targets(what)
    what[(what >= 3) & (target < 0)] = 0  # nothing old enough to change: one more that rests
    inputs = np.zeros(count, INPUT)
    inputs["request"] = _orders(what, random)
    changes = np.flatnonzero(what >= 3)
    inputs["request"][changes] = _changes(changes, target[changes], what[changes])
    inputs["kind"] = np.select(
        [what == 3, what == 4], [int(m.Kind.REPLACE), int(m.Kind.CANCEL)], int(m.Kind.ORDER)
    )
    return Rows(inputs, what, target)


def _targets(what: Array) -> Array:
    """For each replace or cancel the oldest resting order that none was about yet; -1: none is old enough."""
    target = np.full(len(what), -1, np.int64)
    resting = np.flatnonzero(what == 0)
    free = 0
    for row in np.flatnonzero(what >= 3):
        if free < len(resting) and resting[free] <= row - AGE:
            target[row] = resting[free]
            free += 1
    return target


def _orders(what: Array, random: np.random.Generator) -> Array:
    count = len(what)
    rows = np.zeros(count, m.ORDER_EVENT)
    buys = random.integers(2, size=count) == 0
    taking = (what == 1) | (what == 2)
    rows["cl_ord_id"] = names(b"C", np.arange(count), 40)
    rows["account"] = random.integers(ACCOUNTS, size=count)
    rows["symbol"] = random.integers(SYMBOLS, size=count)
    rows["strategy"] = m.NONE
    rows["venue"] = np.where(what == 2, m.NONE16, np.where(what == 1, 1, 0))
    rows["side"] = np.where(buys, int(m.Side.BUY), int(m.Side.SELL))
    rows["ord_type"] = int(m.OrdType.LIMIT)
    rows["time_in_force"] = np.where(taking, int(m.TimeInForce.IOC), int(m.TimeInForce.DAY))
    rows["flags"] = int(m.OrderFlag.HAS_PRICE | m.OrderFlag.HAS_QTY)
    rows["qty"] = np.where(what == 2, LEVEL_QTY + 100, random.integers(1, 100, size=count))
    far = 100  # one price: the simulated venue queues behind in constant time
    through = np.where(buys, ASK + 5, BID - 5)
    rows["price"] = np.where(taking, through, np.where(buys, BID - far, ASK + far))
    return rows.view("V" + str(m.ORDER_EVENT.itemsize)).astype("V256")


def _changes(rows: Array, target: Array, what: Array) -> Array:
    out = np.zeros(len(rows), "V256")
    replace = np.zeros(len(rows), m.REPLACE_EVENT)
    replace["cl_ord_id"], replace["orig_cl_ord_id"] = names(b"C", rows, 40), names(b"C", target, 40)
    replace["qty"], replace["flags"] = 100, int(m.OrderFlag.HAS_QTY)
    cancel = np.zeros(len(rows), m.CANCEL_EVENT)
    cancel["cl_ord_id"], cancel["orig_cl_ord_id"] = replace["cl_ord_id"], replace["orig_cl_ord_id"]
    is_replace = what == 3
    out[is_replace] = replace[is_replace].view("V" + str(m.REPLACE_EVENT.itemsize)).astype("V256")
    out[~is_replace] = cancel[~is_replace].view("V" + str(m.CANCEL_EVENT.itemsize)).astype("V256")
    return out
