"""Something on every page: orders in every state, limits nearly used, breaks, a backtest, a proposal."""

from __future__ import annotations

import itertools
from typing import Any

from tests.browser.floor import Floor
from tests.integration.live_core import until

WAIT_S = 120.0
LIMITS = (
    {"check": "max_position", "account": "B2", "symbol": "EURUSD", "value": "400000", "why": "as agreed"},
    {"check": "gross_exposure", "account": "A1", "value": "1250000", "currency": "USD", "why": "as agreed"},
    {"check": "max_working_orders", "account": "A1", "value": "40", "why": "as agreed"},
)
"""Of these one is used for 95 %, one for three quarters."""
RESTING = 12


class Stage:
    """Fills a floor through the backend, as people would."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self._keys = itertools.count(1)

    def set(self) -> None:
        self._quoted()
        self._limits()
        self._orders()
        self._breaks()
        self._runs()

    def say(self, method: str, path: str, body: Any = None, user: str = "anna") -> Any:
        key = f"stage-{next(self._keys):06}"
        return self.floor.backend.must(user, method, path, body, Idempotency_Key=key)

    def order(self, side: str, qty: int, price: float | None = None, account: str = "A1", **more: Any) -> Any:
        kind = {"ord_type": "market"} if price is None else {"ord_type": "limit", "price": f"{price:.5f}"}
        body = {"account": account, "symbol": "EURUSD", "side": side, "order_qty": str(qty)} | kind | more
        return self.say("POST", "/orders", body)

    def _quoted(self) -> None:
        def both() -> bool:
            told = self.floor.backend.must("anna", "GET", "/market/levels?symbol=EURUSD")["levels"]
            return {row["venue"] for row in told} == {"FXCM", "OANDA"}

        until(both, "both venues quote", WAIT_S)

    def _mid(self) -> float:
        levels = self.floor.backend.must("anna", "GET", "/market/levels?symbol=EURUSD")["levels"]
        bid = max(float(row["px"]) for row in levels if row["side"] == "bid")
        ask = min(float(row["px"]) for row in levels if row["side"] == "ask")
        return (bid + ask) / 2

    def _limits(self) -> None:
        for limit in LIMITS:
            self.say("POST", "/limits", limit)
        looser = {"check": "max_order_qty", "account": "A1", "value": "2000000", "why": "month end"}
        self.say("POST", "/limits", looser, user="bert")

    def _orders(self) -> None:
        """Fills of both accounts, orders round the market, one replaced, one cancelled, one denied."""
        for side, qty, account in (
            ("buy", 250000, "A1"), ("sell", 90000, "A1"), ("buy", 330000, "A1"), ("buy", 380000, "B2"),
        ):  # fmt: skip
            self.order(side, qty, account=account, time_in_force="ioc")
        mid = self._mid()
        for n in range(1, RESTING + 1):
            side, way = ("buy", -1) if n % 2 else ("sell", 1)
            self.order(side, 5000 * n, mid + way * n * 1e-4, time_in_force="gtc")
        first = self.order("sell", 75000, mid + 9e-4, account="B2")
        self.say("PATCH", f"/orders/{first['cl_ord_id']}", {"order_qty": "60000"})
        ended = self.order("buy", 40000, mid - 9e-4)
        self.say("DELETE", f"/orders/{ended['cl_ord_id']}")
        body = {
            "account": "A1",
            "symbol": "EURUSD",
            "side": "buy",
            "order_qty": "1500000",
            "ord_type": "market",
        }
        self.floor.backend.ask("anna", "POST", "/orders", body, {"Idempotency-Key": "stage-denied"})

    def _breaks(self) -> None:
        rows = [
            {"account": "A1", "symbol": "EURUSD", "qty": "487500"},
            {"account": "B2", "symbol": "EURUSD", "qty": "380000"},
            {"account": "A1", "symbol": "USD", "qty": "9320000"},
        ]
        self.say("POST", "/reconciliation", {"rows": rows})
        explained = {"id": "A1/USD", "why": "interest of the month is booked tomorrow"}
        self.say("POST", "/reconciliation/breaks/explain", explained)
        book = {"id": "A1/EURUSD", "venue": "OANDA", "price": "1.38650", "fee": "0", "why": "their late fill"}
        self.say("POST", "/reconciliation/breaks/book", book)

    def _runs(self) -> None:
        """A strategy that runs, a signal, a backtest that is done, a portfolio that waits."""
        self.say("POST", "/strategies", {"file": "hears.py", "session": "hears", "params": {"qty": "3"}})
        self.say("POST", "/strategies/signals", {"name": "target", "value": "0.25", "symbol": "EURUSD"})
        params = {"fast": "3", "slow": "9", "qty": "1000"}
        self.say("POST", "/backtests", {"strategy": "ema_cross.py", "data": ["waves.csv"], "params": params})
        self.say("POST", "/portfolio", {"account": "B2", "weights": {"EURUSD": "0.05"}})

        def done() -> bool:
            runs = self.floor.backend.must("anna", "GET", "/backtests")["backtests"]
            return all(run["state"] == "done" for run in runs)

        until(done, "the backtest is done", WAIT_S)
