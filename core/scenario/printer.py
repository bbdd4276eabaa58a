"""Pages of the spine to lines of text: SCENARIOS' "Out".

An input and all that the engines derived from it at once are one event, and print together: duplicate or
unknown, deny, risk_state, child, order, position, alert, send; several of one type in the order of acceptance
of the orders.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any

import numpy as np

from core import messages as m
from core.scenario.directory import Directory, Symbol
from core.scenario.encoder import LIFTED
from core.scenario.money import average, position_money
from core.scenario.numbers import format_ratio, format_units
from core.scenario.schema import CHECK_WORDS

RANKS = ("duplicate", "unknown", "deny", "risk_state", "child", "order", "position", "alert", "send")
RANK = {name: max(i, 1) - 1 for i, name in enumerate(RANKS)}
KINDS = {m.Kind.ORDER: "order", m.Kind.REPLACE: "replace", m.Kind.CANCEL: "cancel"}
TRADES = (m.ExecType.TRADE, m.ExecType.TRADE_CORRECT, m.ExecType.TRADE_CANCEL)
REASONED = (m.ExecType.REJECTED, m.ExecType.CANCELED, m.ExecType.EXPIRED, m.ExecType.CANCEL_REJECTED)
SIDES = ("buy", "sell", "sell_short")
ACTIONS = ("", "new", "replace", "cancel", "status")
REQUESTS = {
    m.Kind.ORDER: m.ORDER_EVENT,
    m.Kind.REPLACE: m.REPLACE_EVENT,
    m.Kind.CANCEL: m.CANCEL_EVENT,
    m.Kind.REPORT: m.REPORT_EVENT,
    m.Kind.KILL: m.FILTER_EVENT,
    m.Kind.REARM: m.FILTER_EVENT,
    m.Kind.HALT: m.HALT_EVENT,
    m.Kind.ALERT: m.ALERT_EVENT,
}
type Row = np.void


def name(value: int, enum: type[IntEnum]) -> str:
    """An enum's value as the page spells it."""
    return enum(value).name.lower()


def wide(row: Row, key: str) -> int:
    """A 128-bit field."""
    return (int(row[key + "_hi"]) << 64) | int(row[key + "_lo"])


class Printer:
    """Collects the lines of one event, and hands them to `write` in their order when the next one begins."""

    def __init__(
        self, directory: Directory, id_text: Callable[[int], bytes], write: Callable[[Any], None]
    ) -> None:
        self.directory = directory
        self.id_text = id_text
        self.write = write
        self.line = 0
        self.statuses: dict[int, int] = {}  # the last ord_status of each order, by index
        self.denied = 0
        self.symbols: dict[int, Symbol] = {}  # by order
        self._first_ids: dict[int, bytes] = {}
        self._root = 0
        self._group: list[tuple[int, int, int, dict[str, Any]]] = []

    def page(self, raw: bytes) -> None:
        """One handled event."""
        page = np.frombuffer(raw, m.PAGE)[0]
        header = page["header"]
        if header["root"] != self._root:
            self.flush()
            self._root = header["root"]
        kind = int(header["kind"])
        dtype = REQUESTS.get(m.Kind(kind))
        # None only for the kinds whose lines need no request
        request: Any = np.frombuffer(raw, dtype, 1, m.HEADER.itemsize)[0] if dtype is not None else None
        base = {"type": "", "at": int(header["time_ns"]), "line": self.line, "seq": int(header["seq"])}
        if kind == m.Kind.REPORT:
            self._report(base, page, request)
        if m.counts(page, "verdict"):
            if page["verdict"]["flags"] & m.VerdictFlag.DENIED and kind in KINDS:
                self._deny(base, page, request)
            if page["verdict"]["flags"] & m.VerdictFlag.STATE:
                self._risk_state(base, page, request)
        if kind == m.Kind.ALERT:
            self._alert(base, request)
        if m.counts(page, "outcome") and page["outcome"]["order"] != m.NONE:
            self._outcome(base, page, request)
        if m.counts(page, "booking") and page["booking"]["flags"] & m.BookingFlag.BOOKED:
            self._position(base, page)

    def flush(self) -> None:
        """Writes the event that is complete."""
        for _, _, _, line in sorted(self._group, key=lambda entry: entry[:3]):
            self.write(line)
        self._group.clear()

    def _add(self, base: dict[str, Any], line_type: str, order: int, n: int, **values: Any) -> None:
        self._group.append((RANK[line_type], order, n, {**base, "type": line_type, **values}))

    # ---- texts ---------------------------------------------------------------------------------------------

    def _id(self, index: int) -> str:
        return self.directory.text(self.id_text(index))

    def _child_id(self, page: Row) -> str:
        order = int(page["outcome"]["order"])
        return f"{self._first_id(order)}.{int(page['outcome']['n'])}"

    def _first_id(self, order: int) -> str:
        return self.directory.text(self._first_ids[order])

    def symbol_of(self, cl_ord_id: str) -> Symbol | None:
        """The symbol of the order with that first cl_ord_id; None: there is none that has had a line."""
        self.flush()
        found = next((i for i in self._first_ids if self._first_id(i) == cl_ord_id), None)
        return None if found is None else self.symbols[found]

    def _venue(self, index: int) -> str:
        return self.directory.venue_list[index]

    def _scope(self, scope: Row) -> dict[str, str]:
        d = self.directory
        texts: tuple[tuple[str, Callable[[int], str]], ...] = (
            ("account", lambda i: d.account_list[i].name if i < m.ACCOUNT_GROUP else ""),
            ("strategy", lambda i: d.space_lists[m.Space.STRATEGY][i]),
            ("symbol", lambda i: d.symbol_list[i].name),
            ("venue", lambda i: d.venue_list[i]),
            ("session", lambda i: d.space_lists[m.Space.SESSION][i]),
            ("sector", lambda i: d.space_lists[m.Space.SECTOR][i]),
        )
        out = {key: text(int(scope[key])) for key, text in texts if scope[key] != m.NONE}
        if m.ACCOUNT_GROUP <= scope["account"] < m.UNKNOWN:
            out["group"] = list(d.groups)[int(scope["account"]) - m.ACCOUNT_GROUP]
            del out["account"]
        return out

    def _amount(self, value: int, unit: int, symbol: Symbol | None, check: int = 0) -> str:
        if unit == m.Unit.TEXT:
            return ""
        if unit == m.Unit.COUNT:
            return str(value)
        if unit == m.Unit.PRICE and symbol:
            return format_units(value, symbol.price_precision)
        if unit == m.Unit.QTY and symbol:
            return format_units(value, symbol.qty_precision)
        if unit == m.Unit.MONEY:
            return format_ratio(value, 10**12, 8)
        if unit == m.Unit.BPS:
            return format_ratio(value, 10**12, 4)
        if unit == m.Unit.RATIO:
            return format_ratio(value, 10**12, 8)
        if unit == m.Unit.WORD:
            words = CHECK_WORDS[name(check, m.Reason)]
            return words[value] if 0 <= value < len(words) else ""
        return format_units(value, 12)

    def _lifted(self, value: int, unit: int, symbol: Symbol | None, check: int) -> str:
        return "off" if value == LIFTED else self._amount(value, unit, symbol, check)

    # ---- lines ---------------------------------------------------------------------------------------------

    def _report(self, base: dict[str, Any], page: Row, request: Row) -> None:
        venue = self._venue(int(request["venue"]))
        if page["verdict"]["flags"] & m.VerdictFlag.UNKNOWN:
            self._add(
                base,
                "unknown",
                0,
                0,
                venue=venue,
                child_id=self.directory.text(bytes(request["child_id"])),
                exec_type=name(request["exec_type"], m.ExecType),
            )
        elif page["resolved"]["flags"] & m.ResolvedFlag.DUPLICATE_EXEC:
            self._add(
                base, "duplicate", 0, 0, venue=venue, exec_id=self.directory.text(bytes(request["exec_id"]))
            )

    def _deny(self, base: dict[str, Any], page: Row, request: Row) -> None:
        verdict = page["verdict"]
        kind = KINDS[m.Kind(int(page["header"]["kind"]))]
        symbol: Symbol | None = None
        values: dict[str, Any] = {
            "request": kind,
            "cl_ord_id": self.directory.text(bytes(request["cl_ord_id"])),
        }
        if kind == "order":
            self.denied += 1
            if request["symbol"] < m.UNKNOWN:
                symbol = self.directory.symbol_list[int(request["symbol"])]
        else:
            values["orig_cl_ord_id"] = self.directory.text(bytes(request["orig_cl_ord_id"]))
            symbol = self.symbols.get(int(page["resolved"]["order"]))
        unit = int(verdict["unit"])
        reason = name(verdict["reason"], m.Reason)
        check = int(verdict["reason"])
        limit = self._amount(wide(verdict, "limit"), unit, symbol, check)
        value = self._amount(wide(verdict, "value"), unit, symbol, check)
        if verdict["limit_index"] == m.NONE:
            value = ""
        scope = self._scope(verdict["scope"])
        text = reason.replace("_", " ")
        if limit:
            text += f": {value or 'nothing to compare with'}, the limit is {limit}"
        values |= {"reason": reason, "limit": limit, "value": value, "scope": scope, "text": text}
        if verdict["flags"] & m.VerdictFlag.SOFT:
            values["soft"] = True
        self._add(base, "deny", 0, 0, **values)

    def _risk_state(self, base: dict[str, Any], page: Row, request: Row) -> None:
        verdict = page["verdict"]
        kind = m.Scope(int(verdict["scope_kind"]))
        scope = self._scope(verdict["scope"])
        who = int(request["by"])
        by = "" if who == m.NONE else self.directory.space_lists[m.Space.PERSON][who]
        self._add(
            base,
            "risk_state",
            0,
            0,
            scope=kind.name.lower(),
            key="" if kind == m.Scope.ALL else scope[kind.name.lower()],
            state=name(verdict["state"], m.RiskState),
            reason=name(verdict["reason"], m.Reason),
            by=by,
        )

    def _alert(self, base: dict[str, Any], request: Row) -> None:
        reason = int(request["reason"])
        symbol = self.directory.symbol_list[int(request["symbol"])] if self.directory.symbol_list else None
        unit = int(request["unit"])
        self._add(
            base,
            "alert",
            0,
            0,
            level="halt" if request["level"] else "warn",
            reason=name(reason, m.Reason),
            check=name(request["check"], m.Reason) if request["check"] else "",
            scope=self._scope(request["scope"]),
            limit=self._amount(wide(request, "limit"), unit, symbol, int(request["check"])),
            value=self._lifted(wide(request, "value"), unit, symbol, int(request["check"])),
        )

    def _outcome(self, base: dict[str, Any], page: Row, request: Row | None) -> None:
        outcome = page["outcome"]
        order = int(outcome["order"])
        self.statuses[order] = int(outcome["status"])
        if order not in self.symbols:
            self.symbols[order] = self.directory.symbol_list[int(outcome["symbol"])]
            self._first_ids[order] = self.id_text(int(outcome["id"]))
        symbol = self.symbols[order]
        if outcome["child_exec_type"]:
            self._child(base, page, symbol)
        if outcome["exec_type"]:
            self._order(base, page, request, symbol)
        if m.counts(page, "send") and page["send"]["flags"] & m.SendFlag.SENT:
            self._send(base, page, symbol)

    def _child(self, base: dict[str, Any], page: Row, symbol: Symbol) -> None:
        outcome = page["outcome"]
        self._add(
            base,
            "child",
            int(outcome["order"]),
            int(outcome["n"]),
            venue=self._venue(int(outcome["venue"])),
            child_id=self._child_id(page),
            exec_type=name(outcome["child_exec_type"], m.ExecType),
            ord_status=name(outcome["child_status"], m.OrdStatus),
            order_qty=format_units(int(outcome["child_order_qty"]), symbol.qty_precision),
            cum_qty=format_units(int(outcome["child_cum_qty"]), symbol.qty_precision),
            leaves_qty=format_units(int(outcome["child_leaves_qty"]), symbol.qty_precision),
        )

    def _order(self, base: dict[str, Any], page: Row, request: Row | None, symbol: Symbol) -> None:
        outcome = page["outcome"]
        exec_type = int(outcome["exec_type"])
        values: dict[str, Any] = {"cl_ord_id": self._id(int(outcome["id"]))}
        if outcome["orig_id"] != m.NONE:
            values["orig_cl_ord_id"] = self._orig(page, request)
        values |= {
            "exec_type": name(exec_type, m.ExecType),
            "ord_status": name(outcome["status"], m.OrdStatus),
            "order_qty": format_units(int(outcome["order_qty"]), symbol.qty_precision),
            "cum_qty": format_units(int(outcome["cum_qty"]), symbol.qty_precision),
            "leaves_qty": format_units(int(outcome["leaves_qty"]), symbol.qty_precision),
            "avg_px": average(wide(outcome, "notional"), int(outcome["cum_qty"]), symbol.price_precision),
        }
        if outcome["flags"] & m.OutcomeFlag.HAS_PRICE:
            values["price"] = format_units(int(outcome["price"]), symbol.price_precision)
        if exec_type in TRADES and request is not None:
            values |= self._trade(page, request, symbol)
        if exec_type in REASONED:
            values["reason"] = self._reason(int(outcome["reason"]), request)
        self._add(base, "order", int(outcome["order"]), 0, **values)

    def _orig(self, page: Row, request: Row | None) -> str:
        """What the client's request named: its own text, or the id that it stands for."""
        return self._id(int(page["outcome"]["orig_id"]))

    def _trade(self, page: Row, request: Row, symbol: Symbol) -> dict[str, Any]:
        out = {
            "last_qty": format_units(int(request["last_qty"]), symbol.qty_precision),
            "last_px": format_units(int(request["last_px"]), symbol.price_precision),
            "exec_id": self.directory.text(bytes(request["exec_id"])),
            "venue": self._venue(int(request["venue"])),
            "child_id": self._child_id(page),
        }
        if request["exec_type"] != m.ExecType.TRADE:
            out["exec_ref_id"] = self.directory.text(bytes(request["exec_ref_id"]))
        return out

    def _reason(self, reason: int, request: Row | None) -> str:
        if reason == m.Reason.VENUE_TEXT:
            return "" if request is None else self.directory.text(bytes(request["text"]))
        return "" if reason == m.Reason.NONE else name(reason, m.Reason)

    def _position(self, base: dict[str, Any], page: Row) -> None:
        """Of a fill by its order; of what happened to the instrument by account."""
        booking = page["booking"]
        symbol = self.directory.symbol_list[int(booking["symbol"])]
        account = self.directory.account_list[int(booking["account"])].name
        mark2 = int(booking["mark2"]) if booking["flags"] & m.BookingFlag.HAS_MARK else None
        order = int(page["outcome"]["order"]) if m.counts(page, "outcome") else m.NONE
        self._add(
            base,
            "position",
            order,
            sorted(self.directory.accounts).index(account) if order == m.NONE else 0,
            account=account,
            symbol=symbol.name,
            currency=symbol.settle_currency,
            **position_money(
                symbol,
                qty=int(booking["qty"]),
                cost=wide(booking, "cost"),
                realized=wide(booking, "realized"),
                paid=wide(booking, "paid"),
                fees=wide(booking, "fees"),
                mark2=mark2,
            ),
        )

    def _send(self, base: dict[str, Any], page: Row, symbol: Symbol) -> None:
        send = page["send"]
        action = ACTIONS[int(send["action"])]
        values: dict[str, Any] = {
            "venue": self._venue(int(send["venue"])),
            "action": action,
            "child_id": self._child_id(page),
        }
        if action in ("new", "replace"):
            values |= {
                "symbol": symbol.name,
                "side": SIDES[int(send["side"])],
                "order_qty": format_units(int(send["qty"]), symbol.qty_precision),
                "ord_type": name(send["ord_type"], m.OrdType),
            }
            if send["ord_type"] != m.OrdType.MARKET:
                values["price"] = format_units(int(send["price"]), symbol.price_precision)
            values["time_in_force"] = name(send["time_in_force"], m.TimeInForce)
        self._add(base, "send", int(send["order"]), int(send["n"]), **values)
