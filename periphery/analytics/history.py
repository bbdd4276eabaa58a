"""How accounts have done in a journal: what the engine said over it, period by period."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from core import messages as m
from periphery.analytics.engine import AnalyticsEngine, AnalyticsParams
from periphery.analytics.measures import drawdowns
from periphery.service.source import JournalSource

type Floats = npt.NDArray[np.float64]


@dataclass(slots=True)
class History:
    """Of an account. times_ns, equity, benchmark: at each period's end; benchmark is a price, NaN where there
    is none. last: what the engine said at the end. unpriced: periods without an equity."""

    account: str
    currency: str
    times_ns: list[int] = field(default_factory=list)
    equity: list[float] = field(default_factory=list)
    benchmark: list[float] = field(default_factory=list)
    last: dict[str, Any] = field(default_factory=dict)
    unpriced: int = 0

    def told(self) -> dict[str, Any]:
        """All of it, but for the series."""
        values = np.array(self.equity)
        falls = drawdowns(values) if len(values) and (values > 0).all() else []
        deepest = [
            {
                "depth": each.depth,
                "from_ns": self.times_ns[each.high],
                "low_ns": self.times_ns[each.low],
                "until_ns": None if each.again is None else self.times_ns[each.again],
            }
            for each in falls
        ]
        return {**self.last, "unpriced_periods": self.unpriced, "drawdowns": deepest}


def histories(journal: str | os.PathLike[str], params: AnalyticsParams) -> list[History]:
    """Of each account that held something, in the order of the accounts. Gone: there is no journal."""
    found: dict[str, History] = {}
    source = JournalSource(journal, lambda raw: _hear(engine, raw, found))
    engine = AnalyticsEngine(params, source.book)
    engine.with_figures = False  # they are wanted at the end alone
    while source.poll():
        pass
    engine.with_figures = True
    for output in engine.end():
        _take(found, int(engine.prices.until_ns), output.values, engine)
    return list(found.values())


def _hear(engine: AnalyticsEngine, raw: bytes, found: dict[str, History]) -> None:
    page = np.frombuffer(raw, m.PAGE)[0]
    if int(page["header"]["kind"]) not in engine.kinds:
        return
    for output in engine.on_page(page, raw):
        _take(found, int(page["header"]["time_ns"]), output.values, engine)


def _take(found: dict[str, History], time_ns: int, told: dict[str, Any], engine: AnalyticsEngine) -> None:
    history = found.setdefault(told["account"], History(told["account"], told["currency"]))
    if "equity" not in told:
        history.unpriced += 1
        return
    history.times_ns.append(time_ns)
    history.equity.append(told["equity"])
    history.benchmark.append(_price(engine))
    history.last = told


def _price(engine: AnalyticsEngine) -> float:
    """The benchmark's, at the end of the last period."""
    symbol = engine.book.directory.symbols.get(engine.params.benchmark)
    if symbol is None or not engine.prices.rows:
        return float("nan")
    return engine.prices.rows[-1].get(symbol.index, float("nan"))
