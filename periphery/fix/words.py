"""The core's words and FIX's codes for them."""

from __future__ import annotations

SIDES = {b"1": "buy", b"2": "sell", b"5": "sell_short"}
SIDE_CODES = {word: code for code, word in SIDES.items()}
ORD_TYPES = {
    b"1": "market", b"2": "limit", b"3": "stop", b"4": "stop_limit", b"J": "market_if_touched",
    b"K": "market_to_limit",
}  # fmt: skip
ORD_TYPE_CODES = {word: code for code, word in ORD_TYPES.items()}
TIMES_IN_FORCE = {b"0": "day", b"1": "gtc", b"2": "opg", b"3": "ioc", b"4": "fok", b"6": "gtd", b"7": "cls"}
TIME_IN_FORCE_CODES = {word: code for code, word in TIMES_IN_FORCE.items()}
POST_ONLY = b"6"
"""ExecInst (18): participate, don't initiate."""

EXEC_TYPES = {
    "pending_new": b"A", "new": b"0", "trade": b"F", "canceled": b"4", "replaced": b"5", "rejected": b"8",
    "expired": b"C", "pending_cancel": b"6", "pending_replace": b"E", "trade_correct": b"G",
    "trade_cancel": b"H", "restated": b"D", "done_for_day": b"3", "stopped": b"7", "suspended": b"9",
    "triggered": b"0",
}  # fmt: skip
EXEC_TYPES_OF = {code: word for word, code in EXEC_TYPES.items() if word != "triggered"}
STATUSES = {
    "none": b"A", "pending_new": b"A", "new": b"0", "partially_filled": b"1", "filled": b"2",
    "done_for_day": b"3", "canceled": b"4", "pending_cancel": b"6", "stopped": b"7", "rejected": b"8",
    "suspended": b"9", "expired": b"C", "pending_replace": b"E",
}  # fmt: skip
ENDED = frozenset({b"2", b"3", b"4", b"8", b"C"})

ORD_REJ_REASONS = {
    "unknown_instrument": b"1", "venue_closed": b"2", "venue_halted": b"2", "venue_down": b"2",
    "too_late": b"4", "unknown_order": b"5", "duplicate_cl_ord_id": b"6", "duplicate_content": b"6",
    "unsupported": b"11", "bad_qty": b"13", "lot": b"13", "min_qty": b"13", "unknown_account": b"15",
}  # fmt: skip
_LIMITS = (
    "max_order_qty", "max_order_notional", "price_collar_bps", "price_collar_ticks", "max_working_orders",
    "max_daily_orders", "max_position", "max_position_notional", "margin", "min_cash", "gross_exposure",
    "net_exposure", "sector_exposure", "max_daily_qty", "max_daily_notional", "credit", "order_rate",
    "daily_loss", "drawdown", "no_limit",
)  # fmt: skip
ORD_REJ_REASONS |= dict.fromkeys(_LIMITS, b"3")
CXL_REJ_REASONS = {
    "too_late": b"0", "unknown_order": b"1", "stale_cl_ord_id": b"1", "pending_replace": b"3",
    "pending_cancel": b"3", "duplicate_cl_ord_id": b"6",
}  # fmt: skip
