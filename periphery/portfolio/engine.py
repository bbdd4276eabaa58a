"""The portfolio engine: after each period of event time, the weights that are best by what was seen."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import numpy as np

from core import messages as m
from core.live.book import Book
from periphery.analytics.ledger import Ledger
from periphery.portfolio.optimise import Covariance, Method, NoPortfolio, Spec, optimise
from periphery.risk.prices import TOLD, Prices
from periphery.service.engine import Engine, Output, Params, need, request

_Count = Annotated[int, msgspec.Meta(ge=1)]


class PortfolioParams(Params, frozen=True, forbid_unknown_fields=True):
    """period_s: of a return. every: periods from one target to the next. periods: the last ones that it looks
    at. least: with fewer nothing is said. symbols: of the portfolio; none: all that had a price throughout.
    benchmark: a symbol, which tracking_error stays near to. account: whose positions are the weights before;
    none: the last target is. alpha: a signal's name, whose last value of each symbol is what mean_variance
    expects of it in a period; none: what its returns had. signal: the name under which each weight is said to
    strategies; none: they aren't told. The others are those of `Spec`; the first target, from nothing, isn't
    bounded by max_turnover.
    """

    period_s: Annotated[float, msgspec.Meta(gt=0)] = 60.0
    every: _Count = 1
    periods: _Count = 250
    least: Annotated[int, msgspec.Meta(ge=2)] = 30
    symbols: list[str] = msgspec.field(default_factory=list)
    benchmark: str = ""
    account: str = ""
    alpha: str = ""
    signal: str = ""
    method: Method = "minimum_variance"
    covariance: Covariance = "ledoit_wolf"
    risk_aversion: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    min_weight: float = 0.0
    max_weight: float = 1.0
    budget: float = 1.0
    max_turnover: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    cost: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    cost_periods: _Count = 1
    market: dict[str, float] = msgspec.field(default_factory=dict)
    views: list[str] = msgspec.field(default_factory=list)
    confidences: list[float] = msgspec.field(default_factory=list)
    tau: Annotated[float, msgspec.Meta(gt=0)] = 0.05

    @property
    def spec(self) -> Spec:
        return Spec(
            method=self.method, covariance=self.covariance, risk_aversion=self.risk_aversion,
            min_weight=self.min_weight, max_weight=self.max_weight, budget=self.budget,
            max_turnover=self.max_turnover, cost=self.cost, periods=self.cost_periods, market=self.market,
            views=self.views, confidences=self.confidences, tau=self.tau,
        )  # fmt: skip


class PortfolioEngine(Engine):
    """Says `target`: weights, or why there are none. Orders are somebody's to approve."""

    name = "portfolio"
    line = "Target weights: variance, risk parity, Black-Litterman, tracking error; turnover and costs."
    kinds = frozenset(
        TOLD | {m.Kind.SIGNAL, m.Kind.REPORT, m.Kind.BOOK, m.Kind.OPEN_POSITION, m.Kind.ADJUSTED, m.Kind.TIME}
    )
    Params = PortfolioParams

    def __init__(self, params: PortfolioParams, book: Book) -> None:
        super().__init__(params, book)
        need("clarabel", "pandas", "scipy.sparse", "skfolio.optimization", "sklearn.covariance")
        self.hearer = self.prices = Prices(round(params.period_s * 1e9), params.periods)
        self.ledger = Ledger(book.directory.symbol_list)
        self.target: dict[str, float] = {}
        self.expected: dict[str, float] = {}
        self.waited = 0

    def on_page(self, page: np.void, raw: bytes) -> Iterable[Output]:
        header = page["header"]
        said = self._period() if self.prices.turn(int(header["time_ns"])) else []
        kind = int(header["kind"])
        if kind in TOLD:
            self.prices.hear(kind, raw, self.book.directory.symbol_list)
        elif kind == m.Kind.SIGNAL:
            self._hear(request(raw, m.SIGNAL_EVENT))
        elif kind == m.Kind.OPEN_POSITION:
            self.ledger.open(request(raw, m.OPEN_POSITION_EVENT))
        elif m.counts(page, "booking") and page["booking"]["flags"] & m.BookingFlag.BOOKED:
            self.ledger.book(page["booking"], m.NONE, kind == m.Kind.ADJUSTED)
        return said

    def _hear(self, row: np.void) -> None:
        """A value that somebody said of a symbol."""
        directory, symbol = self.book.directory, int(row["symbol"])
        names = directory.space_lists[m.Space.SIGNAL]
        if row["what"] != m.SignalWhat.VALUE or symbol == m.NONE or int(row["name"]) >= len(names):
            return
        if self.params.alpha and names[int(row["name"])] == self.params.alpha:
            value = Decimal(int(row["mantissa"])).scaleb(int(row["exponent"]))
            self.expected[directory.symbol_list[symbol].name] = float(value)

    # ---- a period ------------------------------------------------------------------------------------------

    def _period(self) -> list[Output]:
        p = self.params
        self.waited += 1
        names = self._names()
        returns = self._returns(names)
        if self.waited < p.every or len(returns) < p.least:
            return []
        self.waited = 0
        if not self.part.owns(p.account):
            return []
        told = self._target(names, returns)
        weights = told.get("weights", {}) if p.signal else {}
        signals = [{"name": p.signal, "value": weight, "symbol": name} for name, weight in weights.items()]
        return [Output("target", told), *(Output("signal", values) for values in signals)]

    def _names(self) -> list[str]:
        """The portfolio's symbols, then the benchmark."""
        symbols = self.book.directory.symbols
        names = [name for name in self.params.symbols if name in symbols]
        if not self.params.symbols:
            rows = list(self.prices.rows)[-self.params.least - 1 :]
            priced = set.intersection(*map(set, rows)) if rows else set()
            names = [self.book.directory.symbol_list[symbol].name for symbol in sorted(priced)]
        return [name for name in names if name != self.params.benchmark]

    def _returns(self, names: list[str]) -> np.ndarray[Any, Any]:
        """(periods, symbols), the benchmark's in a last column where there is one."""
        benchmark = [self.params.benchmark] if self.params.benchmark else []
        symbols = self.book.directory.symbols
        wanted = [*names, *benchmark]
        if not names or any(name not in symbols for name in [*wanted, *self.params.symbols]):
            return np.empty((0, 0))
        return self.prices.returns([symbols[name].index for name in wanted])

    def _target(self, names: list[str], returns: np.ndarray[Any, Any]) -> dict[str, Any]:
        p = self.params
        own, benchmark = (returns[:, :-1], returns[:, -1]) if p.benchmark else (returns, None)
        before = self._held(names) if p.account else self.target
        told: dict[str, Any] = {"method": p.method, "period_s": p.period_s, "periods": len(own)}
        told["before"] = before
        try:
            expected = self.expected if p.alpha else None
            spec = p.spec if before else msgspec.structs.replace(p.spec, max_turnover=0.0)
            self.target = optimise(names, own, spec, before, benchmark, expected)
        except NoPortfolio as error:
            return told | {"failed": str(error)}
        changes = {name: abs(weight - before.get(name, 0.0)) for name, weight in self.target.items()}
        return told | {"weights": self.target, "turnover": sum(changes.values())}

    def _held(self, names: list[str]) -> dict[str, float]:
        """What the account holds of each, as a part of its equity; nothing where that isn't known."""
        account = self.book.directory.accounts.get(self.params.account)
        if account is None or account.index not in self.ledger.accounts:
            return {}
        gains, lacking = self.ledger.gains(account, self.prices.last, self.book.rates)
        begun = self.ledger.begun(account, self.book.rates)
        equity = 0.0 if lacking or begun is None else begun + sum(gains.values())
        if equity <= 0:
            return {}
        found = self.ledger.exposures(account, self.prices.last, self.book.rates)
        held = {self.book.directory.symbol_list[symbol].name: value for symbol, value in found.items()}
        return {name: value / equity for name, value in held.items() if name in names and value is not None}

    # ---- state ---------------------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        return {
            "prices": self.prices.save(),
            "ledger": self.ledger.save(),
            "target": self.target,
            "expected": self.expected,
            "waited": self.waited,
        }

    def load(self, state: dict[str, Any]) -> None:
        self.prices.load(state["prices"])
        self.ledger.load(state["ledger"])
        self.target, self.waited, self.expected = state["target"], state["waited"], state["expected"]
