"""hftbacktest over quotes and market orders: what was filled, and how long a pass took. See bench/hft.py.

ENV/bin/python bench/hft_peer.py GIVEN.npz

It compiles on its first pass; then it makes a pass for each line on its standard input, and says a line of
JSON. It runs in the environment that has hftbacktest, and knows nothing of nacre.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version
from typing import Any

import numpy as np
from hftbacktest import (
    BUY_EVENT,
    DEPTH_EVENT,
    EXCH_EVENT,
    LOCAL_EVENT,
    MARKET,
    SELL_EVENT,
    BacktestAsset,
    HashMapMarketDepthBacktest,
)
from hftbacktest.order import IOC
from hftbacktest.types import event_dtype
from numba import njit

TICK = 0.00001
FOREVER_NS = 1 << 60
SHOWN = 1_000_000_000


@njit
def play(hbt: Any, rows: Any, buys: Any, qtys: Any, prices: Any) -> Any:
    """A strategy: reads bid and ask of each quote, and sends the order that is planned after it. prices: what
    each order was filled at, in ticks. (quotes seen, sum of all bids and asks in ticks)."""
    at = 0
    seen = 0
    total = 0
    while hbt.wait_next_feed(False, FOREVER_NS) == 2:
        depth = hbt.depth(0)
        total += depth.best_bid_tick + depth.best_ask_tick
        if at < len(rows) and seen == rows[at]:
            if buys[at]:
                hbt.submit_buy_order(0, at + 1, depth.best_ask, qtys[at], IOC, MARKET, True)
            else:
                hbt.submit_sell_order(0, at + 1, depth.best_bid, qtys[at], IOC, MARKET, True)
            order = hbt.orders(0).get(at + 1)
            prices[at] = order.exec_price_tick if order.exec_qty == qtys[at] else 0
            hbt.clear_inactive_orders(0)
            at += 1
        seen += 1
    return seen, total


def feed_of(quotes: Any) -> Any:
    """Each quote (time_ns, bid, ask in ticks) as changes of its two levels: the old ones go, the new ones
    come; something at least, so that each quote is one feed."""
    rows: list[tuple[int, int, int, int]] = []
    before = (0, 0)
    for ts, bid, ask in quotes.tolist():
        both = ((before[0], bid, BUY_EVENT), (before[1], ask, SELL_EVENT))
        rows += [(side, ts, old, 0) for old, new, side in both if old and old != new]
        rows += [(side, ts, new, SHOWN) for old, new, side in both if old != new or side == BUY_EVENT]
        before = (bid, ask)
    rows.append((BUY_EVENT, rows[-1][1] + 1, before[0], SHOWN))  # not seen: what ends the data is no feed
    table = np.array(rows, np.int64)
    feed = np.zeros(len(rows), event_dtype)
    feed["ev"] = table[:, 0] | (DEPTH_EVENT | EXCH_EVENT | LOCAL_EVENT)
    feed["exch_ts"] = feed["local_ts"] = table[:, 1]
    feed["px"], feed["qty"] = table[:, 2] * TICK, table[:, 3]
    return feed


def one_pass(feed: Any, rows: Any, signed: Any) -> dict[str, Any]:
    asset = (
        BacktestAsset()
        .data([feed])
        .linear_asset(1.0)
        .constant_order_latency(0, 0)
        .risk_adverse_queue_model()
        .no_partial_fill_exchange()
        .trading_value_fee_model(0.0, 0.00002)
        .tick_size(TICK)
        .lot_size(1.0)
        .last_trades_capacity(0)
    )
    hbt = HashMapMarketDepthBacktest([asset])
    prices = np.zeros(len(rows), np.int64)
    began, worked = time.perf_counter_ns(), time.thread_time_ns()
    seen, total = play(hbt, rows, signed > 0, np.abs(signed).astype(np.float64), prices)
    ns, processor_ns = time.perf_counter_ns() - began, time.thread_time_ns() - worked
    position = hbt.position(0)
    hbt.close()
    return {"seen": int(seen), "total": int(total), "ns": ns, "processor_ns": processor_ns,
            "prices": prices.tolist(), "position": int(position)}  # fmt: skip


def main(path: str) -> None:
    given = np.load(path)
    feed = feed_of(given["quotes"])
    one_pass(feed, given["rows"], given["signed"])
    print(json.dumps({"version": version("hftbacktest"), "numba": version("numba")}), flush=True)
    for _ in sys.stdin:
        print(json.dumps(one_pass(feed, given["rows"], given["signed"])), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
