"""The enums of `messages.pxd`, and nothing else: a command or a client reads words without importing numpy.

`core.messages` has them too, beside the structs' dtypes.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag


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
    ADJUST = 27
    BOOK = 28
    ALGO = 29
    SIMULATE = 30
    RIGHTS = 31
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
    ADJUSTED = 42
    TRIGGER = 43
    LIST = 44
    PEG = 45
    TRIGGERS = 46
    SLICE_DUE = 47
    SIGNAL = 51
    FACTS = 49
    OVERRIDE = 50
    SILENCE = 56
    GROUP = 48


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


class Trigger(IntEnum):
    LAST = 0
    BID_ASK = 1
    MID = 2
    MARK = 3


class TrailUnit(IntEnum):
    PRICE = 0
    TICKS = 1
    BPS = 2


class Peg(IntEnum):
    NONE = 0
    PRIMARY = 1
    MID = 2
    MARKET = 3


class Policy(IntEnum):
    SWEEP = 0
    NET = 1
    HOME = 2
    POST = 3
    TAKE = 4
    SPRAY = 5
    DARK = 6
    DIRECTED = 7
    ISO = 8
    OPTIMAL = 9


class Contingency(IntEnum):
    NONE = 0
    OTO = 1
    OCO = 2
    OUO = 3


class Algo(IntEnum):
    NONE = 0
    TWAP = 1
    VWAP = 2
    POV = 3
    SHORTFALL = 4
    ICEBERG = 5
    SNIPER = 6
    PEG = 7
    CLOSE = 8
    UNKNOWN = 255


class AlgoAction(IntEnum):
    PAUSE = 0
    RESUME = 1
    STOP = 2


class Listing(IntEnum):
    FILLED = 0
    ENDED = 1
    TAKE = 2
    CANCEL = 3
    OWED = 4


class Fact(IntEnum):
    TAKER_FEE = 0
    MAKER_FEE = 1
    LATENCY = 2
    FILL = 3
    REJECT = 4
    MARKOUT = 5
    STALE = 6
    SILENCE = 7
    SENDS = 8
    WINDOW = 9


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


class Simulate(IntEnum):
    LATENCY = 0
    REJECT = 1
    REJECT_CANCEL = 2
    LOSE_SEND = 3
    LOSE_REPORT = 4
    LATE_REPORT = 5
    REPEAT_REPORT = 6
    ORDER_ADD = 8
    ORDER_CANCEL = 9
    ORDER_EXECUTE = 10
    ORDERS_CLEAR = 11


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
    NO_LIMIT = 30
    SECOND_PERSON = 31
    RESTRICTED = 32
    PERMISSION = 33
    MAX_ORDER_QTY = 34
    MAX_ORDER_NOTIONAL = 35
    PRICE_COLLAR_BPS = 36
    PRICE_COLLAR_TICKS = 37
    MARKET_PROTECTION_BPS = 38
    SPREAD_BPS = 39
    MARKET_DATA_AGE_S = 40
    DUPLICATE_CONTENT = 41
    ORDER_RATE = 42
    REPEATED_EXECUTION = 43
    MAX_WORKING_ORDERS = 44
    MAX_DAILY_ORDERS = 45
    ORDER_TRADE_RATIO = 46
    MAX_POSITION = 47
    MAX_POSITION_NOTIONAL = 48
    SHORT_SALE = 49
    MIN_CASH = 50
    MARGIN = 51
    GROSS_EXPOSURE = 52
    NET_EXPOSURE = 53
    SECTOR_EXPOSURE = 54
    MAX_DAILY_QTY = 55
    MAX_DAILY_NOTIONAL = 56
    CREDIT = 57
    SELF_TRADE = 58
    DAILY_LOSS = 59
    DRAWDOWN = 60
    LOSING_STREAK = 61
    CANCEL_RATE = 62
    MAX_DAILY_CANCELS = 63
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
    OVERRIDE = 76


class Unit(IntEnum):
    TEXT = 0
    COUNT = 1
    PRICE = 2
    QTY = 3
    MONEY = 4
    BPS = 5
    QTY12 = 6
    WORD = 7
    RATIO = 8
    SECONDS = 9


class Scope(IntEnum):
    ALL = 0
    ACCOUNT = 1
    STRATEGY = 2
    SYMBOL = 3
    VENUE = 4
    SESSION = 5
    SECTOR = 6
    GROUP = 7


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
    LIST = 5
    GROUP = 6
    SIGNAL = 7


class SignalWhat(IntEnum):
    VALUE = 0
    BEGIN = 1
    TICK = 2
    PARAM = 3
    STOP = 4


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
    HAS_STOP = 32
    HAS_TRAIL = 64
    HAS_FLOOR = 128


class ReportFlag(IntFlag):
    HAS_FEE = 1
    HAS_QTY = 2
    HAS_PRICE = 4
    BY_PERSON = 8


class Sweep(IntEnum):
    CANCEL = 0
    STATUS = 1
    CHILD_CANCEL = 2
    EXPIRE = 3
    FLATTEN = 4
    CLOSE = 5
    ASK = 6
    OWN = 7


class Adjust(IntEnum):
    FUNDING = 0
    DIVIDEND = 1
    SPLIT = 2
    SETTLEMENT = 3


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
    PROTECTED = 32
    HOLDS = 64
    SOFT = 128


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
    WAITS = 16384
    HOLDS = 32768


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
