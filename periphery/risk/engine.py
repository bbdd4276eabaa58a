"""The risk engine: after each period of event time, what each account may lose, and how right that was."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import astuple
from typing import Annotated, Any

import msgspec
import numpy as np

from core import messages as m
from core.live.book import Book
from core.scenario.directory import Symbol
from periphery.risk import backtests, measures
from periphery.risk.measures import Floats, Tail
from periphery.risk.prices import TOLD, Prices
from periphery.service.engine import Engine, Output, Params, request

_Share = Annotated[float, msgspec.Meta(gt=0.5, lt=1)]
STRESSES = {"all -10 %": {"*": -0.10}, "all +10 %": {"*": 0.10}}
_Count = Annotated[int, msgspec.Meta(ge=1)]


class RiskParams(Params, frozen=True, forbid_unknown_fields=True):
    """period_s: of a return, and how far ahead a loss is looked at. periods: that are kept. least: with
    fewer nothing is said. draws: of the simulation. stresses: by name, the return of each symbol, "*" of all
    others. budgets: by account, what its historical VaR may be in its currency; above, the core is asked for
    a gross_exposure at which it would be within.
    """

    confidence: _Share = 0.99
    period_s: Annotated[float, msgspec.Meta(gt=0)] = 60.0
    periods: _Count = 500
    least: _Count = 30
    draws: _Count = 2000
    seed: int = 1
    stresses: dict[str, dict[str, float]] = msgspec.field(default_factory=lambda: dict(STRESSES))
    budgets: dict[str, Annotated[float, msgspec.Meta(gt=0)]] = msgspec.field(default_factory=dict)


class RiskEngine(Engine):
    """Says `risk` for each account that holds something, and what it leaves out by name."""

    name = "risk"
    line = "VaR and expected shortfall by account, components, stresses, and whether they held."
    kinds = frozenset(TOLD | {m.Kind.REPORT, m.Kind.BOOK, m.Kind.OPEN_POSITION, m.Kind.ADJUSTED, m.Kind.TIME})
    Params = RiskParams

    def __init__(self, params: RiskParams, book: Book) -> None:
        super().__init__(params, book)
        self.hearer = self.prices = Prices(round(params.period_s * 1e9), params.periods)
        self.held: dict[int, dict[int, int]] = {}
        self.asked: dict[int, tuple[float, Floats, list[int]]] = {}  # by account: VaR, exposures, symbols
        self.exceeded: dict[int, backtests.Tally] = {}
        self.allowed: dict[int, float] = {}  # by account: the gross exposure that was asked for

    # ---- events --------------------------------------------------------------------------------------------

    def on_page(self, page: np.void, raw: bytes) -> Iterable[Output]:
        header = page["header"]
        said = self._period() if self.prices.turn(int(header["time_ns"])) else []
        kind = int(header["kind"])
        if kind in TOLD:
            self.prices.hear(kind, raw, self.book.directory.symbol_list)
        elif kind == m.Kind.OPEN_POSITION:
            row = request(raw, m.OPEN_POSITION_EVENT)
            self.held.setdefault(int(row["account"]), {})[int(row["symbol"])] = int(row["qty"])
        elif m.counts(page, "booking") and page["booking"]["flags"] & m.BookingFlag.BOOKED:
            booking = page["booking"]
            self.held.setdefault(int(booking["account"]), {})[int(booking["symbol"])] = int(booking["qty"])
        return said

    # ---- a period ------------------------------------------------------------------------------------------

    def _period(self) -> list[Output]:
        self._look_back()
        self.asked.clear()
        said: list[Output] = []
        for account, held in sorted(self.held.items()):
            if any(held.values()) and self.part.owns(self.book.directory.account_list[account].name):
                told = self._account(account, {s: qty for s, qty in sorted(held.items()) if qty})
                said += [Output("risk", told), *self._within_budget(account, told)]
        return said

    def _within_budget(self, account: int, told: dict[str, Any]) -> list[Output]:
        """A tighter limit for one whose VaR is above its budget: VaR grows with the exposure."""
        budget = self.params.budgets.get(told["account"])
        if budget is None or "historical" not in told or told["historical"]["var"] <= budget:
            return []
        gross = sum(abs(value) for value in told["exposures"].values())
        allowed = math.floor(gross * budget / told["historical"]["var"] * 100) / 100
        if allowed >= self.allowed.get(account, math.inf):
            return []
        self.allowed[account] = allowed
        limit = {"check": "gross_exposure", "account": told["account"], "value": f"{allowed:.2f}"}
        return [Output("limit", limit)]

    def _look_back(self) -> None:
        """Whether each account lost more than was said a period ago."""
        for account, (var, exposures, symbols) in self.asked.items():
            lately = self.prices.returns(symbols)
            if len(lately):
                loss = measures.stressed(exposures, lately[-1])
                self.exceeded.setdefault(account, backtests.Tally()).add(loss > var)

    def _account(self, account: int, held: dict[int, int]) -> dict[str, Any]:
        p, of = self.params, self.book.directory.account_list[account]
        values = {symbol: self._exposure(symbol, qty, of.currency) for symbol, qty in held.items()}
        symbols = [symbol for symbol, value in values.items() if value is not None]
        exposures = np.array([values[symbol] for symbol in symbols], np.float64)
        returns = self.prices.returns(symbols)
        told: dict[str, Any] = {
            "account": of.name,
            "currency": of.currency,
            "confidence": p.confidence,
            "period_s": p.period_s,
            "periods": len(returns),
            "unpriced": [self._name(symbol) for symbol, value in values.items() if value is None],
            "exposures": {self._name(s): float(e) for s, e in zip(symbols, exposures, strict=True)},
            "stresses": {
                name: self._stress(shocks, symbols, exposures) for name, shocks in p.stresses.items()
            },
        }
        if not symbols or len(returns) < p.least:
            return told | {"too_few": p.least}
        past = measures.historical(exposures, returns, p.confidence)
        self.asked[account] = (past.var, exposures, symbols)
        marginal, component = measures.components(exposures, returns, p.confidence)
        return told | {
            "historical": _tail(past),
            "normal": _tail(measures.normal(exposures, returns, p.confidence)),
            "monte_carlo": _tail(measures.monte_carlo(exposures, returns, p.confidence, p.draws, p.seed)),
            "marginal": {self._name(s): float(v) for s, v in zip(symbols, marginal, strict=True)},
            "component": {self._name(s): float(v) for s, v in zip(symbols, component, strict=True)},
            "held": self._held(account),
        }

    def _exposure(self, symbol: int, qty: int, currency: str) -> float | None:
        """What a return of 1 would be worth; None: there is no price or no rate, which is no zero."""
        of = self.book.directory.symbol_list[symbol]
        price = self.prices.last.get(symbol)
        rate = self.book.rates.find(of.settle_currency, currency)
        if price is None or rate is None:
            return None
        return notional(of, qty, price) * float(rate)

    def _stress(self, shocks: dict[str, float], symbols: list[int], exposures: Floats) -> float:
        others = shocks.get("*", 0.0)
        return measures.stressed(
            exposures, np.array([shocks.get(self._name(symbol), others) for symbol in symbols], np.float64)
        )

    def _held(self, account: int) -> dict[str, Any]:
        """How often the historical VaR was exceeded, and what that says of it."""
        tally = self.exceeded.get(account, backtests.Tally())
        counts = {"periods": tally.periods, "exceptions": tally.exceptions}
        if not tally.periods:
            return counts
        kupiec = backtests.kupiec(tally.exceptions, tally.periods, self.params.confidence)
        both = backtests.christoffersen(tally, self.params.confidence)
        return counts | {"kupiec_p": kupiec.p, "christoffersen_p": both.p}

    def _name(self, symbol: int) -> str:
        return self.book.directory.symbol_list[symbol].name

    # ---- state ---------------------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        asked = {a: (var, e.tolist(), symbols) for a, (var, e, symbols) in self.asked.items()}
        return {
            "held": self.held,
            "prices": self.prices.save(),
            "asked": asked,
            "exceeded": {account: astuple(tally) for account, tally in self.exceeded.items()},
            "allowed": self.allowed,
        }

    def load(self, state: dict[str, Any]) -> None:
        self.held = state["held"]
        self.prices.load(state["prices"])
        self.asked = {a: (var, np.array(e), symbols) for a, (var, e, symbols) in state["asked"].items()}
        self.exceeded = {a: backtests.Tally(*tally) for a, tally in state["exceeded"].items()}
        self.allowed = state["allowed"]


def notional(of: Symbol, qty: int, price: float) -> float:
    """What a return of 1 is worth in the currency that the instrument settles in. An inverse contract's
    profit is in 1 / price, so that a small return is worth quantity x multiplier / price.
    """
    size: float = qty / 10**of.qty_precision * of.multiplier / 10**of.multiplier_precision
    return size / price if of.inverse else size * price


def _tail(tail: Tail) -> dict[str, float]:
    return {"var": tail.var, "es": tail.es}
