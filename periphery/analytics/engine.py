"""The analytics engine: after each period of event time, how each account has done, and by what."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
import numpy as np

from core import messages as m
from core.live.book import Book
from core.scenario.directory import Account
from periphery.analytics import measures
from periphery.analytics.ledger import Ledger
from periphery.risk.prices import TOLD, Prices
from periphery.service.engine import Engine, Output, Params, need, request

_Count = Annotated[int, msgspec.Meta(ge=1)]
_NAME_OF_NONE = ""


class AnalyticsParams(Params, frozen=True, forbid_unknown_fields=True):
    """period_s: of a return. periods: the last ones that figures are of. a_year: periods a year; 0: as many
    as there are in 365.25 days. risk_free: of a period. benchmark, factors: symbols whose returns are those.
    """

    period_s: Annotated[float, msgspec.Meta(gt=0)] = 60.0
    periods: _Count = 5000
    a_year: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    risk_free: float = 0.0
    benchmark: str = ""
    factors: list[str] = msgspec.field(default_factory=list)


@dataclass(slots=True)
class Course:
    """Of an account. last: the equity at the last period's end. rows: a return, and those of benchmark and
    factors, of each period."""

    last: float
    rows: deque[list[float | None]]


class AnalyticsEngine(Engine):
    """Says `performance` for each account that ever held something."""

    name = "analytics"
    line = "Returns, Sharpe, drawdowns, benchmark, and what they come from, by account."
    kinds = frozenset(TOLD | {m.Kind.REPORT, m.Kind.BOOK, m.Kind.OPEN_POSITION, m.Kind.ADJUSTED, m.Kind.TIME})
    Params = AnalyticsParams

    def __init__(self, params: AnalyticsParams, book: Book) -> None:
        super().__init__(params, book)
        need("skfolio.measures", "statsmodels.api")
        self.hearer = self.prices = Prices(round(params.period_s * 1e9), 1)
        self.ledger = Ledger(book.directory.symbol_list)
        self.courses: dict[int, Course] = {}
        self.with_figures = True
        self.a_year = params.a_year or measures.YEAR_S / params.period_s

    # ---- events --------------------------------------------------------------------------------------------

    def on_page(self, page: np.void, raw: bytes) -> Iterable[Output]:
        header = page["header"]
        said = self._period() if self.prices.turn(int(header["time_ns"])) else []
        kind = int(header["kind"])
        if kind in TOLD:
            self.prices.hear(kind, raw, self.book.directory.symbol_list)
        elif kind == m.Kind.OPEN_POSITION:
            self.ledger.open(request(raw, m.OPEN_POSITION_EVENT))
        elif m.counts(page, "booking") and page["booking"]["flags"] & m.BookingFlag.BOOKED:
            self._book(page, kind)
        return said

    def _book(self, page: np.void, kind: int) -> None:
        """What was booked; the mark that the core had is the price of what nobody told one of."""
        booking = page["booking"]
        strategy = int(page["outcome"]["strategy"]) if m.counts(page, "outcome") else m.NONE
        self.ledger.book(booking, strategy, kind == m.Kind.ADJUSTED)
        symbol = self.book.directory.symbol_list[int(booking["symbol"])]
        if booking["flags"] & m.BookingFlag.HAS_MARK:
            mark = int(booking["mark2"]) / (2 * 10**symbol.price_precision)
            if symbol.index not in self.prices.last:
                self.prices.tell(symbol.index, mark)

    def end(self) -> list[Output]:
        """There is nothing more: what is left counts as a period. Not for an engine that goes on."""
        self.prices.rows.append(self.prices.last)
        return self._period()

    # ---- a period ------------------------------------------------------------------------------------------

    def _period(self) -> list[Output]:
        owners = sorted(self.ledger.accounts)
        accounts = self.book.directory.account_list
        own = [accounts[owner] for owner in owners if self.part.owns(accounts[owner].name)]
        return [Output("performance", self._account(account)) for account in own]

    def _account(self, account: Account) -> dict[str, Any]:
        gains, lacking = self.ledger.gains(account, self.prices.last, self.book.rates)
        told: dict[str, Any] = {
            "account": account.name,
            "currency": account.currency,
            "period_s": self.params.period_s,
            "unpriced": lacking,
        }
        begun = self.ledger.begun(account, self.book.rates)
        if lacking or begun is None:
            return told
        pnl = sum(gains.values())
        course = self._go_on(account.index, begun, begun + pnl)
        told |= {"equity": begun + pnl, "pnl": pnl, "periods": len(course.rows)}
        told |= {"by_strategy": self._by(gains, 1), "by_instrument": self._by(gains, 0)}
        return told | self._figures(course) if self.with_figures else told

    def _go_on(self, account: int, begun: float, equity: float) -> Course:
        """Adds a period. What was held from the beginning at a cost of long ago is none of the first period's
        return. Where the equity isn't positive there are no returns: the course begins anew."""
        course = self.courses.get(account)
        if course is None:
            course = Course(begun, deque(maxlen=self.params.periods))
            self.courses[account] = course
            if self.ledger.accounts[account].opened:
                course.last = equity
                return course
        if course.last > 0 < equity:
            course.rows.append([equity / course.last - 1.0, *self._others()])
        else:
            course.rows.clear()
        course.last = equity
        return course

    def _others(self) -> list[float | None]:
        """This period's returns of benchmark and factors; None: there was no price at both of its ends."""
        if len(self.prices.rows) < 2:
            return [None for _ in self._names]
        before, now = self.prices.rows[-2], self.prices.rows[-1]
        symbols = self.book.directory.symbols
        found = [symbols[name].index if name in symbols else -1 for name in self._names]
        return [now[at] / before[at] - 1.0 if at in now and at in before else None for at in found]

    @property
    def _names(self) -> list[str]:
        return [self.params.benchmark, *self.params.factors]

    def _by(self, gains: dict[tuple[int, int], float], at: int) -> dict[str, float]:
        found: dict[str, float] = {}
        for key, gain in gains.items():
            name = self._strategy(key[1]) if at else self.book.directory.symbol_list[key[0]].name
            found[name] = found.get(name, 0.0) + gain
        return found

    def _strategy(self, index: int) -> str:
        names = self.book.directory.space_lists[m.Space.STRATEGY]
        return names[index] if index < len(names) else _NAME_OF_NONE

    def _figures(self, course: Course) -> dict[str, Any]:
        p = self.params
        if not course.rows:
            return {}
        returns = np.array([row[0] for row in course.rows], np.float64)
        told: dict[str, Any] = {"return": float(returns[-1])}
        told |= measures.performance(returns, self.a_year, p.risk_free)
        if p.benchmark:
            rows = _complete(course.rows, [0, 1])
            if len(rows) >= 3:
                told["relative"] = {"benchmark": p.benchmark} | measures.relative(
                    rows[:, 0], rows[:, 1], self.a_year, p.risk_free
                )
        if p.factors:
            rows = _complete(course.rows, [0, *range(2, 2 + len(p.factors))])
            if len(rows) > len(p.factors) + 1:
                told["by_factor"] = measures.by_factor(rows[:, 0], rows[:, 1:], p.factors)
        return told

    # ---- state ---------------------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        courses = [(account, course.last, list(course.rows)) for account, course in self.courses.items()]
        return {"prices": self.prices.save(), "ledger": self.ledger.save(), "courses": courses}

    def load(self, state: dict[str, Any]) -> None:
        self.prices.load(state["prices"])
        self.ledger.load(state["ledger"])
        most = self.params.periods
        self.courses = {account: Course(last, deque(rows, most)) for account, last, rows in state["courses"]}


def _complete(rows: Iterable[list[float | None]], columns: list[int]) -> measures.Floats:
    """These columns of the rows that have all of them."""
    kept = [[row[i] for i in columns] for row in rows]
    whole = [row for row in kept if None not in row]
    return np.array(whole, np.float64).reshape(len(whole), len(columns))
