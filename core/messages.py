"""The structs of `messages.pxd` as numpy dtypes, and its enums, for code that only reads and writes events.

Nothing here is compiled, so a container that only talks ZeroMQ can import it. An i128 is two fields, `x_lo`
and `x_hi`; text is raw bytes of which the first (for names) is the length. tests/unit/core/test_messages.py
holds this file against the C structs, field by field.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from core.enums import (
    Action as Action,
    Adjust as Adjust,
    Algo as Algo,
    AlgoAction as AlgoAction,
    BookingFlag as BookingFlag,
    Contingency as Contingency,
    ExecType as ExecType,
    Fact as Fact,
    Follow as Follow,
    HeaderFlag as HeaderFlag,
    InstrumentKind as InstrumentKind,
    Kind as Kind,
    Listing as Listing,
    OrderFlag as OrderFlag,
    OrdStatus as OrdStatus,
    OrdType as OrdType,
    OutcomeFlag as OutcomeFlag,
    Peg as Peg,
    Policy as Policy,
    Reason as Reason,
    ReportFlag as ReportFlag,
    ResolvedFlag as ResolvedFlag,
    ResponseKind as ResponseKind,
    RiskState as RiskState,
    Scope as Scope,
    SendFlag as SendFlag,
    Side as Side,
    SignalWhat as SignalWhat,
    Simulate as Simulate,
    Space as Space,
    Sweep as Sweep,
    TimeInForce as TimeInForce,
    TrailUnit as TrailUnit,
    Trigger as Trigger,
    Unit as Unit,
    VenueMode as VenueMode,
    VenueState as VenueState,
    VerdictFlag as VerdictFlag,
    Wrong as Wrong,
)

NONE = 0xFFFFFFFF
UNKNOWN = 0xFFFFFFFE
NONE16 = 0xFFFF
ACCOUNT_GROUP = 0xFFFF0000
UNKNOWN16 = 0xFFFE
PAGE_SIZE = 1024
REQUEST_SIZE = 256

HEADER = np.dtype(
    [
        ("seq", "<u8"),
        ("time_ns", "<i8"),
        ("source_seq", "<u8"),
        ("cause", "<u8"),
        ("root", "<u8"),
        ("kind", "<u2"),
        ("length", "<u2"),
        ("session", "<u4"),
        ("source", "u1"),
        ("engine", "u1"),
        ("flags", "u1"),
        ("pad", "u1"),
        ("pad2", "<u4"),
        ("kill", "<u8"),
    ]
)
CONFIG_EVENT = np.dtype(
    [
        ("sizes", "<u4", (32,)),
    ]
)
NAME_EVENT = np.dtype(
    [
        ("text", "V40"),
        ("index", "<u4"),
        ("space", "u1"),
        ("pad", "u1", (3,)),
    ]
)
INSTRUMENT_EVENT = np.dtype(
    [
        ("text", "V40"),
        ("symbol", "<u4"),
        ("kind", "u1"),
        ("inverse", "u1"),
        ("price_precision", "u1"),
        ("qty_precision", "u1"),
        ("multiplier_precision", "u1"),
        ("pad", "u1"),
        ("currency", "<u2"),
        ("settle_currency", "<u2"),
        ("base_currency", "<u2"),
        ("sector", "<u2"),
        ("pad2", "<u2"),
        ("margin", "<u4"),
        ("tick", "<i8"),
        ("lot", "<i8"),
        ("min_qty", "<i8"),
        ("multiplier", "<i8"),
        ("pad3", "<i8", (2,)),
    ]
)
VENUE_EVENT = np.dtype(
    [
        ("text", "V40"),
        ("venue", "<u2"),
        ("mode", "u1"),
        ("fee_precision", "u1"),
        ("pro_rata", "u1"),
        ("queue_model", "u1"),
        ("queue_power", "u1"),
        ("tiers", "u1"),
        ("taker_fee", "<i8"),
        ("maker_fee", "<i8"),
        ("latency_ns", "<i8"),
        ("jitter_ns", "<i8"),
        ("seed", "<u8"),
        ("tier_value", "<i8", (4,)),
        ("tier_taker", "<i8", (4,)),
        ("tier_maker", "<i8", (4,)),
        ("halts", "u1"),
        ("asks_ended", "u1"),
        ("pad", "u1", (6,)),
    ]
)
LISTING_EVENT = np.dtype(
    [
        ("symbol", "<u4"),
        ("venue", "<u2"),
        ("pad", "<u2"),
    ]
)
ACCOUNT_EVENT = np.dtype(
    [
        ("text", "V40"),
        ("account", "<u4"),
        ("currency", "<u2"),
        ("pad", "<u2"),
        ("cash_lo", "<u8"),
        ("cash_hi", "<i8"),
    ]
)
OPEN_POSITION_EVENT = np.dtype(
    [
        ("account", "<u4"),
        ("symbol", "<u4"),
        ("qty", "<i8"),
        ("cost_lo", "<u8"),
        ("cost_hi", "<i8"),
    ]
)
SCOPE_KEYS = np.dtype(
    [
        ("account", "<u4"),
        ("strategy", "<u4"),
        ("symbol", "<u4"),
        ("venue", "<u4"),
        ("session", "<u4"),
        ("sector", "<u4"),
    ]
)
LIMIT_EVENT = np.dtype(
    [
        ("scope", SCOPE_KEYS),
        ("check", "<u2"),
        ("each", "u1"),
        ("off", "u1"),
        ("currency", "<u2"),
        ("soft", "u1"),
        ("action", "u1"),
        ("value_lo", "<u8"),
        ("value_hi", "<i8"),
        ("window_ns", "<i8"),
        ("index", "<u4"),
        ("by", "<u4"),
        ("approver", "<u4"),
        ("denies", "u1"),
        ("pad", "u1", (3,)),
        ("pad2", "<u8"),
    ]
)
OVERRIDE_EVENT = np.dtype(
    [
        ("scope", SCOPE_KEYS),
        ("check", "<u2"),
        ("off", "u1"),
        ("pad", "u1"),
        ("by", "<u4"),
        ("value_lo", "<u8"),
        ("value_hi", "<i8"),
        ("until_ns", "<i8"),
        ("approver", "<u4"),
        ("pad2", "<u4"),
    ]
)
GROUP_EVENT = np.dtype(
    [
        ("account", "<u4"),
        ("group", "<u4"),
    ]
)
FX_EVENT = np.dtype(
    [
        ("base", "<u2"),
        ("quote", "<u2"),
        ("digits", "<u4"),
        ("rate", "<i8"),
    ]
)
QUOTE_EVENT = np.dtype(
    [
        ("symbol", "<u4"),
        ("venue", "<u2"),
        ("pad", "<u2"),
        ("bid_px", "<i8"),
        ("bid_qty", "<i8"),
        ("ask_px", "<i8"),
        ("ask_qty", "<i8"),
    ]
)
TRADE_EVENT = np.dtype(
    [
        ("symbol", "<u4"),
        ("venue", "<u2"),
        ("aggressor", "u1"),
        ("pad", "u1"),
        ("px", "<i8"),
        ("qty", "<i8"),
    ]
)
DEPTH_EVENT = np.dtype(
    [
        ("symbol", "<u4"),
        ("venue", "<u2"),
        ("side", "u1"),
        ("pad", "u1"),
        ("px", "<i8"),
        ("qty", "<i8"),
    ]
)
PRICE_EVENT = np.dtype(
    [
        ("symbol", "<u4"),
        ("pad", "<u4"),
        ("px", "<i8"),
    ]
)
ORDER_EVENT = np.dtype(
    [
        ("cl_ord_id", "V40"),
        ("account", "<u4"),
        ("symbol", "<u4"),
        ("strategy", "<u4"),
        ("venue", "<u2"),
        ("side", "u1"),
        ("ord_type", "u1"),
        ("time_in_force", "u1"),
        ("flags", "u1"),
        ("wrong", "u1"),
        ("px_digits", "u1"),
        ("qty_digits", "u1"),
        ("pad", "u1", (3,)),
        ("qty", "<i8"),
        ("price", "<i8"),
        ("expire_ns", "<i8"),
        ("stop_px", "<i8"),
        ("max_floor", "<i8"),
        ("peg_offset", "<i8"),
        ("trail", "<i8"),
        ("policy", "u1"),
        ("algo", "u1"),
        ("peg", "u1"),
        ("trail_unit", "u1"),
        ("trigger", "u1"),
        ("contingency", "u1"),
        ("pad2", "<u2"),
        ("list_id", "<u4"),
        ("slices", "<u4"),
        ("horizon_ns", "<i8"),
    ]
)
CURVE_SLICES = 44
"""Weights that one order carries."""

ALGO_ORDER_EVENT = np.dtype(
    [
        ("order", ORDER_EVENT),
        ("seed", "<u8"),
        ("min_qty", "<i8"),
        ("participation_bps", "<u2"),
        ("variance_bps", "<u2"),
        ("auction_bps", "<u2"),
        ("weights", "<u2"),
        ("curve", "<u2", (CURVE_SLICES,)),
    ]
)
REPLACE_EVENT = np.dtype(
    [
        ("cl_ord_id", "V40"),
        ("orig_cl_ord_id", "V40"),
        ("qty", "<i8"),
        ("price", "<i8"),
        ("stop_px", "<i8"),
        ("flags", "u1"),
        ("wrong", "u1"),
        ("px_digits", "u1"),
        ("qty_digits", "u1"),
        ("pad", "<u4"),
    ]
)
CANCEL_EVENT = np.dtype(
    [
        ("cl_ord_id", "V40"),
        ("orig_cl_ord_id", "V40"),
        ("wrong", "u1"),
        ("pad", "u1", (7,)),
    ]
)
ALGO_EVENT = np.dtype(
    [
        ("cl_ord_id", "V40"),
        ("action", "u1"),
        ("pad", "u1", (7,)),
    ]
)
FILTER_EVENT = np.dtype(
    [
        ("scope", SCOPE_KEYS),
        ("by", "<u4"),
        ("kind", "u1"),
        ("cancel_on_disconnect", "u1"),
        ("by_rights", "u1"),
        ("pad", "u1"),
        ("epoch", "<u8"),
    ]
)
KILL_EVENT = np.dtype(
    [
        ("filter", FILTER_EVENT),
        ("flatten_bps", "<i8"),
        ("line", "<u4"),
        ("flatten", "u1"),
        ("pad", "u1", (3,)),
    ]
)
REARM_EVENT = np.dtype([("filter", FILTER_EVENT), ("approver", "<u4"), ("pad", "<u4")])
REPORT_EVENT = np.dtype(
    [
        ("venue", "<u2"),
        ("exec_type", "u1"),
        ("maker", "u1"),
        ("flags", "u1"),
        ("pad", "u1"),
        ("by", "<u2"),
        ("venue_seq", "<u8"),
        ("child_id", "V56"),
        ("exec_id", "V40"),
        ("last_qty", "<i8"),
        ("last_px", "<i8"),
        ("order_qty", "<i8"),
        ("price", "<i8"),
        ("fee_lo", "<u8"),
        ("fee_hi", "<i8"),
        ("exec_ref_id", "V40"),
        ("text", "V56"),
    ]
)
VENUE_STATE_EVENT = np.dtype(
    [
        ("symbol", "<u4"),
        ("venue", "<u2"),
        ("state", "u1"),
        ("pad", "u1"),
    ]
)
SIMULATE_EVENT = np.dtype(
    [
        ("symbol", "<u4"),
        ("venue", "<u2"),
        ("what", "u1"),
        ("detail", "u1"),
        ("count", "<u8"),
        ("a", "<i8"),
        ("b", "<i8"),
    ]
)
FACTS = 16
"""Places for facts in FACTS_EVENT's values."""
OUTFLOWS = 16
"""How much may leave a queue: at most so many values, each as likely as the next."""
FACTS_EVENT = np.dtype(
    [
        ("symbol", "<u4"),
        ("venue", "<u2"),
        ("queue", "u1"),
        ("side", "u1"),
        ("given", "<u4"),
        ("count", "<u4"),
        ("unfilled", "<i8"),
        ("values", "<i8", (16,)),
    ]
)
RIGHTS_STEP = 512
"""Accounts that one RIGHTS event tells of."""
RIGHTS_EVENT = np.dtype([("session", "<u4"), ("first", "<u4"), ("bits", "u1", (64,))])
DAY_EVENT = np.dtype(
    [
        ("date", "<i4"),
        ("pad", "<u4"),
    ]
)
SLICE_EVENT = np.dtype(
    [
        ("order", "<u4"),
        ("n", "<u4"),
        ("qty", "<i8"),
        ("price", "<i8"),
        ("venue", "<u2"),
        ("ord_type", "u1"),
        ("time_in_force", "u1"),
        ("flags", "u1"),
        ("pad", "u1", (3,)),
    ]
)
CHILD_EVENT = np.dtype(
    [
        ("order", "<u4"),
        ("child", "<u4"),
        ("qty", "<i8"),
        ("venue", "<u2"),
        ("release", "u1"),
        ("pad", "u1", (5,)),
    ]
)
ORDER_END_EVENT = np.dtype(
    [
        ("order", "<u4"),
        ("exec_type", "u1"),
        ("reason", "u1"),
        ("pad", "<u2"),
    ]
)
SWEEP_EVENT = np.dtype(
    [
        ("scope", SCOPE_KEYS),
        ("cursor", "<u4"),
        ("kind", "u1"),
        ("by_rights", "u1"),
        ("pad", "u1", (2,)),
        ("index", "<u4"),
        ("n", "<u4"),
    ]
)
TRIGGER_EVENT = np.dtype(
    [
        ("order", "<u4"),
        ("closing", "<u4"),
        ("price", "<i8"),
    ]
)
TRIGGERS_EVENT = np.dtype(
    [
        ("symbol", "<u4"),
        ("cursor", "<u4"),
        ("begun", "<u8"),
        ("last_px", "<i8"),
        ("bid_px", "<i8"),
        ("ask_px", "<i8"),
        ("mark2", "<i8"),
        ("seen", "u1"),
        ("pad", "u1"),
        ("venue", "<u2"),
        ("pad2", "<u4"),
    ]
)
LIST_EVENT = np.dtype(
    [
        ("order", "<u4"),
        ("skip", "<u4"),
        ("change", "<i8"),
        ("cum_qty", "<i8"),
        ("action", "u1"),
        ("alone", "u1"),
        ("pad", "u1", (6,)),
    ]
)
ALERT_EVENT = np.dtype(
    [
        ("scope", SCOPE_KEYS),
        ("check", "<u2"),
        ("reason", "u1"),
        ("level", "u1"),
        ("unit", "u1"),
        ("pad", "u1", (3,)),
        ("limit_lo", "<u8"),
        ("limit_hi", "<i8"),
        ("value_lo", "<u8"),
        ("value_hi", "<i8"),
        ("symbol", "<u4"),
        ("pad2", "<u4"),
        ("pad3", "<u8"),
    ]
)
HALT_EVENT = np.dtype(
    [
        ("scope", SCOPE_KEYS),
        ("kind", "u1"),
        ("state", "u1"),
        ("reason", "u1"),
        ("pad", "u1"),
        ("by", "<u4"),
        ("pad2", "<u8"),
    ]
)
ADJUST_EVENT = np.dtype(
    [
        ("symbol", "<u4"),
        ("what", "u1"),
        ("digits", "u1"),
        ("pad", "<u2"),
        ("a", "<i8"),
        ("b", "<i8"),
    ]
)
BOOK_EVENT = np.dtype(
    [
        ("exec_id", "V40"),
        ("account", "<u4"),
        ("symbol", "<u4"),
        ("fee_lo", "<u8"),
        ("fee_hi", "<i8"),
        ("qty", "<i8"),
        ("px", "<i8"),
        ("by", "<u4"),
        ("venue", "<u2"),
        ("pad", "<u2"),
        ("pad2", "<u8"),
    ]
)
ADJUSTED_EVENT = np.dtype(
    [
        ("position", "<u4"),
        ("account", "<u4"),
        ("symbol", "<u4"),
        ("quiet", "u1"),
        ("pad", "u1", (3,)),
        ("delta", "<i8"),
        ("book_qty", "<i8"),
        ("cost_lo", "<u8"),
        ("cost_hi", "<i8"),
        ("realized_lo", "<u8"),
        ("realized_hi", "<i8"),
        ("fees_lo", "<u8"),
        ("fees_hi", "<i8"),
        ("paid_lo", "<u8"),
        ("paid_hi", "<i8"),
        ("order", "<u4"),
        ("pad2", "<u4", (3,)),
    ]
)
SIGNAL_EVENT = np.dtype(
    [
        ("name", "<u4"),
        ("to", "<u4"),
        ("symbol", "<u4"),
        ("exponent", "<i4"),
        ("mantissa", "<i8"),
        ("at_ns", "<i8"),
        ("what", "u1"),
        ("pad", "u1", (7,)),
    ]
)
REQUESTS: dict[Kind, np.dtype[Any]] = {
    Kind.NAME: NAME_EVENT,
    Kind.INSTRUMENT: INSTRUMENT_EVENT,
    Kind.VENUE: VENUE_EVENT,
    Kind.LISTING: LISTING_EVENT,
    Kind.ACCOUNT: ACCOUNT_EVENT,
    Kind.OPEN_POSITION: OPEN_POSITION_EVENT,
    Kind.LIMIT: LIMIT_EVENT,
    Kind.OVERRIDE: OVERRIDE_EVENT,
    Kind.GROUP: GROUP_EVENT,
    Kind.FX: FX_EVENT,
    Kind.QUOTE: QUOTE_EVENT,
    Kind.TRADE: TRADE_EVENT,
    Kind.DEPTH: DEPTH_EVENT,
    Kind.MARK: PRICE_EVENT,
    Kind.REFERENCE: PRICE_EVENT,
    Kind.ORDER: ORDER_EVENT,
    Kind.REPLACE: REPLACE_EVENT,
    Kind.CANCEL: CANCEL_EVENT,
    Kind.CANCEL_ALL: FILTER_EVENT,
    Kind.REPORT: REPORT_EVENT,
    Kind.VENUE_STATE: VENUE_STATE_EVENT,
    Kind.KILL: KILL_EVENT,
    Kind.REARM: REARM_EVENT,
    Kind.CONNECT: FILTER_EVENT,
    Kind.DISCONNECT: FILTER_EVENT,
    Kind.DAY: DAY_EVENT,
    Kind.SIMULATE: SIMULATE_EVENT,
    Kind.RIGHTS: RIGHTS_EVENT,
    Kind.FACTS: FACTS_EVENT,
    Kind.CONFIG: CONFIG_EVENT,
    Kind.ALGO: ALGO_EVENT,
    Kind.SLICE: SLICE_EVENT,
    Kind.CHILD_CANCEL: CHILD_EVENT,
    Kind.CHILD_REPLACE: CHILD_EVENT,
    Kind.CHILD_STATUS: CHILD_EVENT,
    Kind.ORDER_END: ORDER_END_EVENT,
    Kind.SWEEP: SWEEP_EVENT,
    Kind.EXPIRE: ORDER_END_EVENT,
    Kind.REROUTE: SWEEP_EVENT,
    Kind.ALERT: ALERT_EVENT,
    Kind.HALT: HALT_EVENT,
    Kind.ADJUST: ADJUST_EVENT,
    Kind.BOOK: BOOK_EVENT,
    Kind.ADJUSTED: ADJUSTED_EVENT,
    Kind.TRIGGER: TRIGGER_EVENT,
    Kind.LIST: LIST_EVENT,
    Kind.PEG: TRIGGER_EVENT,
    Kind.TRIGGERS: TRIGGERS_EVENT,
    Kind.SLICE_DUE: TRIGGER_EVENT,
    Kind.SILENCE: SWEEP_EVENT,
    Kind.SIGNAL: SIGNAL_EVENT,
}
"""The struct that each kind of event's request is; a kind that isn't here has none."""

RESOLVED = np.dtype(
    [
        ("seq", "<u8"),
        ("id", "<u4"),
        ("orig_id", "<u4"),
        ("order", "<u4"),
        ("child", "<u4"),
        ("n", "<u4"),
        ("position", "<u4"),
        ("fill", "<u4"),
        ("ref_fill", "<u4"),
        ("ref_qty", "<i8"),
        ("ref_px", "<i8"),
        ("flags", "<u2"),
        ("pad", "<u2"),
        ("pad2", "<u4"),
    ]
)
VERDICT = np.dtype(
    [
        ("seq", "<u8"),
        ("flags", "u1"),
        ("reason", "u1"),
        ("unit", "u1"),
        ("state", "u1"),
        ("venue_state", "u1"),
        ("scope_kind", "u1"),
        ("pad", "<u2"),
        ("mark2", "<i8"),
        ("bid_px", "<i8"),
        ("bid_qty", "<i8"),
        ("ask_px", "<i8"),
        ("ask_qty", "<i8"),
        ("target", "<u4"),
        ("cursor", "<u4"),
        ("limit_lo", "<u8"),
        ("limit_hi", "<i8"),
        ("value_lo", "<u8"),
        ("value_hi", "<i8"),
        ("scope", SCOPE_KEYS),
        ("limit_index", "<u4"),
        ("pad2", "<u4"),
    ]
)
OUTCOME = np.dtype(
    [
        ("seq", "<u8"),
        ("order", "<u4"),
        ("child", "<u4"),
        ("n", "<u4"),
        ("symbol", "<u4"),
        ("account", "<u4"),
        ("strategy", "<u4"),
        ("session", "<u4"),
        ("flags", "<u2"),
        ("venue", "<u2"),
        ("side", "u1"),
        ("ord_type", "u1"),
        ("time_in_force", "u1"),
        ("action", "u1"),
        ("follow", "u1"),
        ("child_exec_type", "u1"),
        ("child_status", "u1"),
        ("exec_type", "u1"),
        ("status", "u1"),
        ("reason", "u1"),
        ("order_flags", "u1"),
        ("protects", "u1"),
        ("id", "<u4"),
        ("orig_id", "<u4"),
        ("follow_child", "<u4"),
        ("follow_qty", "<i8"),
        ("order_qty", "<i8"),
        ("cum_qty", "<i8"),
        ("leaves_qty", "<i8"),
        ("price", "<i8"),
        ("bound_qty", "<i8"),
        ("unsent_qty", "<i8"),
        ("send_qty", "<i8"),
        ("notional_lo", "<u8"),
        ("notional_hi", "<i8"),
        ("child_order_qty", "<i8"),
        ("child_cum_qty", "<i8"),
        ("child_leaves_qty", "<i8"),
        ("child_price", "<i8"),
        ("send_price", "<i8"),
        ("live_children", "<u4"),
        ("pad2", "<u4"),
    ]
)
ROUTING = np.dtype(
    [
        ("seq", "<u8"),
        ("order", "<u4"),
        ("legs", "<u2"),
        ("waiting", "<u2"),
        ("routed_qty", "<i8"),
        ("rest_qty", "<i8"),
        ("pad", "<u8", (4,)),
    ]
)
SEND = np.dtype(
    [
        ("seq", "<u8"),
        ("order", "<u4"),
        ("child", "<u4"),
        ("n", "<u4"),
        ("symbol", "<u4"),
        ("venue", "<u2"),
        ("action", "u1"),
        ("side", "u1"),
        ("ord_type", "u1"),
        ("time_in_force", "u1"),
        ("flags", "u1"),
        ("order_flags", "u1"),
        ("qty", "<i8"),
        ("price", "<i8"),
        ("time_ns", "<i8"),
        ("expire_ns", "<i8"),
        ("bound_qty", "<i8"),
        ("first_id", "V40"),
        ("account", "<u4"),
        ("strategy", "<u4"),
        ("session", "<u4"),
        ("pad", "<u4"),
    ]
)
BOOKING = np.dtype(
    [
        ("seq", "<u8"),
        ("position", "<u4"),
        ("account", "<u4"),
        ("symbol", "<u4"),
        ("flags", "<u4"),
        ("qty", "<i8"),
        ("mark2", "<i8"),
        ("fill_qty", "<i8"),
        ("cost_lo", "<u8"),
        ("cost_hi", "<i8"),
        ("realized_lo", "<u8"),
        ("realized_hi", "<i8"),
        ("fees_lo", "<u8"),
        ("fees_hi", "<i8"),
        ("fee_lo", "<u8"),
        ("fee_hi", "<i8"),
        ("paid_lo", "<u8"),
        ("paid_hi", "<i8"),
    ]
)
RESPONSE = np.dtype(
    [
        ("seq", "<u8"),
        ("time_ns", "<i8"),
        ("session", "<u4"),
        ("order", "<u4"),
        ("kind", "u1"),
        ("exec_type", "u1"),
        ("status", "u1"),
        ("reason", "u1"),
        ("side", "u1"),
        ("pad", "u1", (3,)),
        ("cl_ord_id", "V40"),
        ("order_qty", "<i8"),
        ("cum_qty", "<i8"),
        ("leaves_qty", "<i8"),
        ("last_qty", "<i8"),
        ("last_px", "<i8"),
        ("price", "<i8"),
        ("number", "<u8"),
        ("notional_lo", "<u8"),
        ("notional_hi", "<i8"),
        ("orig_cl_ord_id", "V40"),
        ("event", "<u8"),
    ]
)
PAGE = np.dtype(
    [
        ("header", HEADER),
        ("request", "V256"),
        ("resolved", RESOLVED),
        ("verdict", VERDICT),
        ("outcome", OUTCOME),
        ("routing", ROUTING),
        ("send", SEND),
        ("booking", BOOKING),
    ]
)


def counts(page: Any, paragraph: str) -> bool:
    """Whether a paragraph of a PAGE was written for its event; else it is what an older event left there."""
    return bool(page[paragraph]["seq"] == page["header"]["seq"])
