"""What benches, drills and tests declare to a live core: a currency pair, as a line of a declaration."""

from __future__ import annotations

from typing import Any

EURUSD: dict[str, Any] = {
    "type": "instrument", "symbol": "EURUSD", "kind": "fx", "price_precision": 5, "qty_precision": 0,
    "tick": "0.00001", "lot": "1", "base_currency": "EUR", "currency": "USD",
}  # fmt: skip
