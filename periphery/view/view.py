"""A core as it is now, from its pages: open orders, positions, quotes, risk states; and each change."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np

from core import messages as m
from core.live.book import Book
from core.scenario import schema
from core.scenario.directory import Symbol
from core.scenario.numbers import format_units
from periphery.recorder import tables as t
from periphery.recorder.rows import Kept
from periphery.recorder.tables import Cell, Table
from periphery.service.mark import Mark
from periphery.view.ledger import Ledger, booked
from periphery.view.marks import Marks
from periphery.view.topics import GROUPS, KINDS, NOBODY, Topic

KEPT = 256
"""News of a topic that a view has at hand."""
_KIND_AT = slice(40, 42)
_SEQ_AT = slice(0, 8)
_TIME_AT = slice(8, 16)
_NAMING = {int(kind) for kind in (m.Kind.ORDER, m.Kind.REPLACE, m.Kind.CANCEL)}
_ID_BYTES = 40
_EVERYBODYS = {"symbol", "venue", "sector"}
_OF_TABLE = {
    t.ORDER_EVENTS.name: "orders",
    t.CHILD_EVENTS.name: "children",
    t.FILLS.name: "fills",
    t.DENIALS.name: "denials",
    t.RISK_EVENTS.name: "risk",
}
type Values = dict[str, Any]
type When = tuple[int, int]
"""Of a row: the event that it was changed by last, and that event's time in ns."""


class Source(Protocol):
    """Where pages come from: a journal, a stream."""

    @property
    def book(self) -> Book: ...
    @property
    def seq(self) -> int: ...
    @property
    def mark(self) -> Mark: ...
    @property
    def is_new(self) -> bool: ...
    @property
    def caught_up(self) -> bool: ...
    def poll(self) -> int: ...
    def close(self) -> None: ...


class Change(NamedTuple):
    """A key of a topic is another one, by the event `seq`.

    told: whether the event was about that key; not where only a mark moved that its values depend on.
    values: what it is; None: ask `View.now`, which is worth it only for the newest of several changes.
    gone: it has no values any more, as an order that has ended.
    """

    topic: Topic
    key: str
    seq: int
    time_ns: int
    values: Values | None
    gone: bool = False
    told: bool = True


class View:
    """Takes each page in order; on_change is told of each change at once."""

    def __init__(self, book: Book, on_change: Callable[[Change], object]) -> None:
        """book: the names declared up to the page that is taken."""
        self.book = book
        self.on_change = on_change
        self.seq = 0
        self.time_ns = 0
        self.topics: dict[Topic, dict[str, Values] | deque[tuple[str, Values]]] = {}
        self._whens: dict[Topic, dict[str, When] | deque[When]] = {}
        self.marks = Marks(book.directory)
        self.ledger = Ledger(book.directory, book.rates)
        self._marked: dict[int, int | None] = {}
        self._facts = _Facts(book, self._fact)

    # ---- what is true now ----------------------------------------------------------------------------------

    def now(self, topic: Topic, key: str) -> Values:
        """A key's values. KeyError: it has none."""
        if topic.kind in _VALUED:
            if key not in self.topics[topic]:
                raise KeyError(key)
            return _VALUED[topic.kind](self, topic, key)
        known = self.topics[topic]
        return known[key] if isinstance(known, dict) else next(v for k, v in reversed(known) if k == key)

    def snapshot(self, topic: Topic) -> list[tuple[str, Values]]:
        """Every key that has values now; of news the last ones. Empty where there was none yet."""
        known = self.topics.get(topic, {})
        return [(key, self.now(topic, key)) for key in known] if isinstance(known, dict) else list(known)

    def dated(self, topic: Topic) -> list[tuple[str, Values, When]]:
        """The snapshot, each row with the event that it was changed by last."""
        whens = self._whens.get(topic, {})
        if isinstance(whens, dict):
            return [(key, values, whens[key]) for key, values in self.snapshot(topic)]
        return [(key, values, when) for (key, values), when in zip(self.snapshot(topic), whens, strict=True)]

    def rows(self, kind: str) -> list[Values]:
        """The values of all topics of a kind, as the core tells them: by whose they are, then by key."""
        found = [
            values
            for topic in sorted(each for each in self.topics if each.kind == kind)
            for _, values in sorted(self.snapshot(topic), key=lambda each: each[0])
        ]
        return found

    # ---- pages ---------------------------------------------------------------------------------------------

    def page(self, raw: bytes) -> None:
        """An event after all engines of the core."""
        self.seq = int.from_bytes(raw[_SEQ_AT], "little")
        self.time_ns = int.from_bytes(raw[_TIME_AT], "little", signed=True)
        kind = int.from_bytes(raw[_KIND_AT], "little")
        if kind in self.marks.kinds:
            self._market(kind, raw)
            if kind != m.Kind.VENUE_STATE:
                return
        if kind == m.Kind.OPEN_POSITION:
            self._position(*self.ledger.open(np.frombuffer(raw, m.OPEN_POSITION_EVENT, 1, 64)[0]))
        elif kind == m.Kind.ACCOUNT:
            self._account(int(np.frombuffer(raw, m.ACCOUNT_EVENT, 1, 64)[0]["account"]))
        elif kind == m.Kind.FX:
            for account in self.ledger.accounts():
                self._account(account, told=False)
        self._facts.page(raw)
        page = self._facts.at
        if page is not None and booked(page):
            self._booked(kind, page, raw)

    def _market(self, kind: int, raw: bytes) -> None:
        symbols, venue = self.marks.take(kind, raw)
        if kind in (m.Kind.QUOTE, m.Kind.DEPTH, m.Kind.TRADE) and symbols:
            what = "trades" if kind == m.Kind.TRADE else "quotes"
            symbol = self.book.directory.symbol_list[symbols[0]]
            self._keyed(Topic(what, symbol.name), self.book.directory.venue_list[venue])
        for index in symbols:
            self._remark(index)

    def _remark(self, symbol: int, but: int | None = None) -> None:
        """Positions at another mark. but: the account whose position is told anyway."""
        mark2 = self._mark2(symbol)
        if self._marked.get(symbol) == mark2:
            return
        self._marked[symbol] = mark2
        for account in self.ledger.holders(symbol):
            if account != but:
                self._position(account, symbol, told=False)

    def _booked(self, kind: int, page: np.void, raw: bytes) -> None:
        account, symbol = self.ledger.book(page["booking"])
        if kind == m.Kind.REPORT:
            report = np.frombuffer(raw, m.REPORT_EVENT, 1, 64)[0]
            if report["exec_type"] in (m.ExecType.TRADE, m.ExecType.TRADE_CORRECT):
                self.ledger.filled(symbol, int(report["last_px"]))
        self._position(account, symbol)
        self._remark(symbol, account)

    # ---- changes -------------------------------------------------------------------------------------------

    def _keyed(self, topic: Topic, key: str, told: bool = True) -> None:
        """A key whose values are computed when they are asked for."""
        known = self.topics.setdefault(topic, {})
        assert isinstance(known, dict)
        known[key] = {}
        self._keep_when(topic, key)
        self.on_change(Change(topic, key, self.seq, self.time_ns, None, told=told))

    def _keep_when(self, topic: Topic, key: str, gone: bool = False) -> None:
        whens = self._whens.setdefault(topic, {})
        assert isinstance(whens, dict)
        if gone:
            whens.pop(key, None)
        else:
            whens[key] = self.seq, self.time_ns

    def _position(self, account: int, symbol: int, told: bool = True) -> None:
        d = self.book.directory
        name = d.account_list[account].name
        self._keyed(Topic("positions", name), d.symbol_list[symbol].name, told)
        self._account(account, told)

    def _account(self, account: int, told: bool = True) -> None:
        name = self.book.directory.account_list[account].name
        self._keyed(Topic("accounts", name), name, told)

    def _fact(self, topic: Topic, key: str, values: Values, gone: bool) -> None:
        if KINDS[topic.kind].latest:
            known = self.topics.setdefault(topic, {})
            assert isinstance(known, dict)
            known.pop(key, None)
            if not gone:
                known[key] = values
            self._keep_when(topic, key, gone)
        else:
            news = self.topics.setdefault(topic, deque(maxlen=KEPT))
            assert isinstance(news, deque)
            news.append((key, values))
            whens = self._whens.setdefault(topic, deque(maxlen=KEPT))
            assert isinstance(whens, deque)
            whens.append((self.seq, self.time_ns))
        self.on_change(Change(topic, key, self.seq, self.time_ns, values, gone))

    # ---- values --------------------------------------------------------------------------------------------

    def _mark2(self, symbol: int) -> int | None:
        mark2 = self.marks.mark2(symbol)
        return self.ledger.last_fill2.get(symbol) if mark2 is None else mark2

    def _place(self, topic: Topic, key: str) -> tuple[Symbol, tuple[int, int]]:
        symbol = self.book.directory.symbols[topic.of]
        return symbol, (symbol.index, self.book.directory.venues[key])

    def quote(self, topic: Topic, key: str) -> Values:
        symbol, place = self._place(topic, key)
        quote = self.marks.quotes[place]
        told: Values = {"symbol": symbol.name, "venue": key}
        for name, units in zip(quote._fields, quote, strict=True):
            told[name] = format_units(
                units, symbol.price_precision if name.endswith("px") else symbol.qty_precision
            )
        for side in ("bid", "ask"):
            if getattr(quote, f"{side}_qty") <= 0:
                told[f"{side}_px"] = None
        return told

    def trade(self, topic: Topic, key: str) -> Values:
        symbol, place = self._place(topic, key)
        trade = self.marks.trades[place]
        return {
            "symbol": symbol.name,
            "venue": key,
            "px": format_units(trade.px, symbol.price_precision),
            "qty": format_units(trade.qty, symbol.qty_precision),
            "aggressor": schema.SIDES[trade.aggressor] if trade.aggressor < len(schema.SIDES) else None,
        }

    def position(self, topic: Topic, key: str) -> Values:
        d = self.book.directory
        symbol = d.symbols[key].index
        return self.ledger.position(d.accounts[topic.of].index, symbol, self.marks.mark2(symbol))

    def account(self, topic: Topic, _key: str) -> Values:
        account = self.book.directory.accounts[topic.of].index
        marks = {symbol: self.marks.mark2(symbol) for symbol in self.ledger.symbols(account)}
        return self.ledger.account(account, marks)


_VALUED: dict[str, Callable[[View, Topic, str], Values]] = {
    "quotes": View.quote,
    "trades": View.trade,
    "positions": View.position,
    "accounts": View.account,
}


class _Facts(Kept):
    """The rows of a page as facts of topics: what a recorder would keep, told at once."""

    def __init__(self, book: Book, tell: Callable[[Topic, str, Values, bool], object]) -> None:
        super().__init__(book.directory, lambda index: self._ids[index])
        self._ids: dict[int, bytes] = {}
        self._tell = tell
        self._raw = b""
        self._accounts: dict[int, str] = {}  # by order
        self.at: np.void | None = None
        """The page; None where it is one that says nothing of orders and risk."""

    def page(self, raw: bytes) -> None:
        self._raw, self._page = raw, None
        self._remember(raw)
        super().page(raw)
        self.at = self._page
        self.take()

    def _remember(self, raw: bytes) -> None:
        """The text of a new cl_ord_id, which an order, a replace and a cancel begin with."""
        if int.from_bytes(raw[_KIND_AT], "little") in _NAMING:
            resolved = np.frombuffer(raw, m.PAGE)[0]["resolved"]
            if resolved["id"] != m.NONE:
                self._ids[int(resolved["id"])] = raw[64 : 64 + _ID_BYTES]

    def _audit(self, _kind: int, _body: bytes) -> None:
        """What people did is the recorder's."""

    def _position(self, _base: dict[str, Any], _page: np.void) -> None:
        """Positions are told at the mark of now."""

    def _add(self, base: dict[str, Any], line_type: str, order: int, n: int, **values: Any) -> None:
        if line_type == "order":
            assert self._page is not None
            outcome = self._page["outcome"]
            values["ord_type"] = schema.ORD_TYPES[int(outcome["ord_type"])]
            values["time_in_force"] = schema.TIMES_IN_FORCE[int(outcome["time_in_force"])]
        super()._add(base, line_type, order, n, **values)

    def _line(self, line: dict[str, Any]) -> None:
        """Columns that a table lacks are told here, and taken out of what it gets."""
        more = {key: line.pop(key) for key in ("ord_type", "time_in_force", "soft") if key in line}
        self._more = more
        super()._line(line)

    def _put(self, table: Table, seq: int, time_ns: int, values: dict[str, Cell]) -> None:
        kind = _OF_TABLE.get(table.name)
        if kind is not None:
            told = {key: value for key, value in values.items() if value is not None}
            getattr(self, f"_{kind}")(told)

    # ---- by kind -------------------------------------------------------------------------------------------

    def _orders(self, values: Values) -> None:
        order = values.pop("order_index")
        self._accounts[order] = values["account"]
        gone = values["leaves_qty"] == "0"
        key = self._first_id(order)
        self._tell(Topic("orders", values["account"]), key, values | self._more, gone)

    def _children(self, values: Values) -> None:
        account = self._account_of(values.pop("order_index"))
        gone = values["leaves_qty"] == "0"
        self._tell(Topic("children", account), values["child_id"], values, gone)

    def _account_of(self, order: int) -> str:
        """A child's line may come before its order's first."""
        if order not in self._accounts:
            assert self._page is not None
            self._accounts[order] = self._owners(self._page["outcome"])["account"]
        return self._accounts[order]

    def _fills(self, values: Values) -> None:
        values.pop("order_index", None)
        key = f"{values.get('venue') or ''}/{values['exec_id']}"
        self._tell(Topic("fills", values["account"]), key, values, False)

    def _denials(self, values: Values) -> None:
        account = self._asker()
        if "scope" in values:
            values["scope"] = json.loads(values["scope"])
        told = values | ({} if account == GROUPS else {"account": account}) | self._more
        self._tell(Topic("denials", account), values["cl_ord_id"], told, False)

    def _asker(self) -> str:
        """The account of a request that was denied; GROUPS where there is none by that name."""
        assert self._page is not None
        if self._page["header"]["kind"] == m.Kind.ORDER:
            index = int(np.frombuffer(self._raw, m.ORDER_EVENT, 1, 64)[0]["account"])
            accounts = self.directory.account_list
            return accounts[index].name if index < len(accounts) else GROUPS
        return self._accounts.get(int(self._page["resolved"]["order"]), GROUPS)

    def _risk(self, values: Values) -> None:
        scope = json.loads(values["scope"]) if "scope" in values else {}
        values["scope"] = scope
        whose = scope.get("account") or (NOBODY if scope.keys() <= _EVERYBODYS else GROUPS)
        if values["kind"] == "alert":
            self._tell(
                Topic("alerts", whose), str(values.get("check_name") or values["reason"]), values, False
            )
            return
        key = "/".join(f"{what}={name}" for what, name in sorted(scope.items())) or "all"
        self._tell(Topic("risk", whose), key, values, values["state"] == "active")
