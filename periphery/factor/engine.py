"""The factor engine: after each period of event time, exposures, components, and how well scores foretold."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from typing import Annotated, Any

import msgspec
import numpy as np

from core import messages as m
from core.live.book import Book
from periphery.factor.covariance import Method, covariance
from periphery.factor.exposures import exposure, least, rule_of_thumb
from periphery.factor.pca import components
from periphery.factor.scores import Floats, information, summed
from periphery.risk.prices import TOLD, Prices
from periphery.service.engine import Engine, Output, Params, need

_Count = Annotated[int, msgspec.Meta(ge=1)]
_None = Annotated[int, msgspec.Meta(ge=0)]


class FactorParams(Params, frozen=True, forbid_unknown_fields=True):
    """period_s: of a return. periods: the last ones, that all is of. least: with fewer nothing is said.
    factors: symbols whose returns are factors; all others are exposed to them. lags: of the errors; -1: by
    the rule of thumb. components: principal ones; 0: none. covariance: how it is shrunk. momentum: periods
    of the score; 0: none. ahead: periods that it is to foretell.
    """

    period_s: Annotated[float, msgspec.Meta(gt=0)] = 60.0
    periods: _Count = 250
    least: Annotated[int, msgspec.Meta(ge=3)] = 30
    factors: list[str] = msgspec.field(default_factory=list)
    lags: Annotated[int, msgspec.Meta(ge=-1)] = -1
    components: _None = 3
    covariance: Method = "ledoit_wolf"
    momentum: _None = 20
    ahead: _Count = 1


class FactorEngine(Engine):
    """Says `factor`: of the instruments that had a price at the end of each of the last `least` periods."""

    name = "factor"
    line = "Exposures, principal components, shrunk covariance, and how well scores foretell."
    kinds = frozenset(TOLD | {m.Kind.TIME})
    Params = FactorParams

    def __init__(self, params: FactorParams, book: Book) -> None:
        super().__init__(params, book)
        need("scipy.stats", "sklearn.covariance", "sklearn.decomposition", "statsmodels.api")
        most = max(params.periods, params.momentum + params.ahead)
        self.hearer = self.prices = Prices(round(params.period_s * 1e9), most)
        self.foretold: deque[float] = deque(maxlen=params.periods)

    def on_page(self, page: np.void, raw: bytes) -> Iterable[Output]:
        header = page["header"]
        said = self._period() if self.prices.turn(int(header["time_ns"])) else []
        self.prices.hear(int(header["kind"]), raw, self.book.directory.symbol_list)
        return said

    # ---- a period ------------------------------------------------------------------------------------------

    def _period(self) -> list[Output]:
        p = self.params
        self._look_back()
        symbols = self._priced(p.least + 1)
        returns = self.prices.returns(symbols)[-p.periods :] if symbols else np.empty((0, 0))
        if len(returns) < p.least or not self.part.owns(self.name):
            return []  # what it says is of all symbols together: one part says it
        told: dict[str, Any] = {"period_s": p.period_s, "periods": len(returns)}
        told |= self._exposures(symbols, returns)
        told |= self._components(symbols, returns)
        shrunk = covariance(returns, p.covariance)
        told |= {"shrinkage": shrunk.shrinkage, "covariance": self._matrix(symbols, shrunk.covariance)}
        return [Output("factor", told | self._scores())]

    def _priced(self, rows: int) -> list[int]:
        """Symbols that had a price at the end of each of the last so many periods; none: too few periods."""
        last = list(self.prices.rows)[-rows:]
        return sorted(set.intersection(*map(set, last))) if len(last) == rows else []

    def _exposures(self, symbols: list[int], returns: Floats) -> dict[str, Any]:
        p = self.params
        names = [self._name(symbol) for symbol in symbols]
        lacking = [name for name in p.factors if name not in names]
        if not p.factors or lacking or len(returns) < least(len(p.factors)):
            return {"unpriced": lacking}
        lags = rule_of_thumb(len(returns)) if p.lags < 0 else p.lags
        factors = returns[:, [names.index(name) for name in p.factors]]
        try:
            exposed = {
                name: _plain(exposure(returns[:, i], factors, lags).told(p.factors))
                for i, name in enumerate(names)
                if name not in p.factors
            }
        except ValueError as error:
            return {"unpriced": [], "failed": str(error)}
        return {"unpriced": [], "lags": lags, "exposures": exposed}

    def _components(self, symbols: list[int], returns: Floats) -> dict[str, Any]:
        count = min(self.params.components, *returns.shape)
        if not count or not returns.any():
            return {}
        found = components(returns, count)
        loadings = [self._named(symbols, row) for row in found.loadings]
        return {"explained": [_number(x) for x in found.explained], "loadings": loadings}

    def _matrix(self, symbols: list[int], values: Floats) -> dict[str, dict[str, float | None]]:
        rows = (self._named(symbols, row) for row in values)
        return {self._name(symbol): row for symbol, row in zip(symbols, rows, strict=True)}

    # ---- scores --------------------------------------------------------------------------------------------

    def _look_back(self) -> None:
        """What the score of `ahead` periods ago foretold of what came since."""
        p = self.params
        table = self._table(p.momentum + p.ahead + 1) if p.momentum else np.empty((0, 0))
        if table.shape[1] >= 2:
            score = table[p.momentum] / table[0] - 1.0
            earned = table[-1] / table[p.momentum] - 1.0
            self.foretold.append(float(information(score[None], earned[None]).by_period[0]))

    def _table(self, rows: int) -> Floats:
        """Prices at the ends of the last so many periods, of the symbols that had one at each."""
        symbols = self._priced(rows)
        last = list(self.prices.rows)[-rows:] if symbols else []
        return np.array([[row[symbol] for symbol in symbols] for row in last]).reshape(
            len(last), len(symbols)
        )

    def _scores(self) -> dict[str, Any]:
        p = self.params
        symbols = self._priced(p.momentum + 1) if p.momentum else []
        if not symbols:
            return {}
        table = self._table(p.momentum + 1)
        told: dict[str, Any] = {"momentum": self._named(symbols, table[-1] / table[0] - 1.0)}
        found = summed(np.array(self.foretold, np.float64))
        if np.isfinite(found.by_period).any():
            told["information"] = {
                "last": _number(found.by_period[-1]),
                "mean": _number(found.mean),
                "deviation": _number(found.deviation),
                "ratio": _number(found.ratio),
                "t": _number(found.t),
                "periods": int(np.isfinite(found.by_period).sum()),
            }
        return told

    # ---- names and state -----------------------------------------------------------------------------------

    def _name(self, symbol: int) -> str:
        return self.book.directory.symbol_list[symbol].name

    def _named(self, symbols: list[int], values: Iterable[float]) -> dict[str, float | None]:
        return {self._name(symbol): _number(value) for symbol, value in zip(symbols, values, strict=True)}

    def save(self) -> dict[str, Any]:
        return {"prices": self.prices.save(), "foretold": list(self.foretold)}

    def load(self, state: dict[str, Any]) -> None:
        self.prices.load(state["prices"])
        self.foretold = deque(state["foretold"], self.params.periods)


def _number(value: float) -> float | None:
    """None for what is no number."""
    return float(value) if math.isfinite(value) else None


def _plain(told: dict[str, Any]) -> dict[str, Any]:
    return {key: _plain(value) if isinstance(value, dict) else _number(value) for key, value in told.items()}
