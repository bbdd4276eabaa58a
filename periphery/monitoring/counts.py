"""Counts of what the journal's events came to: kinds, denials by reason, orders, sends, reports, alerts.

They follow from the journal alone: an exporter that starts again counts the same.
"""

from __future__ import annotations

import struct
from collections import Counter
from typing import Any

import numpy as np

from core import messages as m
from core.scenario.directory import Directory

_PAGE: Any = m.PAGE.fields
_KIND = struct.Struct("<H")
_KIND_AT = 40
_VERDICT, _OUTCOME = (int(_PAGE[name][1]) for name in ("verdict", "outcome"))
_ASKED = frozenset({m.Kind.ORDER, m.Kind.REPLACE, m.Kind.CANCEL, m.Kind.SLICE})
_MARKET = frozenset(
    int(kind) for kind in (m.Kind.QUOTE, m.Kind.TRADE, m.Kind.DEPTH, m.Kind.MARK, m.Kind.REFERENCE)
)
_HEADER = m.HEADER.itemsize


class Counts:
    """Takes pages in the order of the spine. directory: the names declared up to each."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        self.kinds: Counter[int] = Counter()
        self.denials: Counter[tuple[str, str]] = Counter()  # request, reason
        self.orders: Counter[str] = Counter()  # by exec_type
        self.sends: Counter[tuple[int, str]] = Counter()  # venue, action
        self.reports: Counter[tuple[int, str]] = Counter()  # venue, exec_type
        self.fills: Counter[int] = Counter()  # booked, by venue
        self.odd: Counter[tuple[int, str]] = Counter()  # venue; unknown, duplicate
        self.alerts: Counter[tuple[str, str]] = Counter()  # level, check
        self.venue_states: dict[tuple[int, int], int] = {}  # (venue, symbol)
        self.last_ns = 0

    def page(self, raw: bytes) -> None:
        """One event."""
        (kind,) = _KIND.unpack_from(raw, _KIND_AT)
        self.kinds[kind] += 1
        seq = raw[:8]
        if raw[_OUTCOME : _OUTCOME + 8] == seq or raw[_VERDICT : _VERDICT + 8] == seq:
            if kind not in _MARKET:
                self._decided(kind, np.frombuffer(raw, m.PAGE, 1)[0], raw)
        elif kind == m.Kind.ALERT:
            self._alert(raw)

    def _decided(self, kind: int, page: np.void, raw: bytes) -> None:
        verdict = page["verdict"]
        if m.counts(page, "verdict") and verdict["flags"] & m.VerdictFlag.DENIED and kind in _ASKED:
            self.denials[m.Kind(kind).name.lower(), m.Reason(int(verdict["reason"])).name.lower()] += 1
        if kind == m.Kind.REPORT:
            self._report(page, raw)
        elif kind == m.Kind.VENUE_STATE:
            row = _request(raw, m.VENUE_STATE_EVENT)
            self.venue_states[int(row["venue"]), int(row["symbol"])] = int(row["state"])
        if m.counts(page, "outcome") and page["outcome"]["exec_type"]:
            self.orders[m.ExecType(int(page["outcome"]["exec_type"])).name.lower()] += 1
        if m.counts(page, "send") and page["send"]["flags"] & m.SendFlag.SENT:
            action = m.Action(int(page["send"]["action"])).name.lower()
            self.sends[int(page["send"]["venue"]), action] += 1

    def _report(self, page: np.void, raw: bytes) -> None:
        row = _request(raw, m.REPORT_EVENT)
        venue = int(row["venue"])
        self.reports[venue, m.ExecType(int(row["exec_type"])).name.lower()] += 1
        if page["verdict"]["flags"] & m.VerdictFlag.UNKNOWN:
            self.odd[venue, "unknown"] += 1
        elif m.counts(page, "resolved") and page["resolved"]["flags"] & m.ResolvedFlag.DUPLICATE_EXEC:
            self.odd[venue, "duplicate"] += 1
        if m.counts(page, "booking") and page["booking"]["flags"] & m.BookingFlag.BOOKED:
            self.fills[venue] += 1

    def _alert(self, raw: bytes) -> None:
        row = _request(raw, m.ALERT_EVENT)
        check = m.Reason(int(row["check"] or row["reason"])).name.lower()
        self.alerts["halt" if row["level"] else "warn", check] += 1


def _request(raw: bytes, dtype: np.dtype[Any]) -> np.void:
    row: np.void = np.frombuffer(raw, dtype, 1, _HEADER)[0]
    return row
