"""A small desk for tests of limits: what it declares, and what the core says to more lines."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from core.scenario.runner import run

type Line = dict[str, Any]

DECLARED: list[Line] = [
    {
        "type": "instrument",
        "symbol": "AAA",
        "kind": "equity",
        "price_precision": 2,
        "qty_precision": 0,
        "tick": "0.01",
        "lot": "1",
        "currency": "USD",
        "sector": "tech",
    },
    {
        "type": "instrument",
        "symbol": "FUT",
        "kind": "future",
        "price_precision": 1,
        "qty_precision": 0,
        "tick": "0.5",
        "lot": "1",
        "currency": "USD",
        "multiplier": "50",
        "margin_bps": "1250",
    },
    {"type": "venue", "venue": "X", "mode": "manual", "symbols": ["AAA", "FUT"]},
    {"type": "account", "account": "A1", "currency": "USD", "cash": "10000"},
    {"type": "account", "account": "A2", "currency": "USD", "cash": "10000"},
    {"type": "fx", "pair": "EUR/USD", "rate": "1.25"},
]
MARKET: list[Line] = [
    {
        "type": "quote",
        "venue": "X",
        "symbol": "AAA",
        "bid_px": "9.90",
        "bid_qty": "500",
        "ask_px": "10.10",
        "ask_qty": "500",
    },
    {
        "type": "quote",
        "venue": "X",
        "symbol": "FUT",
        "bid_px": "99.5",
        "bid_qty": "50",
        "ask_px": "100.5",
        "ask_qty": "50",
    },
]


def order(cl_ord_id: str, qty: int, price: str | None = "10.00", **more: Any) -> Line:
    """A direct order of AAA that has every key a scope can ask for."""
    line: Line = {
        "type": "order",
        "cl_ord_id": cl_ord_id,
        "account": "A1",
        "symbol": "AAA",
        "side": "buy",
        "order_qty": str(qty),
        "ord_type": "limit",
        "price": price,
        "venue": "X",
        "strategy": "S",
        "session": "T",
        **more,
    }
    return {key: value for key, value in line.items() if value is not None}


def report(child_id: str, exec_type: str, **more: Any) -> Line:
    return {"type": "report", "venue": "X", "child_id": child_id, "exec_type": exec_type, **more}


def trade(child_id: str, exec_id: str, qty: int, px: str, **more: Any) -> Line:
    return report(child_id, "trade", exec_id=exec_id, last_qty=str(qty), last_px=px, fee="0", **more)


def play(lines: list[Line], path: Path) -> list[Line]:
    """The output lines. AssertionError: the file is bad."""
    file = path / "desk.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    out, err = io.StringIO(), io.StringIO()
    assert run(file, out, err) == 0, err.getvalue()
    return [json.loads(line) for line in out.getvalue().splitlines()]


def of_type(lines: list[Line], *types: str) -> list[Line]:
    return [line for line in lines if line["type"] in types]
