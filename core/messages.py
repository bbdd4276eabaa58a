"""The structs of `messages.pxd` as numpy dtypes, and its enums, for code that only reads and writes events.

Nothing here is compiled, so a container that only talks ZeroMQ can import it. An i128 is two fields, `x_lo`
and `x_hi`; text is raw bytes of which the first (for names) is the length. tests/unit/core/test_messages.py
holds this file against the C structs, field by field.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag

import numpy as np

NONE = 0xFFFFFFFF
UNKNOWN = 0xFFFFFFFE
NONE16 = 0xFFFF
UNKNOWN16 = 0xFFFE
PAGE_SIZE = 1216
REQUEST_SIZE = 256


class Kind(IntEnum):
    NONE = 0
    NAME = 1
    INSTRUMENT = 2
    VENUE = 3
    LISTING = 4
    ACCOUNT = 5
    OPEN_POSITION = 6
    LIMIT = 7
    FX = 8
    QUOTE = 9
    TRADE = 10
    DEPTH = 11
    MARK = 12
    REFERENCE = 13
    ORDER = 14
    REPLACE = 15
    CANCEL = 16
    CANCEL_ALL = 17
    REPORT = 18
    VENUE_STATE = 19
    KILL = 20
    REARM = 21
    CONNECT = 22
    DISCONNECT = 23
    DAY = 24
    TIME = 25
    CONFIG = 26
    SLICE = 32
    CHILD_CANCEL = 33
    CHILD_REPLACE = 34
    CHILD_STATUS = 35
    ORDER_END = 36
    SWEEP = 37
    EXPIRE = 38
    REROUTE = 39
    ALERT = 40
    HALT = 41


class HeaderFlag(IntFlag):
    DERIVED = 1
    TIMER = 2
    SUPPRESSED = 4
    JOURNAL_FULL = 8


class Side(IntEnum):
    BUY = 0
    SELL = 1
    SELL_SHORT = 2


class OrdType(IntEnum):
    MARKET = 0
    LIMIT = 1
    STOP = 2
    STOP_LIMIT = 3
    MARKET_TO_LIMIT = 4
    MARKET_IF_TOUCHED = 5
    LIMIT_IF_TOUCHED = 6
    TRAILING_STOP = 7
    PEGGED = 8


class TimeInForce(IntEnum):
    DAY = 0
    GTC = 1
    IOC = 2
    FOK = 3
    GTD = 4
    OPG = 5
    CLS = 6


class ExecType(IntEnum):
    NONE = 0
    PENDING_NEW = 1
    NEW = 2
    TRADE = 3
    CANCELED = 4
    REPLACED = 5
    REJECTED = 6
    EXPIRED = 7
    PENDING_CANCEL = 8
    PENDING_REPLACE = 9
    CANCEL_REJECTED = 10
    TRADE_CORRECT = 11
    TRADE_CANCEL = 12
    RESTATED = 13
    DONE_FOR_DAY = 14
    STOPPED = 15
    SUSPENDED = 16
    UNKNOWN_ORDER = 17
    TRIGGERED = 18


class OrdStatus(IntEnum):
    NONE = 0
    PENDING_CANCEL = 1
    PENDING_REPLACE = 2
    DONE_FOR_DAY = 3
    FILLED = 4
    STOPPED = 5
    SUSPENDED = 6
    CANCELED = 7
    EXPIRED = 8
    REJECTED = 9
    PARTIALLY_FILLED = 10
    NEW = 11
    PENDING_NEW = 12


class VenueMode(IntEnum):
    MANUAL = 0
    MATCH = 1


class VenueState(IntEnum):
    UP = 0
    DOWN = 1
    HALTED = 2
    AUCTION = 3
    CLOSED = 4


class InstrumentKind(IntEnum):
    EQUITY = 0
    FX = 1
    SPOT = 2
    FUTURE = 3
    PERPETUAL = 4


class Reason(IntEnum):
    NONE = 0
    DUPLICATE_CL_ORD_ID = 1
    UNKNOWN_ACCOUNT = 2
    UNKNOWN_INSTRUMENT = 3
    UNKNOWN_VENUE = 4
    UNKNOWN_ORDER = 5
    STALE_CL_ORD_ID = 6
    TOO_LATE = 7
    PENDING_REPLACE = 8
    PENDING_CANCEL = 9
    UNSUPPORTED = 10
    MISSING_PRICE = 11
    BAD_QTY = 12
    PRECISION = 13
    TICK = 14
    LOT = 15
    MIN_QTY = 16
    OVERFLOW = 17
    KILLED = 18
    HALTED = 19
    REDUCING = 20
    VENUE_DOWN = 21
    VENUE_HALTED = 22
    VENUE_CLOSED = 23
    NO_MARKET = 24
    NO_FX_RATE = 25
    REDUCE_ONLY = 26
    BUSY = 27
    TABLE_FULL = 28
    JOURNAL_FULL = 29
    MAX_ORDER_QTY = 32
    MAX_ORDER_NOTIONAL = 33
    PRICE_COLLAR_BPS = 34
    PRICE_COLLAR_TICKS = 35
    ORDER_RATE = 36
    MAX_POSITION = 37
    LIMIT_70 = 64
    LIMIT_90 = 65
    OVERFILL = 66
    EXEC_ID_CONFLICT = 67
    VENUE_UNKNOWN = 68
    CHILD_BOUND = 69
    KILL = 70
    REARM = 71
    NO_LIQUIDITY = 72
    VENUE_REJECTS = 73
    VENUE_TEXT = 74
    POST_ONLY = 75


class Unit(IntEnum):
    TEXT = 0
    COUNT = 1
    PRICE = 2
    QTY = 3
    MONEY = 4
    BPS = 5
    QTY12 = 6


class Scope(IntEnum):
    ALL = 0
    ACCOUNT = 1
    STRATEGY = 2
    SYMBOL = 3
    VENUE = 4
    SESSION = 5
    SECTOR = 6


class RiskState(IntEnum):
    ACTIVE = 0
    REDUCING = 1
    HALTED = 2
    KILLED = 3


class Space(IntEnum):
    CURRENCY = 0
    STRATEGY = 1
    SESSION = 2
    SECTOR = 3
    PERSON = 4


class Wrong(IntFlag):
    QTY_OVERFLOW = 1
    PX_OVERFLOW = 2
    ID_TOO_LONG = 4
    UNSUPPORTED = 8


class OrderFlag(IntFlag):
    HAS_PRICE = 1
    HAS_QTY = 2
    POST_ONLY = 4
    REDUCE_ONLY = 8
    HAS_EXPIRE = 16


class ReportFlag(IntFlag):
    HAS_FEE = 1
    HAS_QTY = 2
    HAS_PRICE = 4


class Sweep(IntEnum):
    CANCEL = 0
    STATUS = 1
    CHILD_CANCEL = 2
    EXPIRE = 3


class ResolvedFlag(IntFlag):
    DUPLICATE_ID = 1
    DUPLICATE_EXEC = 2
    CONFLICT = 4
    TABLE_FULL = 8
    NO_REFERENCE = 16


class VerdictFlag(IntFlag):
    APPLIES = 1
    DENIED = 2
    UNKNOWN = 4
    STATE = 8
    HAS_MARK = 16


class Action(IntEnum):
    NONE = 0
    NEW = 1
    REPLACE = 2
    CANCEL = 3
    STATUS = 4


class Follow(IntEnum):
    NONE = 0
    CHILD_CANCEL = 1
    CHILD_REPLACE = 2


class OutcomeFlag(IntFlag):
    WORKED = 1
    ROUTABLE = 2
    CHILD_ENDED = 4
    CHILD_REJECTED = 8
    OVERFILL = 16
    HELD = 32
    CHILD_BOUND = 64
    POST_ONLY = 128
    ENDED = 256
    REFUSED = 512
    HAS_PRICE = 1024
    FILL_APPLIED = 2048
    REPLACED = 4096
    CHILD_OVER = 8192


class SendFlag(IntFlag):
    SENT = 1
    HELD = 2
    CHILD_BOUND = 4


class BookingFlag(IntFlag):
    BOOKED = 1
    HAS_MARK = 2


class ResponseKind(IntEnum):
    DENY = 1
    ORDER = 2


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
        ("pad", "<u4"),
        ("taker_fee", "<i8"),
        ("maker_fee", "<i8"),
        ("latency_ns", "<i8"),
        ("pad2", "<i8"),
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
        ("pad", "<u2"),
        ("value_lo", "<u8"),
        ("value_hi", "<i8"),
        ("window_ns", "<i8"),
        ("index", "<u4"),
        ("pad2", "<u4"),
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
        ("pad3", "<u4", (3,)),
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
FILTER_EVENT = np.dtype(
    [
        ("scope", SCOPE_KEYS),
        ("by", "<u4"),
        ("kind", "u1"),
        ("cancel_on_disconnect", "u1"),
        ("pad", "<u2"),
        ("epoch", "<u8"),
    ]
)
REPORT_EVENT = np.dtype(
    [
        ("venue", "<u2"),
        ("exec_type", "u1"),
        ("maker", "u1"),
        ("flags", "u1"),
        ("pad", "u1", (3,)),
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
        ("pad", "u1", (3,)),
        ("day_only", "u1"),
        ("pad2", "u1", (7,)),
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
        ("pad2", "<u4"),
        ("pad3", "<u8"),
    ]
)
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
        ("limit_index", "<u4"),
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
        ("venue_state", "u1"),
        ("scope_kind", "u1"),
        ("pad", "u1", (6,)),
        ("working_before_lo", "<u8"),
        ("working_before_hi", "<i8"),
        ("working_after_lo", "<u8"),
        ("working_after_hi", "<i8"),
        ("pad2", "<u8", (4,)),
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
        ("pad", "<u2"),
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
        ("expire_ns", "<i8"),
        ("pad3", "<u8", (7,)),
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
        ("pad", "<u8", (2,)),
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
        ("flow_lo", "<u8"),
        ("flow_hi", "<i8"),
        ("fees_lo", "<u8"),
        ("fees_hi", "<i8"),
        ("fee_lo", "<u8"),
        ("fee_hi", "<i8"),
        ("pad", "<u8", (8,)),
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
        ("pad2", "<u8"),
        ("notional_lo", "<u8"),
        ("notional_hi", "<i8"),
        ("orig_cl_ord_id", "V40"),
        ("pad3", "<u8"),
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
