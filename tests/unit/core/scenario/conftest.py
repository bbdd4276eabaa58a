"""A small world (a symbol, two venues, an account, an order) and a good line of each type."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from core.scenario.reader import Line, read

WORLD: list[dict[str, Any]] = [
    {"type": "instrument", "symbol": "AAPL", "kind": "equity", "price_precision": 2, "qty_precision": 0,
     "tick": "0.01", "lot": "1", "currency": "USD"},
    {"type": "venue", "venue": "V", "mode": "manual", "symbols": ["AAPL"]},
    {"type": "venue", "venue": "M", "mode": "match", "symbols": ["AAPL"]},
    {"type": "account", "account": "A1", "currency": "USD"},
    {"type": "order", "cl_ord_id": "1", "account": "A1", "symbol": "AAPL", "side": "buy", "order_qty": "100",
     "ord_type": "limit", "price": "190.02", "venue": "V"},
]  # fmt: skip

SAMPLES: dict[str, dict[str, Any]] = {
    "instrument": {"symbol": "MSFT", "kind": "equity", "price_precision": 2, "qty_precision": 0,
                   "tick": "0.01", "lot": "1", "currency": "USD"},
    "venue": {"venue": "W", "mode": "manual", "symbols": ["AAPL"]},
    "account": {"account": "A2", "currency": "USD"},
    "open_position": {"account": "A1", "symbol": "AAPL", "qty": "-5", "avg_cost": "190.02123456"},
    "limit": {"check": "max_order_qty", "value": "1000"},
    "override": {"check": "max_order_qty", "by": "jo", "until": 5, "value": "2000"},
    "fx": {"pair": "EUR/USD", "rate": "1.08"},
    "quote": {"venue": "V", "symbol": "AAPL", "bid_px": "190.00", "bid_qty": "300", "ask_px": "190.02",
              "ask_qty": "0"},
    "trade": {"venue": "V", "symbol": "AAPL", "px": "190.01", "qty": "10"},
    "depth": {"venue": "V", "symbol": "AAPL", "side": "buy", "px": "190.01", "qty": "10"},
    "mark": {"symbol": "AAPL", "px": "190.01"},
    "reference": {"symbol": "AAPL", "px": "190.01"},
    "order": {"cl_ord_id": "2", "account": "A1", "symbol": "AAPL", "side": "sell", "order_qty": "1",
              "ord_type": "market"},
    "replace": {"orig_cl_ord_id": "1", "cl_ord_id": "3"},
    "cancel": {"orig_cl_ord_id": "1", "cl_ord_id": "3"},
    "cancel_all": {"by": "desk"},
    "algo": {"cl_ord_id": "1", "action": "pause"},
    "report": {"venue": "V", "child_id": "1.1", "exec_type": "new"},
    "venue_state": {"venue": "V", "state": "down"},
    "venue_fault": {"venue": "M", "fault": "reject"},
    "venue_latency": {"venue": "M", "send_us": "120.5", "report_us": "90"},
    "book_order": {"venue": "M", "symbol": "AAPL", "action": "add", "order_id": 7, "side": "buy",
                   "px": "190.01", "qty": "10"},
    "venue_facts": {"venue": "V", "taker_fee_bps": "0.25"},
    "venue_queue": {"venue": "V", "symbol": "AAPL", "side": "buy", "outflow": ["0", "100", "100", "400"],
                    "unfilled_bps": "0.75"},
    "kill": {"scope": "all", "by": "desk"},
    "rearm": {"scope": "account", "key": "A1", "by": "desk"},
    "disconnect": {"session": "desk"},
    "connect": {"session": "desk"},
    "funding": {"symbol": "AAPL", "rate": "-0.0001"},
    "dividend": {"symbol": "AAPL", "amount": "0.24"},
    "split": {"symbol": "AAPL", "num": "4", "den": "1"},
    "settlement": {"symbol": "AAPL", "px": "190.01"},
    "day": {"date": "2014-05-02"},
    "time": {"at": 7},
}  # fmt: skip


def _read_lines(*lines: dict[str, Any]) -> list[Line]:
    text = "\n".join(json.dumps(line) for line in (*WORLD, *lines))
    return read(io.StringIO(text), "f")


def _read_sample(line_type: str, without: str = "", /, **more: Any) -> Line:
    line = {"type": line_type} | SAMPLES[line_type] | more
    line.pop(without, None)
    return _read_lines(line)[-1]


@pytest.fixture
def read_lines() -> Callable[..., list[Line]]:
    """Reads the given lines after WORLD, as file "f"."""
    return _read_lines


@pytest.fixture
def read_sample() -> Callable[..., Line]:
    """Reads the good line of a type after WORLD, as line 6 of "f": one key left out, others changed."""
    return _read_sample
