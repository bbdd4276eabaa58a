"""Pages of the spine to rows of the tables: the lines that a scenario prints, and beside them fills and what
people did.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np

from core import messages as m
from core.enums import SignalWhat
from core.recovery.journal import event
from core.scenario.directory import Directory
from core.scenario.numbers import format_ratio
from core.scenario.printer import SIDES, Printer, name, wide
from periphery.recorder import tables as t
from periphery.recorder.tables import Cell, Row, Table

_KIND_AT = slice(40, 42)
_LENGTH_AT = slice(42, 44)
_HEADER = m.HEADER.itemsize
_MARKET = {int(kind) for kind in (m.Kind.QUOTE, m.Kind.TRADE, m.Kind.DEPTH, m.Kind.MARK, m.Kind.REFERENCE)}
_BY_PEOPLE = {
    int(kind)
    for kind in (
        m.Kind.LIMIT,
        m.Kind.KILL,
        m.Kind.REARM,
        m.Kind.ADJUST,
        m.Kind.BOOK,
        m.Kind.RIGHTS,
        m.Kind.DAY,
    )
}
_LINES: dict[str, Table] = {
    "order": t.ORDER_EVENTS,
    "child": t.CHILD_EVENTS,
    "position": t.POSITION_EVENTS,
    "deny": t.DENIALS,
    "risk_state": t.RISK_EVENTS,
    "alert": t.RISK_EVENTS,
    "unknown": t.VENUE_EVENTS,
    "duplicate": t.VENUE_EVENTS,
}
_RENAMED = {"limit": "limit_value", "check": "check_name", "by": "by_person", "text": "words"}
_NO_COLUMNS = ("type", "at", "line", "seq")
_OF_FILLS = ("last_qty", "last_px", "exec_id", "exec_ref_id", "venue", "child_id")


class Kept(Printer):
    """Gathers the rows of each page in `rows`, by table. directory: the names declared up to that page."""

    def __init__(self, directory: Directory, id_text: Callable[[int], bytes]) -> None:
        super().__init__(directory, id_text, self._line)
        self.rows: list[tuple[Table, Row]] = []
        self._page: np.void | None = None
        self._counts: Counter[tuple[str, int]] = Counter()

    def take(self) -> list[tuple[Table, Row]]:
        """What there is since the last time."""
        self.flush()
        rows, self.rows = self.rows, []
        self._counts.clear()
        return rows

    def page(self, raw: bytes) -> None:
        kind = int.from_bytes(raw[_KIND_AT], "little")
        if kind in _MARKET:
            return
        request = raw[_HEADER : _HEADER + int.from_bytes(raw[_LENGTH_AT], "little")]
        self._page = np.frombuffer(raw, m.PAGE)[0]
        super().page(raw)
        if m.counts(self._page, "booking") and self._page["booking"]["flags"] & m.BookingFlag.BOOKED:
            self._fill(kind, raw)
        if kind == m.Kind.SIGNAL:
            self._signal(raw)
        if kind in _BY_PEOPLE or (kind == m.Kind.REPORT and self._by_person(raw)):
            self._audit(kind, raw[:_HEADER] + request)

    # ---- lines ---------------------------------------------------------------------------------------------

    def _add(self, base: dict[str, Any], line_type: str, order: int, n: int, **values: Any) -> None:
        if line_type == "order":
            assert self._page is not None
            outcome = self._page["outcome"]
            values = {key: value for key, value in values.items() if key not in _OF_FILLS}
            values |= self._owners(outcome) | {"side": SIDES[int(outcome["side"])]}
            values["symbol"] = self.symbols[order].name
        if line_type in ("order", "child"):
            values["order_index"] = order
        if line_type != "send":
            super()._add(base, line_type, order, n, **values)

    def _line(self, line: dict[str, Any]) -> None:
        table = _LINES[line["type"]]
        values = {_RENAMED.get(key, key): value for key, value in line.items() if key not in _NO_COLUMNS}
        if table in (t.RISK_EVENTS, t.VENUE_EVENTS):
            values["kind"] = line["type"]
        if line["type"] == "risk_state":
            scope, key = values["scope"], values.pop("key")
            values["scope"] = {} if scope == "all" else {scope: key}
        if isinstance(values.get("scope"), dict):
            values["scope"] = json.dumps(values["scope"], sort_keys=True)
        self._put(table, line["seq"], line["at"], {key: _cell(value) for key, value in values.items()})

    def _put(self, table: Table, seq: int, time_ns: int, values: dict[str, Cell]) -> None:
        n = self._counts[table.name, seq]
        self._counts[table.name, seq] += 1
        self.rows.append((table, table.row(seq, n, time_ns, values)))

    def _owners(self, outcome: np.void) -> dict[str, Any]:
        strategies = self.directory.space_lists[m.Space.STRATEGY]
        strategy = int(outcome["strategy"])
        return {
            "account": self.directory.account_list[int(outcome["account"])].name,
            "strategy": (strategies[strategy] if strategy < len(strategies) else None) or None,
        }

    # ---- what has no line ----------------------------------------------------------------------------------

    def _fill(self, kind: int, raw: bytes) -> None:
        """An execution that was booked."""
        assert self._page is not None
        page, booking = self._page, self._page["booking"]
        if kind == m.Kind.REPORT:
            report = np.frombuffer(raw, m.REPORT_EVENT, 1, _HEADER)[0]
            values = self._reported(report, page)
        elif kind == m.Kind.BOOK:
            report = np.frombuffer(raw, m.BOOK_EVENT, 1, _HEADER)[0]
            values = self._booked(report)
        else:
            return
        symbol = self.directory.symbol_list[int(booking["symbol"])]
        qty = int(booking["fill_qty"])
        px = int(report["last_px"] if kind == m.Kind.REPORT else report["px"])
        values |= {
            "symbol": symbol.name,
            "exec_id": self.directory.text(report["exec_id"].tobytes()),
            "qty": format_ratio(qty, 10**symbol.qty_precision, symbol.qty_precision),
            "px": format_ratio(px, 10**symbol.price_precision, symbol.price_precision) if qty else None,
            "fee": format_ratio(wide(booking, "fee"), 10**16, 16),
            "currency": symbol.settle_currency,
            "account": self.directory.account_list[int(booking["account"])].name,
        }
        self._put(t.FILLS, int(page["header"]["seq"]), int(page["header"]["time_ns"]), values)

    def _reported(self, report: np.void, page: np.void) -> dict[str, Cell]:
        reference = self.directory.text(report["exec_ref_id"].tobytes())
        values: dict[str, Cell] = {
            "venue": self._venue(int(report["venue"])),
            "exec_ref_id": reference or None,
            "exec_type": name(report["exec_type"], m.ExecType),
            "liquidity": "maker" if report["maker"] else "taker",
        }
        if m.counts(page, "outcome") and page["outcome"]["order"] != m.NONE:
            values |= self._owners(page["outcome"]) | {"order_index": int(page["outcome"]["order"])}
        return values

    def _booked(self, booked: np.void) -> dict[str, Cell]:
        venue = int(booked["venue"])
        venues = self.directory.venue_list
        return {"venue": venues[venue] if venue < len(venues) else None, "exec_type": "trade"}

    def _signal(self, raw: bytes) -> None:
        """A value that was said to strategies; a signal that sets or stops one is no news of the market."""
        assert self._page is not None
        row = np.frombuffer(raw, m.SIGNAL_EVENT, 1, _HEADER)[0]
        if int(row["what"]) != SignalWhat.VALUE:
            return
        spaces, symbol = self.directory.space_lists, int(row["symbol"])
        header = self._page["header"]
        values: dict[str, Cell] = {
            "session": spaces[m.Space.SESSION][int(header["session"])],
            "name": spaces[m.Space.SIGNAL][int(row["name"])],
            "value": f"{Decimal(int(row['mantissa'])).scaleb(int(row['exponent'])):f}",
            "symbol": None if symbol == m.NONE else self.directory.symbol_list[symbol].name,
            "about_ns": int(row["at_ns"]) or None,
        }
        self._put(t.SIGNALS, int(header["seq"]), int(header["time_ns"]), values)

    def _by_person(self, raw: bytes) -> bool:
        report = np.frombuffer(raw, m.REPORT_EVENT, 1, _HEADER)[0]
        return bool(report["flags"] & m.ReportFlag.BY_PERSON)

    def _audit(self, kind: int, body: bytes) -> None:
        told = event(body)
        request = told.get("request", {})
        people = self.directory.space_lists[m.Space.PERSON]
        by = request.get("by", request.get("filter", {}).get("by"))
        sessions = self.directory.space_lists[m.Space.SESSION]
        values: dict[str, Cell] = {
            "kind": m.Kind(kind).name.lower(),
            "by_person": people[by] if isinstance(by, int) and by < len(people) else None,
            "session": sessions[told["session"]] if told["session"] < len(sessions) else None,
            "request": json.dumps(request, sort_keys=True),
        }
        self._put(t.AUDIT, told["seq"], told["time_ns"], values)


def _cell(value: Any) -> Cell:
    """What a scenario prints as empty isn't there."""
    if isinstance(value, bool):
        return int(value)
    return None if value == "" else value
