"""The core's codes as words: FIX's own, in lower case."""

from __future__ import annotations

from enum import IntEnum

from core.enums import ExecType, OrdStatus, OrdType, Reason, Scope, Side, TimeInForce


def _words(enum: type[IntEnum]) -> dict[int, str]:
    return {member.value: member.name.lower() for member in enum}


SIDE_NAMES, EXEC_TYPE_NAMES, STATUS_NAMES, REASON_NAMES = map(_words, (Side, ExecType, OrdStatus, Reason))
SIDES = {name: value for value, name in SIDE_NAMES.items()}
ORD_TYPES = {"market": OrdType.MARKET.value, "limit": OrdType.LIMIT.value}
TIMES_IN_FORCE = {name: value for value, name in _words(TimeInForce).items()}
SCOPES = tuple(scope.name.lower() for scope in Scope if scope != Scope.SECTOR)
TRADE = ExecType.TRADE.value

ENDED = frozenset({"filled", "canceled", "expired", "rejected", "done_for_day"})
"""Each ord_status after which an order trades no more (a late fill may still come)."""

ENDED_CODES = frozenset(code for code, name in STATUS_NAMES.items() if name in ENDED)
