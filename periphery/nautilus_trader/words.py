"""NautilusTrader's words, the names of its enums, as the core's and back. Both versions have the same
names.
"""

from __future__ import annotations

SIDES = {"BUY": "buy", "SELL": "sell"}
ORD_TYPES = {
    "MARKET": "market",
    "LIMIT": "limit",
    "STOP_MARKET": "stop",
    "STOP_LIMIT": "stop_limit",
    "MARKET_TO_LIMIT": "market_to_limit",
    "MARKET_IF_TOUCHED": "market_if_touched",
    "LIMIT_IF_TOUCHED": "limit_if_touched",
    "TRAILING_STOP_MARKET": "trailing_stop",
}
TIMES_IN_FORCE = {
    "GTC": "gtc",
    "IOC": "ioc",
    "FOK": "fok",
    "GTD": "gtd",
    "DAY": "day",
    "AT_THE_OPEN": "opg",
    "AT_THE_CLOSE": "cls",
}
TRIGGERS = {"LAST_PRICE": "last", "BID_ASK": "bid_ask", "MID_POINT": "mid", "MARK_PRICE": "mark"}
DEFAULT_TRIGGERS = ("DEFAULT", "NO_TRIGGER")
TRAIL_UNITS = {"PRICE": "price", "BASIS_POINTS": "bps", "TICKS": "ticks"}
CONTINGENCIES = {"OTO": "oto", "OCO": "oco", "OUO": "ouo"}

SIDES_OF = {ours: theirs for theirs, ours in SIDES.items()} | {"sell_short": "SELL"}
ORD_TYPES_OF = {ours: theirs for theirs, ours in ORD_TYPES.items()} | {"pegged": "LIMIT"}
TIMES_IN_FORCE_OF = {ours: theirs for theirs, ours in TIMES_IN_FORCE.items()}
TRIGGERS_OF = {ours: theirs for theirs, ours in TRIGGERS.items()}
TRAIL_UNITS_OF = {ours: theirs for theirs, ours in TRAIL_UNITS.items()}
STATUSES_OF = {
    "pending_new": "SUBMITTED",
    "new": "ACCEPTED",
    "partially_filled": "PARTIALLY_FILLED",
    "filled": "FILLED",
    "canceled": "CANCELED",
    "rejected": "REJECTED",
    "expired": "EXPIRED",
    "pending_cancel": "PENDING_CANCEL",
    "pending_replace": "PENDING_UPDATE",
    "done_for_day": "ACCEPTED",
    "suspended": "ACCEPTED",
    "stopped": "ACCEPTED",
}
"""An order that is done for the day, suspended or stopped may trade again: it is still open."""
HAS_TRIGGER = frozenset({"stop", "stop_limit", "market_if_touched", "limit_if_touched", "trailing_stop"})
TELLS_TRIGGER = frozenset({"stop_limit", "limit_if_touched"})
"""Order types for which NautilusTrader has an event that the order was triggered."""
